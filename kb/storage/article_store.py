"""The store: the truth about articles. The search index is derived from it and from nothing else.

What holds here always:

- a version and its passages are written once, in one transaction, and never changed;
- whatever changes what is found (publishing, retiring, a new version, an editor's tag) appends to
  the change feed in the same transaction;
- a passage's id goes over to the next version wherever `kb.model.passage_matching` recognises it.

A method here is one transaction, and says what is in it: `kb.storage.article_writer` writes versions, `kb.storage.change_feed` the
changes, `kb.storage.passage_links` follows links, `kb.storage.article_listing` lists, `kb.storage.content_requests` keeps what readers ask for, and
`kb.storage.mappers` reads. `kb.editorial.workflow` publishes and retires. The statements are the same on SQLite and
PostgreSQL; `kb.storage.database` knows the differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import select

from kb.errors import ConflictError, NotFoundError, RefusedError, StateError
from kb.model.article import Article
from kb.model.corrections import Correction
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ArticleSummary, Change, Status
from kb.model.version_diff import Version, list_versions
from kb.storage import (
    article_listing,
    article_writer,
    audit_log,
    change_feed,
    content_requests,
    correction_store,
    mappers,
    passage_links,
    revising,
)
from kb.storage.article_listing import Contents, News
from kb.storage.article_writer import Saved, Submission
from kb.storage.audit_log import By, Deed, Step
from kb.storage.change_feed import Entry
from kb.storage.content_requests import Asked
from kb.storage.database import Database
from kb.storage.passage_links import Place
from kb.storage.published_cache import Present, Published
from kb.storage.schema import articles, passages

EVERYTHING = audit_log.Asked()

__all__ = ["Place", "Saved", "Store", "Submission"]


class Store:
    """Articles, their versions and passages, and the change feed of one knowledge base."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._present = Present()

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

    @property
    def database(self) -> Database:
        """The database, for what is kept beside the articles."""
        return self._database

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
        by: By,
    ) -> Saved:
        """Keep `article` and its passages as a new version, unless nothing of it has changed.

        `source_key` says which article it is a version of. With `publish` the version is found
        from now on; without, a version that is already found stays so. An article that was
        retired is never published by the way: that takes `kb.editorial.workflow`.
        """
        submission = Submission(
            article=article,
            passages=tuple(new),
            source_key=source_key,
            source_sha256=source_sha256,
            coverage=coverage,
            warnings=tuple(warnings),
            publish=publish,
            by=by,
        )
        (saved,) = self._saved([submission])
        return saved

    def save_all(self, submissions: Sequence[Submission]) -> list[Saved | RefusedError]:
        """Save articles in one transaction, in their order; when this returns, all are kept.

        An article that the database refuses is answered with the error, and the others are kept.
        Any other error (`StoreError`) means that none of them is.
        """
        if not submissions:
            return []
        try:
            return list(self._saved(submissions))
        except RefusedError as error:
            if len(submissions) == 1:
                return [error]
        # One of them is bad, and the transaction with it: each for itself will show which.
        return [answer for one in submissions for answer in self.save_all([one])]

    def _saved(self, submissions: Sequence[Submission]) -> list[Saved]:
        with self._database.writing() as connection:
            return [article_writer.save(connection, submission) for submission in submissions]

    def correct(
        self, article_id: str, made_from: int, corrections: Sequence[Correction], *, by: By
    ) -> Saved:
        """Write the newest version anew with corrections, as a draft.

        They are kept, and laid over every later reading of the article's source. Raises
        `ConflictError` when somebody has saved a version after the one they were made from.
        """
        with self._database.writing() as connection:
            row = mappers.article_row(connection, article_id)
            if row.latest_version != made_from:
                raise ConflictError(article_id, made_from, row.latest_version)
            return revising.correct(connection, row, corrections, by)

    def drop_correction(self, article_id: str, number: int, *, by: By) -> None:
        """Lay a correction over no further reading of the article's source."""
        with self._database.writing() as connection:
            dropped = correction_store.drop(connection, article_id, number)
            deed = Deed(by, "correction.dropped", article_id, str(dropped))
            audit_log.append(connection, [deed], datetime.now(UTC))

    def article_of_key(self, source_key: str) -> str | None:
        """Return which article a source would become a version of, None for a new one."""
        with self._database.reading() as connection:
            statement = select(articles.c.id).where(articles.c.source_key == source_key)
            return connection.execute(statement).scalar_one_or_none()

    def corrections(self, article_id: str) -> list[tuple[int, Correction]]:
        """Return what was corrected of an article, with the numbers of the corrections."""
        with self._database.reading() as connection:
            return correction_store.numbered(connection, article_id)

    def restore(self, article_id: str, version: int, *, by: By) -> int:
        """Make an old version the newest again, as a draft; return its number."""
        with self._database.writing() as connection:
            row = mappers.article_row(connection, article_id)
            if not 0 < version < row.latest_version:
                raise StateError(
                    f"Only a version before {row.latest_version} can be restored.",
                    code="no-older-version",
                )
            return revising.restore(connection, row, version, by)

    def set_tag(self, passage_id: str, tag: str, *, present: bool, by: By) -> str:
        """Set or strike a tag as an editor, over what tagging says; returns the article's id."""
        with self._database.writing() as connection:
            article_id = connection.execute(
                select(passages.c.article_id)
                .where(passages.c.id == mappers.askable(passage_id))
                .limit(1)
            ).scalar_one_or_none()
            if article_id is None:
                raise NotFoundError("passage", passage_id)
            now = datetime.now(UTC)
            correction_store.set_tag(
                connection, passage_id, tag, present=present, name=by.name, at=now
            )
            change_feed.append(connection, [Entry(article_id, "tagged", by)])
            return str(article_id)

    def ask(self, query: str, sentence: str, reach: str) -> None:
        """Keep for the content team what a reader looked for."""
        with self._database.writing() as connection:
            content_requests.add(connection, query, sentence, reach)

    def finish_question(self, number: int) -> None:
        """Mark what a reader asked for as seen to."""
        with self._database.writing() as connection:
            content_requests.finish(connection, number)

    def note(self, *deeds: Deed) -> None:
        """Write in the trail what changes nothing else here, such as a sign-in."""
        with self._database.writing() as connection:
            audit_log.append(connection, deeds, datetime.now(UTC))

    def note_settings(self, digests: Mapping[str, str], *, by: By) -> None:
        """Write in the trail which settings have changed since the site was last served."""
        with self._database.writing() as connection:
            audit_log.note_settings(connection, digests, by, datetime.now(UTC))

    # Reading

    def trail(
        self,
        asked: audit_log.Asked = EVERYTHING,
        *,
        before: int = audit_log.LAST,
        limit: int | None,
    ) -> list[Step]:
        """Return what was done before a step, the newest first."""
        with self._database.reading() as connection:
            return audit_log.read(connection, asked, before=before, limit=limit)

    def first_altered_step(self) -> Step | None:
        """Return the first altered entry of the trail, None if all match their hashes."""
        with self._database.reading() as connection:
            return audit_log.first_altered(connection)

    def open_questions(self) -> list[Asked]:
        """Return what readers asked for and nobody has seen to, the oldest first."""
        with self._database.reading() as connection:
            return content_requests.open_questions(connection)

    def contents(self, article_ids: Iterable[str] | None = None) -> list[Contents]:
        """Return all published articles, or those among `article_ids`, with their passages."""
        with self._database.reading() as connection:
            return article_listing.contents(connection, article_ids)

    def news(self, *, offset: int, limit: int) -> tuple[list[News], int]:
        """Return a page of what happened to articles, newest first, and how many have news."""
        with self._database.reading() as connection:
            return article_listing.news(connection, offset=offset, limit=limit)

    def versions(self, article_id: str) -> list[Version]:
        """Return the versions of an article, the newest first."""
        with self._database.reading() as connection:
            return list_versions(connection, mappers.article_row(connection, article_id).id)

    def article(self, article_id: str, version: int | None = None) -> ArticleRecord:
        """Return a version of an article: the one asked for, the published, or the newest."""
        with self._database.reading() as connection:
            row = mappers.article_row(connection, article_id)
            number = version or row.published_version or row.latest_version
            if not 0 < number <= row.latest_version:
                raise NotFoundError("version", f"{number} of {article_id}")
            return mappers.record(connection, row, number)

    def published(self, article_ids: Iterable[str]) -> Iterator[ArticleRecord]:
        """Yield the published version of each of these articles that has one."""
        with self._database.reading() as connection:
            for batch in mappers.batches(sorted(set(article_ids))):
                found_rows = connection.execute(
                    select(articles).where(
                        articles.c.id.in_(batch), articles.c.published_version.is_not(None)
                    )
                ).all()
                for row in found_rows:
                    yield mappers.record(connection, row, row.published_version)

    def published_ids(self) -> list[str]:
        """Return the ids of all published articles, sorted."""
        with self._database.reading() as connection:
            statement = select(articles.c.id).where(articles.c.published_version.is_not(None))
            return list(connection.execute(statement.order_by(articles.c.id)).scalars())

    def summaries(self, status: Status | None = None) -> list[ArticleSummary]:
        """Return all articles, or those of one status, by title."""
        with self._database.reading() as connection:
            statement = mappers.summary_statement()
            if status is not None:
                statement = statement.where(articles.c.status == status)
            found = [mappers.summary(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda summary: (summary.title.casefold(), summary.id))

    @contextmanager
    def at_present(self) -> Iterator[Published]:
        """Yield what is published at this moment; all that is asked of it belongs together."""
        with self._database.reading() as connection:
            yield self._present.at(connection)

    def published_passages(self, ids: Iterable[str]) -> dict[str, tuple[ArticleSummary, Passage]]:
        """Return the passages of published versions among `ids`, each with its article."""
        with self.at_present() as published:
            return published.passages(ids)

    def locate(self, passage_id: str, version: int | None = None) -> Place:
        """Return where a link to a passage leads now; `version` is the one the link was made from.

        A passage that is gone leads to the passage that it most likely became, or to the article.
        """
        with self._database.reading() as connection:
            return passage_links.locate(connection, passage_id, version)

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return up to `limit` entries of the change feed that follow `after`, in order."""
        with self._database.reading() as connection:
            return change_feed.following(connection, after, limit)

    def last_seq(self) -> int:
        """Return the number of the newest change, 0 when there is none."""
        with self._database.reading() as connection:
            return change_feed.last_number(connection)
