"""Repository of articles, the source of truth from which the search index is derived.

Invariants:

- a version and its passages are written once, in one transaction, and never changed;
- every change to search results (publishing, retiring, a new version, an editor tag) appends to
  the change feed in the same transaction;
- a passage keeps its id in the next version if `kb.model.passage_matching` matches it.

Each method is one transaction. The statements are in the modules next to this one:
`article_writer` (versions), `change_feed`, `passage_links`, `article_listing`, `content_requests`
and `mappers`. `kb.editorial.workflow` publishes and retires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import select

from kb.errors import EditConflictError, NotFoundError, RejectedError, WorkflowStateError
from kb.model.article import Article
from kb.model.corrections import Correction
from kb.model.passage import Passage
from kb.model.records import (
    ArticleRecord,
    ArticleStatus,
    ArticleSummary,
    ChangeEvent,
    VersionSummary,
)
from kb.storage import (
    article_listing,
    article_writer,
    audit_log,
    change_feed,
    content_requests,
    correction_store,
    mappers,
    passage_links,
)
from kb.storage.article_listing import ActivityItem, ArticleOutline
from kb.storage.article_writer import LatestVersion, SaveRequest, SaveResult
from kb.storage.audit_log import Actor, AuditEntry, AuditEvent
from kb.storage.change_feed import PendingChange, PendingEntry
from kb.storage.content_requests import ContentRequest
from kb.storage.database import Database
from kb.storage.passage_links import PassageLocation
from kb.storage.published_cache import PublishedCache, PublishedSnapshot
from kb.storage.schema import articles, passages

NO_FILTER = audit_log.AuditFilter()

__all__ = ["ArticleStore", "PassageLocation", "SaveRequest", "SaveResult"]


class ArticleStore:
    """Articles, versions, passages and the change feed of one knowledge base."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._present = PublishedCache()

    @classmethod
    def create(cls, url: str) -> ArticleStore:
        """Create the database at `url`, or upgrade its schema, and open it."""
        database = Database(url)
        database.create()
        return cls(database)

    @classmethod
    def open(cls, url: str) -> ArticleStore:
        """Open the database at `url`. Raises `StoreError` if it cannot be used."""
        database = Database(url)
        database.check()
        return cls(database)

    @property
    def database(self) -> Database:
        """The database, for the other repositories."""
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
        differences: Sequence[str] = (),
        publish: bool,
        actor: Actor,
    ) -> SaveResult:
        """Save `article` and its passages as a new version, unless nothing has changed.

        The parameters are the fields of `SaveRequest`.
        """
        submission = SaveRequest(
            article=article,
            passages=tuple(new),
            source_key=source_key,
            source_sha256=source_sha256,
            coverage=coverage,
            warnings=tuple(warnings),
            differences=tuple(differences),
            publish=publish,
            actor=actor,
        )
        (saved,) = self._saved([submission])
        return saved

    def save_all(self, submissions: Sequence[SaveRequest]) -> list[SaveResult | RejectedError]:
        """Save articles in order, in one transaction if the database accepts all of them.

        The result of an article that the database rejects is its error; the others are saved. Any
        other `StoreError` is raised, and nothing is saved.
        """
        if not submissions:
            return []
        try:
            return list(self._saved(submissions))
        except RejectedError as error:
            if len(submissions) == 1:
                return [error]
        # The transaction failed because of one article: save each in its own transaction.
        return [result for submission in submissions for result in self.save_all([submission])]

    def _saved(self, submissions: Sequence[SaveRequest]) -> list[SaveResult]:
        results: list[SaveResult] = []
        changes: list[PendingEntry] = []
        with self._database.writing() as connection:
            for submission in submissions:
                saved, entries = article_writer.save_article(connection, submission)
                results.append(saved)
                changes += entries
            change_feed.append_changes(connection, changes)  # once: half the cost of saving
        return results

    def correct(
        self, article_id: str, made_from: int, corrections: Sequence[Correction], *, actor: Actor
    ) -> SaveResult:
        """Save the latest version with corrections applied, as a new draft.

        The corrections are stored and re-applied whenever the source is ingested again. Raises
        `EditConflictError` if `made_from` is no longer the latest version.
        """
        with self._database.writing() as connection:
            row = mappers.get_article_row(connection, article_id)
            if row.latest_version != made_from:
                raise EditConflictError(article_id, made_from, row.latest_version)
            return article_writer.save_correction(connection, row, corrections, actor)

    def delete_correction(self, article_id: str, number: int, *, actor: Actor) -> None:
        """Delete a correction, so that it is not applied to later ingests."""
        with self._database.writing() as connection:
            dropped = correction_store.delete_correction(connection, article_id, number)
            event = AuditEvent(actor, "correction.dropped", article_id, str(dropped))
            audit_log.append_events(connection, [event], datetime.now(UTC))

    def find_id_by_source_key(self, source_key: str) -> str | None:
        """Return the id of the article with this source key, or None."""
        with self._database.reading() as connection:
            statement = select(articles.c.id).where(articles.c.source_key == source_key)
            return connection.execute(statement).scalar_one_or_none()

    def corrections(self, article_id: str) -> list[tuple[int, Correction]]:
        """Return the corrections of an article with their numbers."""
        with self._database.reading() as connection:
            return correction_store.list_numbered_corrections(connection, article_id)

    def restore(self, article_id: str, version: int, *, actor: Actor) -> int:
        """Save an earlier version again as the latest, as a draft. Returns its number."""
        with self._database.writing() as connection:
            row = mappers.get_article_row(connection, article_id)
            if not 0 < version < row.latest_version:
                raise WorkflowStateError(
                    f"Version {version} cannot be restored. Choose a version before "
                    f"{row.latest_version}.",
                    code="no-older-version",
                )
            return article_writer.restore_version(connection, row, version, actor)

    def set_tag(self, passage_id: str, tag: str, *, present: bool, actor: Actor) -> str:
        """Add or remove a tag, overriding automatic tagging. Returns the article id."""
        with self._database.writing() as connection:
            article_id = connection.execute(
                select(passages.c.article_id)
                .where(passages.c.id == mappers.strip_nul(passage_id))
                .limit(1)
            ).scalar_one_or_none()
            if article_id is None:
                raise NotFoundError("passage", passage_id)
            now = datetime.now(UTC)
            correction_store.set_tag(
                connection, passage_id, tag, present=present, name=actor.name, at=now
            )
            change_feed.append_changes(connection, [PendingChange(article_id, "tagged", actor)])
            return str(article_id)

    def add_content_request(self, query: str, sentence: str, contact: str) -> None:
        """Store a reader's content request."""
        with self._database.writing() as connection:
            content_requests.add_request(connection, query, sentence, contact)

    def close_content_request(self, number: int) -> None:
        """Close a content request."""
        with self._database.writing() as connection:
            content_requests.close_request(connection, number)

    def append_audit_events(self, *events: AuditEvent) -> None:
        """Append events to the audit log that change no other table, such as a sign-in."""
        with self._database.writing() as connection:
            audit_log.append_events(connection, events, datetime.now(UTC))

    def record_settings(self, digests: Mapping[str, str], *, actor: Actor) -> None:
        """Append the settings changed since the last start of the server to the audit log."""
        with self._database.writing() as connection:
            audit_log.record_settings(connection, digests, actor, datetime.now(UTC))

    # Reading

    def list_audit_entries(
        self,
        criteria: audit_log.AuditFilter = NO_FILTER,
        *,
        before: int = audit_log.MAX_ENTRY_NUMBER,
        limit: int | None,
    ) -> list[AuditEntry]:
        """Return audit log entries with numbers below `before`, latest first."""
        with self._database.reading() as connection:
            return audit_log.list_entries(connection, criteria, before=before, limit=limit)

    def find_altered_entry(self) -> AuditEntry | None:
        """Return the first audit log entry that does not match its hash, or None."""
        with self._database.reading() as connection:
            return audit_log.find_altered_entry(connection)

    def list_content_requests(self) -> list[ContentRequest]:
        """Return the open content requests, oldest first."""
        with self._database.reading() as connection:
            return content_requests.list_open_requests(connection)

    def list_outlines(self, article_ids: Iterable[str] | None = None) -> list[ArticleOutline]:
        """Return the outlines of published articles: all, or those among `article_ids`."""
        with self._database.reading() as connection:
            return article_listing.list_outlines(connection, article_ids)

    def list_activity(self, *, offset: int, limit: int) -> tuple[list[ActivityItem], int]:
        """Return a page of activity, latest first, and the total number of items."""
        with self._database.reading() as connection:
            return article_listing.list_activity(connection, offset=offset, limit=limit)

    def versions(self, article_id: str) -> list[VersionSummary]:
        """Return the versions of an article, latest first."""
        with self._database.reading() as connection:
            id_ = mappers.get_article_row(connection, article_id).id
            return article_listing.list_versions(connection, id_)

    def article(self, article_id: str, version: int | None = None) -> ArticleRecord:
        """Return a version of an article; by default the published one, otherwise the latest."""
        with self._database.reading() as connection:
            row = mappers.get_article_row(connection, article_id)
            number = version or row.published_version or row.latest_version
            if not 0 < number <= row.latest_version:
                raise NotFoundError("version", f"{number} of {article_id}")
            return mappers.load_record(connection, row, number)

    def latest(self, article_id: str, *, actor: Actor) -> LatestVersion:
        """Return the latest version as saved, with its source and corrections.

        Raises `NotFoundError`.
        """
        with self._database.reading() as connection:
            row = mappers.get_article_row(connection, article_id)
            return article_writer.load_latest(connection, row, actor)

    def published(self, article_ids: Iterable[str]) -> Iterator[ArticleRecord]:
        """Yield the published versions of these articles; unpublished articles are skipped."""
        with self._database.reading() as connection:
            for batch in mappers.iter_batches(sorted(set(article_ids))):
                found_rows = connection.execute(
                    select(articles).where(
                        articles.c.id.in_(batch), articles.c.published_version.is_not(None)
                    )
                ).all()
                for row in found_rows:
                    yield mappers.load_record(connection, row, row.published_version)

    def published_ids(self) -> list[str]:
        """Return the ids of all published articles, sorted."""
        with self._database.reading() as connection:
            statement = select(articles.c.id).where(articles.c.published_version.is_not(None))
            return list(connection.execute(statement.order_by(articles.c.id)).scalars())

    def summaries(self, status: ArticleStatus | None = None) -> list[ArticleSummary]:
        """Return all articles, or those with this status, sorted by title."""
        with self._database.reading() as connection:
            statement = mappers.select_summaries()
            if status is not None:
                statement = statement.where(articles.c.status == status)
            summaries = [mappers.map_summary(row) for row in connection.execute(statement)]
        return sorted(summaries, key=lambda summary: (summary.title.casefold(), summary.id))

    @contextmanager
    def published_snapshot(self) -> Iterator[PublishedSnapshot]:
        """Yield a consistent snapshot of the published content."""
        with self._database.reading() as connection:
            yield self._present.snapshot(connection)

    def published_passages(self, ids: Iterable[str]) -> dict[str, tuple[ArticleSummary, Passage]]:
        """Return the published passages among `ids`, each with its article."""
        with self.published_snapshot() as published:
            return published.passages(ids)

    def locate(self, passage_id: str, version: int | None = None) -> PassageLocation:
        """Resolve a link to a passage that was created from `version`.

        A removed passage resolves to its most likely successor, or to the article.
        """
        with self._database.reading() as connection:
            return passage_links.locate_passage(connection, passage_id, version)

    def changes(self, after: int, limit: int) -> list[ChangeEvent]:
        """Return up to `limit` change feed entries after the number `after`, in order."""
        with self._database.reading() as connection:
            return change_feed.list_changes(connection, after, limit)

    def last_seq(self) -> int:
        """Return the number of the latest change, or 0."""
        with self._database.reading() as connection:
            return change_feed.get_last_number(connection)
