"""Short builders of articles, for the tests of `kb` and `index`.

`article_of` takes pairs of a heading path ("Gout > Treatment") and a text; each pair is a section
of one paragraph, and one passage.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, text, update

from kb.model.article import Article, Metadata, Section, paragraph
from kb.model.passage import Evidence, Passage, Tag
from kb.storage.article_store import ArticleStore, SaveResult
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from kb.storage.schema import change_feed_position, metadata

Parts = Iterable[tuple[str, str]]


def article_of(title: str, parts: Parts = (), **metadata: Any) -> Article:
    """Return an article with one section for each part."""
    sections = tuple(Section(path.split(" > ")[-1], (paragraph(text),)) for path, text in parts)
    return Article(title, sections, Metadata(**metadata))


EDITOR = Actor("editor")


class Clock:
    """A clock that advances only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 9, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Return the current time as seconds, like `time.monotonic`."""
        return self.now.timestamp()

    def go(self, **more: float) -> None:
        """Advance the clock."""
        self.now += timedelta(**more)


def passage(path: str, text: str, *tags: str, id_: str = "") -> Passage:
    """Return a passage of one paragraph under the headings of `path`."""
    headings = tuple(heading for heading in path.split(" > ") if heading)
    found = tuple(Tag(tag, 0.9, Evidence.HEADING, f"heading “{path}”") for tag in tags)
    return Passage(id=id_, heading_path=headings, blocks=(paragraph(text),), tags=found)


def save(
    store: ArticleStore,
    title: str,
    *parts: tuple[str, ...],
    key: str = "",
    publish: bool = True,
    actor: Actor = EDITOR,
    **metadata: Any,
) -> SaveResult:
    """Save an article of `parts`: (heading path, text, tag, tag ...) for each passage."""
    return store.save(
        article_of(title, [(part[0], part[1]) for part in parts], **metadata),
        [passage(*part) for part in parts],
        source_key=key or f"test:{title}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=publish,
        actor=actor,
    )


EMPTIED = [table for table in reversed(metadata.sorted_tables) if table is not change_feed_position]
WITH_ROWS = text(
    " UNION ALL ".join(
        f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM {table.name})" for table in EMPTIED
    )
)


def empty(database: Database) -> None:
    """Delete all rows, and count the entries of the change feed from 1 again."""
    with database.writing() as connection:
        with_rows = set(connection.execute(WITH_ROWS).scalars())
        for table in EMPTIED:
            if table.name in with_rows:
                connection.execute(delete(table))
        connection.execute(update(change_feed_position).values(last_seq=0))
