"""Import of an export in one transaction.

`kb.exchange.archive_reader` verifies the file before anything is written. A new article is added
with its history. An existing article gets the incoming versions that continue its own; if both
sides have new versions, the latest incoming one becomes a draft and the report lists the conflict.
Versions are never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from kb.errors import ExportError
from kb.exchange import curation_format
from kb.exchange.archive_reader import CURATION, VOCABULARY, ExportArchive, open_archive
from kb.exchange.export_format import (
    ExportedArticle,
    ExportedCorrection,
    ExportedEditorTag,
    ExportedState,
    ExportedVersion,
    collect_passages,
)
from kb.exchange.exporter import load_exported_article
from kb.model.corrections import METADATA_KINDS
from kb.model.passage_matching import assign_ids
from kb.model.records import ArticleStatus
from kb.storage import (
    article_writer,
    audit_log,
    change_feed,
    correction_store,
    mappers,
    publication,
    source_files,
)
from kb.storage.article_writer import SaveRequest
from kb.storage.atomic_files import atomic_write, atomic_write_stream
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.change_feed import PendingChange
from kb.storage.database import Database
from kb.storage.near_duplicates import write_bands
from kb.storage.schema import passages, versions

IMPORTED_SUFFIX = (
    ".imported"  # suffix of an imported vocabulary file that differs from the local one
)

# Validates a vocabulary file (name, content); returns the problem, or an empty string.
VocabularyCheck = Callable[[str, bytes], str]


class Conflict(StrEnum):
    """Conflict that an editor has to resolve after an import."""

    DIVERGED = "diverged"  # both sides have new versions; the incoming one is a draft
    RETIRED_HERE = "retired-here"  # the article stays retired; the incoming versions are drafts
    RETIRED_THERE = "retired-there"  # the article is retired only in the export


@dataclass(frozen=True, slots=True)
class ImportedArticle:
    """Import result of one article. `status` is added, updated or unchanged.

    `added` are the numbers of its new versions; `notes` are predicates that follow its id.
    """

    article_id: str
    title: str
    status: str
    added: tuple[int, ...] = ()
    conflict: Conflict | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import or dry run. `vocabulary` maps file names to their status."""

    made_at: str
    articles: tuple[ImportedArticle, ...]
    sources: int
    vocabulary: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of articles added, updated and unchanged."""
        statuses = [article.status for article in self.articles]
        return {name: statuses.count(name) for name in ("added", "updated", "unchanged")}

    @property
    def conflicts(self) -> tuple[ImportedArticle, ...]:
        """Articles with a conflict."""
        return tuple(article for article in self.articles if article.conflict)


class _DryRunError(Exception):
    """Rolls back the transaction of a dry run."""


def import_archive(
    database: Database,
    home: Path,
    path: Path,
    actor: Actor,
    *,
    file_name: str = "",
    check: VocabularyCheck,
    vocabulary: bool = True,
    dry_run: bool = False,
) -> ImportReport:
    """Import the export at `path`. Raises `ExportError`, which names the file as `file_name`.

    With `dry_run`, nothing is saved (dry run). `vocabulary` includes the vocabulary files, which
    `check` validates.
    """
    with open_archive(path, file_name or str(path)) as export:
        vocabulary_files = export.vocabulary() if vocabulary else {}
        _check_vocabulary(export, vocabulary_files, check, file_name or str(path))
        new_files = [] if dry_run else _write_sources(export, home)
        arrivals: list[ImportedArticle] = []
        desk: dict[str, str] = {}
        notes = (
            []
            if vocabulary
            else [f"{name} was not imported: use `kb import`" for name in export.vocabulary()]
        )
        try:
            with database.writing() as connection:
                importing = _ImportTransaction(connection, export, actor, file_name or path.name)
                arrivals += importing.import_articles()
                notes += importing.find_missing()
                desk = importing.import_curation(notes)
                if dry_run:
                    raise _DryRunError
        except _DryRunError:
            pass
        except BaseException:  # remove the source files of articles that were not imported
            for source in new_files:
                source.unlink(missing_ok=True)
            raise
        states = {
            name: _write_vocabulary(home / name, content, dry_run)
            for name, content in vocabulary_files.items()
        }
        states |= desk
        return ImportReport(
            export.manifest.made_at, tuple(arrivals), len(new_files), states, tuple(notes)
        )


def _check_vocabulary(
    export: ExportArchive,
    vocabulary_files: Mapping[str, bytes],
    check: VocabularyCheck,
    file_name: str,
) -> None:
    """Raise `ExportError` if a vocabulary file or synonym rule is invalid."""
    lines = "".join(f"{rule.line}\n" for rule in export.curation().synonyms).encode()
    files = [(f"vocabulary/{name}", name, content) for name, content in vocabulary_files.items()]
    for member, name, content in (*files, (CURATION, VOCABULARY[0], lines)):
        problem = check(name, content)
        if problem:
            hint = "Correct it in the original knowledge base and export again."
            raise ExportError(file_name, member, f"is invalid: {problem}", hint, code="vocabulary")


class _ImportTransaction:
    """Imports an export within one transaction."""

    def __init__(
        self, connection: Connection, export: ExportArchive, actor: Actor, name: str
    ) -> None:
        self._connection, self._found, self._by = connection, export, actor
        self._name, self._detail = name, f"imported from {name}"
        self._ids = self._map_ids(export.keys)
        self._renamed: dict[str, str] = {}

    def import_articles(self) -> list[ImportedArticle]:
        """Import all articles and append the import to the audit log."""
        arrivals = [self._import_article(article) for article in self._found.articles()]
        changed = sum(imported.status != "unchanged" for imported in arrivals)
        if changed:
            event = AuditEvent(self._by, "base.imported", self._name[:200], f"{changed} articles")
            audit_log.append_events(self._connection, [event], datetime.now(UTC))
        return arrivals

    def import_curation(self, notes: list[str]) -> dict[str, str]:
        """Import synonym rules and pins, after the articles. Returns their status by file name."""
        curation = self._found.curation()
        if not curation:
            return {}
        count, pin_notes = curation_format.import_curation(
            self._connection, curation, self._renamed, self._by
        )
        notes += pin_notes
        return {Path(CURATION).name: "added" if count else "unchanged"}

    def find_missing(self) -> list[str]:
        """Return notes on replacements that are neither in the export nor here."""
        expected = sorted(set(self._found.manifest.elsewhere) - set(self._ids))
        existing: set[str] = set()
        for batch in mappers.iter_batches(expected):
            existing |= set(
                self._connection.execute(article_writer.USED_IDS, {"ids": batch}).scalars()
            )
        return [
            f"{name} replaces a retired article but does not exist here: import it as well"
            for name in expected
            if name not in existing
        ]

    def _map_ids(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Return the local ids by exported id; articles are matched by source key."""
        names: dict[str, str] = {}
        for id_, key in keys.items():
            existing = self._connection.execute(article_writer.BY_KEY, {"key": key}).one_or_none()
            if existing is not None:
                names[id_] = existing.id
        for id_ in keys:
            if id_ not in names:
                reserved = self._connection.execute(article_writer.USED_IDS, {"ids": [id_]}).first()
                names[id_] = (
                    article_writer.find_free_id(self._connection, id_, {*keys, *names.values()})
                    if reserved or id_ in names.values()
                    else id_
                )
        return names

    def _import_article(self, article: ExportedArticle) -> ImportedArticle:
        id_ = self._ids[article.id]
        notes = (f"has the id {article.id} in the export",) if id_ != article.id else ()
        row = self._connection.execute(
            article_writer.BY_KEY, {"key": article.source_key}
        ).one_or_none()
        imported = (
            self._add_article(id_, article) if row is None else self._update_article(row, article)
        )
        return replace(imported, notes=(*notes, *imported.notes))

    # New articles

    def _add_article(self, id_: str, article: ExportedArticle) -> ImportedArticle:
        """Add an article with its history and state."""
        new_ids = self._assign_free_ids(id_, article)
        self._renamed |= new_ids
        now, latest = datetime.now(UTC), len(article.versions)
        article_writer.insert_article(
            self._connection, id_, article.source_key, latest=latest, now=now
        )
        self._add_versions(
            id_, [_rename_passages(version, new_ids) for version in article.versions]
        )
        change_feed.append_changes(
            self._connection, [PendingChange(id_, "saved", self._by, self._detail)]
        )
        self._set_state(id_, article.state, now)
        self._add_tags(article.editor_tags, new_ids)
        self._add_corrections(id_, article.corrections)
        notes = (
            (f"has new ids for {len(new_ids)} passages, because another article uses them",)
            if new_ids
            else ()
        )
        added = tuple(version.number for version in article.versions)
        return ImportedArticle(id_, article.newest.title, "added", added, notes=notes)

    def _assign_free_ids(self, id_: str, article: ExportedArticle) -> dict[str, str]:
        """Return new ids for passages whose ids are used by another article."""
        passage_ids = collect_passages(article)
        used_ids: set[str] = set()
        for batch in mappers.iter_batches(sorted(passage_ids)):
            owners = select(passages.c.id).where(passages.c.id.in_(batch))
            used_ids |= set(self._connection.execute(owners).scalars())
        conflicting = sorted(used_ids)
        ids = assign_ids(
            id_, (), [passage_ids[name] for name in conflicting], {*passage_ids, *used_ids}
        )
        return dict(zip(conflicting, ids, strict=True))

    def _add_versions(self, id_: str, new: Sequence[ExportedVersion]) -> None:
        self._connection.execute(
            insert(versions), [_build_version_row(id_, version) for version in new]
        )
        contents = [
            row
            for version in new
            for row in mappers.passage_rows(id_, version.number, version.passages)
        ]
        for batch in mappers.iter_batches(contents):
            self._connection.execute(insert(passages), batch)
        write_bands(self._connection, id_, new[-1].passages)

    def _set_state(self, id_: str, state: ExportedState, now: datetime) -> None:
        """Publish or retire a new article as in the export, with the exported dates."""
        actor, detail = self._by, self._detail
        if state.status is ArticleStatus.PUBLISHED and state.published_version:
            publication.publish_version(
                self._connection, id_, state.published_version, actor=actor, now=now, detail=detail
            )
        elif state.status is ArticleStatus.RETIRED:
            publication.retire_article(
                self._connection,
                id_,
                reason=state.retired_reason,
                replaced_by=self._ids.get(state.replaced_by, state.replaced_by),
                actor=actor,
                now=now,
                detail=detail,
            )
        times = {
            "published_at": state.published_at,
            "updated_at": state.updated_at,
            "confirmed_on": state.confirmed_on,
            "confirmed_due": state.confirmed_due,
        }
        self._connection.execute(article_writer.CHANGE_ARTICLE.values(times), {"article": id_})

    # Existing articles

    def _update_article(self, row: Row[Any], incoming: ExportedArticle) -> ImportedArticle:
        """Add the incoming versions, or only the latest as a draft if both sides diverged."""
        local = load_exported_article(self._connection, row.id)
        local_versions = [version.content for version in local.versions]
        incoming_versions = [version.content for version in incoming.versions]
        number = incoming.state.published_version
        retired_there = (
            incoming.state.status is ArticleStatus.RETIRED and row.status != ArticleStatus.RETIRED
        )
        conflict = Conflict.RETIRED_THERE if retired_there else None
        added: tuple[int, ...] = ()
        changed = False
        if incoming_versions[: len(local_versions)] == local_versions:
            new_versions = incoming.versions[len(local_versions) :]
            if new_versions:
                retired = row.status == ArticleStatus.RETIRED
                conflict = Conflict.RETIRED_HERE if retired else conflict
                added = self._save_versions(row, new_versions, None if retired else number)
                local = load_exported_article(self._connection, row.id)
            changed = self._annotate(local, incoming)
        elif incoming_versions[-1] not in local_versions:
            conflict = conflict or Conflict.DIVERGED
            added = self._save_versions(row, (incoming.newest,), None)
        status = "updated" if added or changed else "unchanged"
        return ImportedArticle(row.id, incoming.newest.title, status, added, conflict)

    def _save_versions(
        self, row: Row[Any], new: Sequence[ExportedVersion], published: int | None
    ) -> tuple[int, ...]:
        """Save versions after the existing ones, and publish the one with number `published`."""
        numbers = []
        for version in new:
            submission = SaveRequest(
                article=version.article,
                passages=tuple(replace(passage, id="") for passage in version.passages),
                source_key=row.source_key,
                source_sha256=version.source_sha256,
                coverage=version.coverage,
                warnings=version.warnings,
                differences=version.differences,
                publish=version.number == published,
                actor=self._by,
                detail=self._detail,
            )
            saved, changes = article_writer.update_article(
                self._connection, submission, mappers.get_article_row(self._connection, row.id)
            )
            change_feed.append_changes(self._connection, changes)
            numbers.append(saved.version)
            pairs = zip(version.passages, saved.passages, strict=True)
            self._renamed |= {incoming.id: local.id for incoming, local in pairs}
        return tuple(numbers)

    def _annotate(self, local: ExportedArticle, incoming: ExportedArticle) -> bool:
        """Add missing tags and corrections if the latest text is the same."""
        pairs = zip(incoming.newest.passages, local.newest.passages, strict=True)
        ids = {incoming.id: local.id for incoming, local in pairs}
        self._renamed |= ids
        known_tags = {(tag.passage_id, tag.tag) for tag in local.editor_tags}
        tags = [
            tag
            for tag in incoming.editor_tags
            if tag.passage_id in ids and (ids[tag.passage_id], tag.tag) not in known_tags
        ]
        facts = {
            correction.what for correction in local.corrections if correction.what in METADATA_KINDS
        }
        corrections = {correction.correction for correction in local.corrections}
        new = [
            correction
            for correction in incoming.corrections
            if correction.what not in facts and correction.correction not in corrections
        ]
        self._add_tags(tags, ids)
        if tags:
            entry = PendingChange(local.id, "tagged", self._by, self._detail)
            change_feed.append_changes(self._connection, [entry])
        self._add_corrections(local.id, new)
        return bool(tags or new)

    # Tags and corrections

    def _add_tags(self, tags: Iterable[ExportedEditorTag], ids: Mapping[str, str]) -> None:
        for tag in tags:
            correction_store.set_tag(
                self._connection, ids.get(tag.passage_id, tag.passage_id), tag.tag,
                present=tag.present, name=tag.actor, at=tag.at,
            )  # fmt: skip

    def _add_corrections(self, id_: str, corrections: Iterable[ExportedCorrection]) -> None:
        for correction in corrections:
            correction_store.add_correction(
                self._connection,
                id_,
                correction.correction,
                name=correction.actor,
                at=correction.at,
            )


def _rename_passages(version: ExportedVersion, ids: Mapping[str, str]) -> ExportedVersion:
    """Return the version with passage ids replaced according to `ids`."""
    renamed = (replace(passage, id=ids.get(passage.id, passage.id)) for passage in version.passages)
    return replace(version, passages=tuple(renamed))


def _build_version_row(article_id: str, version: ExportedVersion) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "number": version.number,
        **mappers.article_columns(version.article),
        "warnings": json.dumps(version.warnings, ensure_ascii=False),
        "differences": json.dumps(version.differences, ensure_ascii=False),
        "passages": len(version.passages),
        "coverage": version.coverage,
        "source_sha256": version.source_sha256,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }


# Source files and vocabulary


def _write_sources(export: ExportArchive, home: Path) -> list[Path]:
    """Write missing source files before the articles. Returns their paths."""
    paths: list[Path] = []
    try:
        for sha256 in export.sources:
            target = home / source_files.get_source_name(sha256)
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                atomic_write_stream(target, export.source(sha256))
                paths.append(target)
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)
        raise ExportError(
            home / source_files.SOURCES_FOLDER,
            "",
            f"cannot be written: {error.strerror}",
            "Free some space.",
            code="write-failed",
        ) from error
    return paths


def _write_vocabulary(path: Path, content: bytes, dry_run: bool) -> str:
    """Write a vocabulary file, with the suffix `.imported` if a different one exists."""
    if path.exists() and path.read_bytes() == content:
        return "unchanged"
    status = "beside" if path.exists() else "added"
    if not dry_run:
        atomic_write(
            path.with_name(path.name + IMPORTED_SUFFIX) if status == "beside" else path, content
        )
    return status
