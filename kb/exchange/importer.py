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
        found = [arrival.status for arrival in self.articles]
        return {name: found.count(name) for name in ("added", "updated", "unchanged")}

    @property
    def conflicts(self) -> tuple[ImportedArticle, ...]:
        """Articles with a conflict."""
        return tuple(arrival for arrival in self.articles if arrival.conflict)


class _DryRunError(Exception):
    """Rolls back the transaction of a dry run."""


def import_archive(
    database: Database,
    home: Path,
    path: Path,
    by: Actor,
    *,
    shown: str = "",
    check: VocabularyCheck,
    vocabulary: bool = True,
    only_try: bool = False,
) -> ImportReport:
    """Import the export at `path`. Raises `ExportError`, which names the file as `shown`.

    With `only_try`, nothing is saved (dry run). `vocabulary` includes the vocabulary files, which
    `check` validates.
    """
    with open_archive(path, shown or str(path)) as found:
        words = found.vocabulary() if vocabulary else {}
        _check_vocabulary(found, words, check, shown or str(path))
        written = [] if only_try else _write_sources(found, home)
        arrivals: list[ImportedArticle] = []
        desk: dict[str, str] = {}
        notes = (
            []
            if vocabulary
            else [f"{name} was not imported: use `kb import`" for name in found.vocabulary()]
        )
        try:
            with database.writing() as connection:
                importing = _ImportTransaction(connection, found, by, shown or path.name)
                arrivals += importing.import_articles()
                notes += importing.find_missing()
                desk = importing.import_curation(notes)
                if only_try:
                    raise _DryRunError
        except _DryRunError:
            pass
        except BaseException:  # leave no source files of articles that were not imported
            for source in written:
                source.unlink(missing_ok=True)
            raise
        states = {
            name: _write_vocabulary(home / name, content, only_try)
            for name, content in words.items()
        }
        states |= desk
        return ImportReport(
            found.manifest.made_at, tuple(arrivals), len(written), states, tuple(notes)
        )


def _check_vocabulary(
    found: ExportArchive, words: Mapping[str, bytes], check: VocabularyCheck, shown: str
) -> None:
    """Raise `ExportError` if a vocabulary file or synonym rule is invalid."""
    lines = "".join(f"{one.line}\n" for one in found.curation().synonyms).encode()
    files = [(f"vocabulary/{name}", name, content) for name, content in words.items()]
    for member, name, content in (*files, (CURATION, VOCABULARY[0], lines)):
        problem = check(name, content)
        if problem:
            hint = "Correct it in the original knowledge base and export again."
            raise ExportError(shown, member, f"is invalid: {problem}", hint, code="vocabulary")


class _ImportTransaction:
    """Imports an export within one transaction."""

    def __init__(self, connection: Connection, found: ExportArchive, by: Actor, name: str) -> None:
        self._connection, self._found, self._by = connection, found, by
        self._name, self._detail = name, f"imported from {name}"
        self._ids = self._map_ids(found.keys)
        self._renamed: dict[str, str] = {}

    def import_articles(self) -> list[ImportedArticle]:
        """Import all articles and append the import to the audit log."""
        arrivals = [self._import_article(article) for article in self._found.articles()]
        changed = sum(arrival.status != "unchanged" for arrival in arrivals)
        if changed:
            event = AuditEvent(self._by, "base.imported", self._name[:200], f"{changed} articles")
            audit_log.append_events(self._connection, [event], datetime.now(UTC))
        return arrivals

    def import_curation(self, notes: list[str]) -> dict[str, str]:
        """Import synonym rules and pins, after the articles. Returns their status by file name."""
        found = self._found.curation()
        if not found:
            return {}
        count, more = curation_format.import_curation(
            self._connection, found, self._renamed, self._by
        )
        notes += more
        return {Path(CURATION).name: "added" if count else "unchanged"}

    def find_missing(self) -> list[str]:
        """Return notes on replacements that are neither in the export nor here."""
        wanted = sorted(set(self._found.manifest.elsewhere) - set(self._ids))
        there: set[str] = set()
        for batch in mappers.iter_batches(wanted):
            there |= set(
                self._connection.execute(article_writer.USED_IDS, {"ids": batch}).scalars()
            )
        return [
            f"{name} replaces a retired article but does not exist here: import it as well"
            for name in wanted
            if name not in there
        ]

    def _map_ids(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Return the local ids by exported id; articles are matched by source key."""
        names: dict[str, str] = {}
        for id_, key in keys.items():
            known = self._connection.execute(article_writer.BY_KEY, {"key": key}).one_or_none()
            if known is not None:
                names[id_] = known.id
        for id_ in keys:
            if id_ not in names:
                taken = self._connection.execute(article_writer.USED_IDS, {"ids": [id_]}).first()
                names[id_] = (
                    article_writer.find_free_id(self._connection, id_, {*keys, *names.values()})
                    if taken or id_ in names.values()
                    else id_
                )
        return names

    def _import_article(self, article: ExportedArticle) -> ImportedArticle:
        id_ = self._ids[article.id]
        notes = (f"has the id {article.id} in the export",) if id_ != article.id else ()
        row = self._connection.execute(
            article_writer.BY_KEY, {"key": article.source_key}
        ).one_or_none()
        arrival = (
            self._add_article(id_, article) if row is None else self._update_article(row, article)
        )
        return replace(arrival, notes=(*notes, *arrival.notes))

    # New articles

    def _add_article(self, id_: str, article: ExportedArticle) -> ImportedArticle:
        """Add an article with its history and state."""
        fresh = self._assign_free_ids(id_, article)
        self._renamed |= fresh
        now, latest = datetime.now(UTC), len(article.versions)
        article_writer.insert_article(
            self._connection, id_, article.source_key, latest=latest, now=now
        )
        self._add_versions(id_, [_rename_passages(version, fresh) for version in article.versions])
        change_feed.append_changes(
            self._connection, [PendingChange(id_, "saved", self._by, self._detail)]
        )
        self._set_state(id_, article.state, now)
        self._add_tags(article.editor_tags, fresh)
        self._add_corrections(id_, article.corrections)
        notes = (
            (f"has new ids for {len(fresh)} passages, because another article uses them",)
            if fresh
            else ()
        )
        added = tuple(version.number for version in article.versions)
        return ImportedArticle(id_, article.newest.title, "added", added, notes=notes)

    def _assign_free_ids(self, id_: str, article: ExportedArticle) -> dict[str, str]:
        """Return new ids for passages whose ids are used by another article."""
        own = collect_passages(article)
        taken: set[str] = set()
        for batch in mappers.iter_batches(sorted(own)):
            used = select(passages.c.id).where(passages.c.id.in_(batch))
            taken |= set(self._connection.execute(used).scalars())
        strange = sorted(taken)
        ids = assign_ids(id_, (), [own[name] for name in strange], {*own, *taken})
        return dict(zip(strange, ids, strict=True))

    def _add_versions(self, id_: str, new: Sequence[ExportedVersion]) -> None:
        self._connection.execute(insert(versions), [_build_version_row(id_, one) for one in new])
        contents = [
            row for one in new for row in mappers.passage_rows(id_, one.number, one.passages)
        ]
        for batch in mappers.iter_batches(contents):
            self._connection.execute(insert(passages), batch)
        write_bands(self._connection, id_, new[-1].passages)

    def _set_state(self, id_: str, state: ExportedState, now: datetime) -> None:
        """Publish or retire a new article as in the export, with the exported dates."""
        by, detail = self._by, self._detail
        if state.status is ArticleStatus.PUBLISHED and state.published_version:
            publication.publish_version(
                self._connection, id_, state.published_version, by=by, now=now, detail=detail
            )
        elif state.status is ArticleStatus.RETIRED:
            publication.retire_article(
                self._connection,
                id_,
                reason=state.retired_reason,
                replaced_by=self._ids.get(state.replaced_by, state.replaced_by),
                by=by,
                now=now,
                detail=detail,
            )
        moments = {
            "published_at": state.published_at,
            "updated_at": state.updated_at,
            "confirmed_on": state.confirmed_on,
            "confirmed_due": state.confirmed_due,
        }
        self._connection.execute(article_writer.CHANGE_ARTICLE.values(moments), {"article": id_})

    # Existing articles

    def _update_article(self, row: Row[Any], there: ExportedArticle) -> ImportedArticle:
        """Add the incoming versions, or only the latest as a draft if both sides diverged."""
        here = load_exported_article(self._connection, row.id)
        ours = [version.content for version in here.versions]
        theirs = [version.content for version in there.versions]
        number = there.state.published_version
        retired_there = (
            there.state.status is ArticleStatus.RETIRED and row.status != ArticleStatus.RETIRED
        )
        conflict = Conflict.RETIRED_THERE if retired_there else None
        added: tuple[int, ...] = ()
        changed = False
        if theirs[: len(ours)] == ours:
            more = there.versions[len(ours) :]
            if more:
                retired = row.status == ArticleStatus.RETIRED
                conflict = Conflict.RETIRED_HERE if retired else conflict
                added = self._save_versions(row, more, None if retired else number)
                here = load_exported_article(self._connection, row.id)
            changed = self._annotate(here, there)
        elif theirs[-1] not in ours:
            conflict = conflict or Conflict.DIVERGED
            added = self._save_versions(row, (there.newest,), None)
        status = "updated" if added or changed else "unchanged"
        return ImportedArticle(row.id, there.newest.title, status, added, conflict)

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
                publish=version.number == published,
                by=self._by,
                detail=self._detail,
            )
            saved, changes = article_writer.update_article(
                self._connection, submission, mappers.get_article_row(self._connection, row.id)
            )
            change_feed.append_changes(self._connection, changes)
            numbers.append(saved.version)
            pairs = zip(version.passages, saved.passages, strict=True)
            self._renamed |= {there.id: here.id for there, here in pairs}
        return tuple(numbers)

    def _annotate(self, here: ExportedArticle, there: ExportedArticle) -> bool:
        """Add missing tags and corrections if the latest text is the same."""
        pairs = zip(there.newest.passages, here.newest.passages, strict=True)
        ids = {there.id: here.id for there, here in pairs}
        self._renamed |= ids
        known_tags = {(tag.passage_id, tag.tag) for tag in here.editor_tags}
        tags = [
            tag
            for tag in there.editor_tags
            if tag.passage_id in ids and (ids[tag.passage_id], tag.tag) not in known_tags
        ]
        facts = {one.what for one in here.corrections if one.what in METADATA_KINDS}
        made = {one.correction for one in here.corrections}
        new = [
            one for one in there.corrections if one.what not in facts and one.correction not in made
        ]
        self._add_tags(tags, ids)
        if tags:
            entry = PendingChange(here.id, "tagged", self._by, self._detail)
            change_feed.append_changes(self._connection, [entry])
        self._add_corrections(here.id, new)
        return bool(tags or new)

    # Tags and corrections

    def _add_tags(self, tags: Iterable[ExportedEditorTag], ids: Mapping[str, str]) -> None:
        for tag in tags:
            correction_store.set_tag(
                self._connection, ids.get(tag.passage_id, tag.passage_id), tag.tag,
                present=tag.present, name=tag.actor, at=tag.at,
            )  # fmt: skip

    def _add_corrections(self, id_: str, made: Iterable[ExportedCorrection]) -> None:
        for one in made:
            correction_store.add_correction(
                self._connection, id_, one.correction, name=one.actor, at=one.at
            )


def _rename_passages(version: ExportedVersion, ids: Mapping[str, str]) -> ExportedVersion:
    """Return the version with passage ids replaced according to `ids`."""
    renamed = (replace(one, id=ids.get(one.id, one.id)) for one in version.passages)
    return replace(version, passages=tuple(renamed))


def _build_version_row(article_id: str, version: ExportedVersion) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "number": version.number,
        **mappers.article_columns(version.article),
        "warnings": json.dumps(version.warnings, ensure_ascii=False),
        "passages": len(version.passages),
        "coverage": version.coverage,
        "source_sha256": version.source_sha256,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }


# Source files and vocabulary


def _write_sources(found: ExportArchive, home: Path) -> list[Path]:
    """Write missing source files before the articles. Returns their paths."""
    written: list[Path] = []
    try:
        for sha256 in found.sources:
            target = home / source_files.get_source_name(sha256)
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                atomic_write_stream(target, found.source(sha256))
                written.append(target)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ExportError(
            home / source_files.SOURCES_FOLDER,
            "",
            f"cannot be written: {error.strerror}",
            "Free some space.",
            code="write-failed",
        ) from error
    return written


def _write_vocabulary(path: Path, content: bytes, only_try: bool) -> str:
    """Write a vocabulary file, with the suffix `.imported` if a different one exists."""
    if path.exists() and path.read_bytes() == content:
        return "unchanged"
    status = "beside" if path.exists() else "added"
    if not only_try:
        atomic_write(
            path.with_name(path.name + IMPORTED_SUFFIX) if status == "beside" else path, content
        )
    return status
