"""The store: the truth about articles. The search index is derived from it and from nothing else.

What holds here always:

- a version and its passages are written once, in one transaction, and never changed;
- whatever changes what is found (publishing, retiring, a new version, an editor's tag) appends to
  the change feed in the same transaction;
- a passage's id goes over to the next version wherever `kb.identity` recognises it.

The statements are the same on SQLite and PostgreSQL; `kb.database` knows the differences.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from kb import rows
from kb.article import Article
from kb.database import Database, next_seq
from kb.duplicates import record_bands
from kb.errors import NotFoundError, StateError
from kb.identity import keep_ids, similarity
from kb.passage import Passage
from kb.record import ArticleRecord, ArticleSummary, Change, Status
from kb.tables import articles, changes, editor_tags, feed, passages, versions

ID_LENGTH = 80  # of an article's id: it stands in addresses, so it stays readable
NEAREST = 0.3  # a lost passage is taken to have become another that shares this much with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What `Store.save` did. `notes` are sentences for the person who added the article."""

    article_id: str
    version: int
    status: str  # added, updated, unchanged
    passages: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submission:
    """What `Store.save` was given, on its way through the functions below."""

    article: Article
    passages: tuple[Passage, ...]
    source_key: str
    source_sha256: str
    coverage: float
    warnings: tuple[str, ...]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a link to a passage leads: the passage's successor, or None for the article's top."""

    article_id: str
    passage_id: str | None
    moved: bool  # the passage itself is not in the article's current version any more
    changed: bool  # its text differs from that of the version the link was made from


class Store:
    """Articles, their versions and passages, and the change feed of one knowledge base."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def create(cls, url: str) -> Store:
        """Create the database at `url`, or bring it to this program's schema, and open it."""
        database = Database(url)
        database.create()
        return cls(database)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at `url`; raises `StoreError` when it is missing or too old or new."""
        database = Database(url)
        database.check()
        return cls(database)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # Writing

    def save(
        self,
        article: Article,
        new: Sequence[Passage],
        *,
        source_key: str,
        source_sha256: str,
        coverage: float,
        warnings: Sequence[str],
        publish: bool,
        actor: str,
    ) -> Saved:
        """Keep `article` and its passages as a new version, unless nothing of it has changed.

        `source_key` says which article it is a version of. With `publish` the version is found
        from now on; without, a version that is already found stays so. An article that was
        retired is never published by the way: that takes `publish`.
        """
        submission = _Submission(
            article=article,
            passages=tuple(new),
            source_key=source_key,
            source_sha256=source_sha256,
            coverage=coverage,
            warnings=tuple(warnings),
            actor=actor,
        )
        with self._database.writing() as connection:
            row = connection.execute(
                select(articles).where(articles.c.source_key == source_key)
            ).one_or_none()
            if row is None:
                return _add(connection, submission, publish)
            if row.status == Status.RETIRED and publish:
                note = (
                    f"The article was retired and stays so; `kb publish {row.id}` brings it back."
                )
                saved = _update(connection, submission, row, False)
                return replace(saved, notes=(note, *saved.notes))
            return _update(connection, submission, row, publish)

    def publish(self, article_id: str, *, actor: str) -> None:
        """Let the newest version of the article be found."""
        with self._database.writing() as connection:
            row = rows.article_row(connection, article_id)
            if row.status == Status.PUBLISHED and row.published_version == row.latest_version:
                raise StateError(
                    f"Version {row.latest_version} of {article_id} is published already."
                )
            _publish(connection, article_id, row.latest_version, actor)

    def retire(self, article_id: str, *, reason: str, replaced_by: str, actor: str) -> None:
        """Let the article be found no more; `replaced_by` names the article to point on to."""
        with self._database.writing() as connection:
            row = rows.article_row(connection, article_id)
            if row.status == Status.RETIRED:
                raise StateError(f"{article_id} is retired already.")
            if replaced_by:
                rows.article_row(connection, replaced_by)
            if replaced_by == article_id:
                raise StateError(f"{article_id} cannot be replaced by itself.")
            connection.execute(
                update(articles)
                .where(articles.c.id == article_id)
                .values(
                    status=Status.RETIRED,
                    published_version=None,
                    updated_at=datetime.now(UTC),
                    retired_reason=reason,
                    replaced_by=replaced_by,
                )
            )
            _append(connection, article_id, "retired", actor)

    def set_tag(self, passage_id: str, tag: str, *, present: bool, actor: str) -> str:
        """Set or strike a tag as an editor, over what tagging says; returns the article's id."""
        with self._database.writing() as connection:
            article_id = connection.execute(
                select(passages.c.article_id)
                .where(passages.c.id == rows.askable(passage_id))
                .limit(1)
            ).scalar_one_or_none()
            if article_id is None:
                raise NotFoundError("passage", passage_id)
            connection.execute(
                delete(editor_tags).where(
                    editor_tags.c.passage_id == passage_id, editor_tags.c.tag == tag
                )
            )
            connection.execute(
                insert(editor_tags).values(
                    passage_id=passage_id,
                    tag=tag,
                    present=present,
                    actor=actor,
                    at=datetime.now(UTC),
                )
            )
            _append(connection, article_id, "tagged", actor)
            return str(article_id)

    # Reading

    def article(self, article_id: str, version: int | None = None) -> ArticleRecord:
        """Return a version of an article: the one asked for, the published, or the newest."""
        with self._database.reading() as connection:
            row = rows.article_row(connection, article_id)
            number = version or row.published_version or row.latest_version
            if not 0 < number <= row.latest_version:
                raise NotFoundError("version", f"{number} of {article_id}")
            return rows.record(connection, row, number)

    def published(self, article_ids: Iterable[str]) -> Iterator[ArticleRecord]:
        """Yield the published version of each of these articles that has one."""
        with self._database.reading() as connection:
            for batch in rows.batches(sorted(set(article_ids))):
                found_rows = connection.execute(
                    select(articles).where(
                        articles.c.id.in_(batch), articles.c.published_version.is_not(None)
                    )
                ).all()
                for row in found_rows:
                    yield rows.record(connection, row, row.published_version)

    def published_ids(self) -> list[str]:
        """Return the ids of all published articles, sorted."""
        with self._database.reading() as connection:
            statement = select(articles.c.id).where(articles.c.published_version.is_not(None))
            return list(connection.execute(statement.order_by(articles.c.id)).scalars())

    def summaries(self, status: Status | None = None) -> list[ArticleSummary]:
        """Return all articles, or those of one status, by title."""
        with self._database.reading() as connection:
            statement = rows.summary_statement()
            if status is not None:
                statement = statement.where(articles.c.status == status)
            found = [rows.summary(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda summary: (summary.title.casefold(), summary.id))

    def published_passages(self, ids: Iterable[str]) -> dict[str, tuple[ArticleSummary, Passage]]:
        """Return the passages of published versions among `ids`, each with its article.

        A passage that was withdrawn since an index was built is simply not there.
        """
        found: dict[str, tuple[ArticleSummary, Passage]] = {}
        with self._database.reading() as connection:
            for batch in rows.batches(sorted(set(ids))):
                found_rows = connection.execute(
                    select(passages.c.article_id, passages.c.content)
                    .join(
                        articles,
                        and_(
                            articles.c.id == passages.c.article_id,
                            articles.c.published_version == passages.c.version,
                        ),
                    )
                    .where(passages.c.id.in_(batch))
                ).all()
                owners = {row.article_id for row in found_rows}
                summaries = {
                    row.id: rows.summary(row)
                    for row in connection.execute(
                        rows.summary_statement().where(articles.c.id.in_(owners))
                    )
                }
                kept = [rows.PASSAGE.validate_json(row.content) for row in found_rows]
                for row, passage in zip(
                    found_rows, rows.with_editor_tags(connection, kept), strict=True
                ):
                    found[passage.id] = (summaries[row.article_id], passage)
        return found

    def locate(self, passage_id: str, version: int | None = None) -> Place:
        """Return where a link to a passage leads now; `version` is the one the link was made from.

        A passage that is gone leads to the passage that it most likely became, or to the article.
        """
        with self._database.reading() as connection:
            statement = select(passages.c.article_id, passages.c.version, passages.c.content)
            found_rows = connection.execute(
                statement.where(passages.c.id == rows.askable(passage_id)).order_by(
                    passages.c.version
                )
            ).all()
            if not found_rows:
                raise NotFoundError("passage", passage_id)
            row = rows.article_row(connection, found_rows[0].article_id)
            current = row.published_version or row.latest_version
            texts = {
                found.version: rows.PASSAGE.validate_json(found.content) for found in found_rows
            }
            if current in texts:
                then = texts.get(version or current, texts[current])
                changed = then.text != texts[current].text
                return Place(article_id=row.id, passage_id=passage_id, moved=False, changed=changed)
            lost = texts[max(texts)]
            heir = _nearest(lost, rows.passages_of(connection, row.id, current))
            return Place(article_id=row.id, passage_id=heir, moved=True, changed=True)

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return up to `limit` entries of the change feed that follow `after`, in order."""
        with self._database.reading() as connection:
            statement = select(changes).where(changes.c.seq > after).order_by(changes.c.seq)
            return [
                Change(row.seq, row.article_id, row.kind, row.at)
                for row in connection.execute(statement.limit(limit))
            ]

    def last_seq(self) -> int:
        """Return the number of the newest change, 0 when there is none."""
        with self._database.reading() as connection:
            return int(connection.execute(select(feed.c.last_seq)).scalar_one())


# Inside a writing transaction


def _add(connection: Connection, submission: _Submission, publish: bool) -> Saved:
    article_id = _free_id(connection, submission.article)
    connection.execute(
        insert(articles).values(
            id=article_id,
            source_key=submission.source_key,
            status=Status.DRAFT,
            latest_version=1,
            updated_at=datetime.now(UTC),
            retired_reason="",
            replaced_by="",
        )
    )
    kept = _identified(connection, article_id, (), submission.passages)
    alike = _write_version(connection, article_id, 1, submission, kept)
    if publish:
        _publish(connection, article_id, 1, submission.actor)
    notes = (*_doubles(connection, article_id, submission.article.title), *alike)
    return Saved(article_id=article_id, version=1, status="added", passages=kept, notes=notes)


def _update(connection: Connection, submission: _Submission, row: Row[Any], publish: bool) -> Saved:
    old = rows.passages_of(connection, row.id, row.latest_version)
    if _same(connection, row, submission, old):
        number, kept, status = row.latest_version, tuple(old), "unchanged"
        notes: tuple[str, ...] = ()
    else:
        number, status = row.latest_version + 1, "updated"
        kept = _identified(connection, row.id, old, submission.passages)
        notes = _write_version(connection, row.id, number, submission, kept)
        connection.execute(
            update(articles)
            .where(articles.c.id == row.id)
            .values(latest_version=number, updated_at=datetime.now(UTC))
        )
    if publish and row.published_version != number:
        _publish(connection, row.id, number, submission.actor)
        status = "updated"
    return Saved(article_id=row.id, version=number, status=status, passages=kept, notes=notes)


def _free_id(connection: Connection, article: Article) -> str:
    name = unicodedata.normalize("NFKD", article.metadata.id or article.title).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:ID_LENGTH].strip("-") or "article"
    like = select(articles.c.id).where(or_(articles.c.id == slug, articles.c.id.like(slug + "-%")))
    used = set(connection.execute(like).scalars())
    candidate, number = slug, 2
    while candidate in used:
        candidate, number = f"{slug}-{number}", number + 1
    return candidate


def _doubles(connection: Connection, article_id: str, title: str) -> tuple[str, ...]:
    """Name another article of the same title: most likely the same text under two addresses."""
    twin = connection.execute(
        select(articles.c.id)
        .join(
            versions,
            and_(
                versions.c.article_id == articles.c.id,
                versions.c.number == articles.c.latest_version,
            ),
        )
        .where(
            # SQLite lowers ASCII only, so a title with an "É" is compared as it stands, too.
            or_(func.lower(versions.c.title) == title.lower(), versions.c.title == title),
            articles.c.id != article_id,
        )
        .order_by(articles.c.id)
        .limit(1)
    ).scalar_one_or_none()
    if twin is None:
        return ()
    return (f"Another article has the same title: {twin}. Retire one if they are the same.",)


def _same(
    connection: Connection, row: Row[Any], submission: _Submission, old: Sequence[Passage]
) -> bool:
    if tuple(replace(passage, id="") for passage in old) != submission.passages:
        return False
    return (
        rows.article_of(rows.version_row(connection, row.id, row.latest_version))
        == submission.article
    )


def _identified(
    connection: Connection, article_id: str, old: Sequence[Passage], new: Sequence[Passage]
) -> tuple[Passage, ...]:
    taken = connection.execute(
        select(passages.c.id).where(passages.c.article_id == article_id).distinct()
    ).scalars()
    ids = keep_ids(article_id, old, new, set(taken))
    return tuple(replace(passage, id=id_) for passage, id_ in zip(new, ids, strict=True))


def _write_version(
    connection: Connection,
    article_id: str,
    number: int,
    submission: _Submission,
    kept: Sequence[Passage],
) -> tuple[str, ...]:
    """Write the version; return what an editor should know of its near-duplicates."""
    article = submission.article
    connection.execute(
        insert(versions).values(
            article_id=article_id,
            number=number,
            title=article.title,
            metadata=rows.METADATA.dump_json(article.metadata, exclude_defaults=True).decode(),
            sections=rows.SECTIONS.dump_json(article.sections, exclude_defaults=True).decode(),
            warnings=json.dumps(submission.warnings, ensure_ascii=False),
            passages=len(kept),
            coverage=submission.coverage,
            source_sha256=submission.source_sha256,
            created_at=datetime.now(UTC),
            created_by=submission.actor,
        )
    )
    found_rows = [
        {
            "article_id": article_id,
            "version": number,
            "ordinal": ordinal,
            "id": passage.id,
            "content": rows.PASSAGE.dump_json(passage, exclude_defaults=True).decode(),
        }
        for ordinal, passage in enumerate(kept)
    ]
    if found_rows:
        connection.execute(insert(passages), found_rows)
    _append(connection, article_id, "saved", submission.actor)
    return tuple(record_bands(connection, article_id, kept))


def _publish(connection: Connection, article_id: str, number: int, actor: str) -> None:
    now = datetime.now(UTC)
    connection.execute(
        update(articles)
        .where(articles.c.id == article_id)
        .values(
            status=Status.PUBLISHED,
            published_version=number,
            published_at=now,
            updated_at=now,
            retired_reason="",
            replaced_by="",
        )
    )
    _append(connection, article_id, "published", actor)


def _append(connection: Connection, article_id: str, kind: str, actor: str) -> None:
    connection.execute(
        insert(changes).values(
            seq=next_seq(connection),
            article_id=article_id,
            kind=kind,
            actor=actor,
            at=datetime.now(UTC),
        )
    )


def _nearest(lost: Passage, present: Sequence[Passage]) -> str | None:
    def likeness(passage: Passage) -> float:
        same_heading = passage.heading_path == lost.heading_path
        return similarity(lost.text, passage.text) + (NEAREST if same_heading else 0.0)

    best = max(present, key=likeness, default=None)
    return best.id if best is not None and likeness(best) >= NEAREST else None
