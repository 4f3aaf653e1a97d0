"""Export of articles as a ZIP for other knowledge bases and programs.

An export contains articles with all versions, passages, editor tags and corrections, their source
files and the vocabulary, in a documented format (docs/moving.md). A backup (`kb.exchange.backup`)
instead restores a whole knowledge base with the same program version. The database is read in one
transaction while the site is running.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from kb.errors import ExportError
from kb.exchange import curation_format
from kb.exchange.archive_reader import (
    CURATION,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    VOCABULARY,
    ArchiveManifest,
    manifest_adapter,
)
from kb.exchange.export_format import (
    ExportedArticle,
    ExportedCorrection,
    ExportedEditorTag,
    ExportedState,
    ExportedVersion,
    collect_passages,
    dump_article,
)
from kb.model.corrections import CorrectionKind
from kb.model.passage import Passage
from kb.model.records import ArticleStatus
from kb.storage import audit_log, mappers, source_files
from kb.storage.atomic_files import atomic_replace, checksum, iter_file_chunks
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.schema import corrections, editor_tags, passages, versions

MEMBER_TIME = (1980, 1, 1, 0, 0, 0)  # fixed, so that unchanged members are byte-identical


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Selection of articles by id, topic and status. Criteria are combined; empty selects all."""

    ids: tuple[str, ...] = ()
    topic: str = ""
    status: ArticleStatus | None = None

    def __str__(self) -> str:
        parts = [
            *self.ids,
            *([f"topic {self.topic}"] if self.topic else []),
            *([f"status {self.status}"] if self.status else []),
        ]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Contents of an export. `notes` are sentences about missing related data."""

    articles: int
    versions: int
    sources: int
    vocabulary: tuple[str, ...]
    notes: tuple[str, ...]


def export_archive(
    database: Database,
    home: Path,
    path: Path,
    selection: ExportFilter,
    *,
    actor: Actor,
    title: str = "",
) -> ExportReport:
    """Write an export atomically and record it in the audit log. Raises `ExportError`.

    `title` is the name of the site, stored in the manifest.
    """
    try:
        with (
            atomic_replace(path) as partial,
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            done = _ArchiveWriter(archive, home).write(database, path, selection, title)
    except OSError as error:
        raise ExportError(
            path,
            "",
            f"cannot be written: {error.strerror}",
            "Free some space.",
            code="write-failed",
        ) from error
    with database.writing() as connection:
        event = AuditEvent(
            actor, "base.exported", detail=f"{done.articles} articles: {str(selection) or 'all'}"
        )
        audit_log.append_events(connection, [event], datetime.now(UTC))
    return done


class _ArchiveWriter:
    """Writes the members of one export."""

    def __init__(self, archive: zipfile.ZipFile, home: Path) -> None:
        self._archive, self._home = archive, home
        self._sums: dict[str, str] = {}

    def write(
        self, database: Database, path: Path, selection: ExportFilter, title: str
    ) -> ExportReport:
        hashes: set[str] = set()
        elsewhere: set[str] = set()
        passage_ids: set[str] = set()
        count = 0
        with database.reading() as connection:
            ids = _select_ids(connection, path, selection)
            for article in (load_exported_article(connection, id_) for id_ in ids):
                self._write_member(f"articles/{article.id}.json", [dump_article(article)])
                hashes.update(version.source_sha256 for version in article.versions)
                elsewhere |= {article.state.replaced_by} - {"", *ids}
                count += len(article.versions)
                passage_ids.update(collect_passages(article))
            desk = curation_format.load_exported_curation(connection, passage_ids)
        missing = sum(not self._write_source(sha256) for sha256 in sorted(hashes))
        words = tuple(name for name in VOCABULARY if (self._home / name).is_file())
        for name in words:
            self._write_member(f"vocabulary/{name}", iter_file_chunks(self._home / name))
        if desk:
            self._write_member(CURATION, [curation_format.dump_curation(desk)])
            words = (*words, Path(CURATION).name)
        manifest = ArchiveManifest(
            format=FORMAT,
            version=FORMAT_VERSION,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            title=title,
            selection=str(selection),
            articles=len(ids),
            elsewhere=tuple(sorted(elsewhere)),
            sha256=self._sums,
        )
        self._write_member(MANIFEST, [manifest_adapter().dump_json(manifest, indent=1)])
        notes = [
            f"{name} replaces a retired article and is not in this export." for name in elsewhere
        ]
        if missing:
            notes.append(f"The source files of {missing:,} versions are missing.")
        source_count = len(hashes) - missing
        return ExportReport(len(ids), count, source_count, words, tuple(sorted(notes)))

    def _write_source(self, sha256: str) -> bool:
        """Write a source file. Returns False if it is missing; raises if it is damaged."""
        path = self._home / source_files.get_source_name(sha256)
        if not path.is_file():
            return False
        if checksum(iter_file_chunks(path)) != sha256:
            raise ExportError(
                path,
                "",
                "does not match its checksum",
                "Restore the file from a backup.",
                code="source-changed",
            )
        self._write_member(source_files.get_source_name(sha256), iter_file_chunks(path))
        return True

    def _write_member(self, name: str, parts: Iterable[bytes]) -> None:
        info = zipfile.ZipInfo(name, MEMBER_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as member:
            self._sums[name] = checksum(parts, member)


def load_exported_article(connection: Connection, article_id: str) -> ExportedArticle:
    """Return an article with all its versions. Raises `NotFoundError`."""
    row = mappers.get_article_row(connection, article_id)
    rows = connection.execute(
        select(versions).where(versions.c.article_id == row.id).order_by(versions.c.number)
    ).all()
    by_version: dict[int, list[Passage]] = defaultdict(list)
    for number, content in connection.execute(
        select(passages.c.version, passages.c.content)
        .where(passages.c.article_id == row.id)
        .order_by(passages.c.version, passages.c.ordinal)
    ):
        by_version[number].append(mappers.parse_passage(content))
    ids = sorted({passage.id for group in by_version.values() for passage in group})
    return ExportedArticle(
        id=row.id,
        source_key=row.source_key,
        state=mappers.map_row(ExportedState, row, status=ArticleStatus(row.status)),
        versions=tuple(_map_version(group, by_version[group.number]) for group in rows),
        editor_tags=tuple(_load_editor_tags(connection, ids)),
        corrections=tuple(_load_corrections(connection, row.id)),
    )


def _map_version(row: Row[Any], passages: list[Passage]) -> ExportedVersion:
    article = mappers.map_article(row)
    return mappers.map_row(
        ExportedVersion,
        row,
        warnings=tuple(json.loads(row.warnings)),
        differences=tuple(json.loads(row.differences)),
        metadata=article.metadata,
        sections=article.sections,
        passages=tuple(passages),
    )


def _load_editor_tags(
    connection: Connection, passage_ids: list[str]
) -> Iterator[ExportedEditorTag]:
    for batch in mappers.iter_batches(passage_ids):
        statement = select(editor_tags).where(editor_tags.c.passage_id.in_(batch))
        for row in connection.execute(
            statement.order_by(editor_tags.c.passage_id, editor_tags.c.tag)
        ):
            yield mappers.map_row(ExportedEditorTag, row)


def _load_corrections(connection: Connection, article_id: str) -> Iterator[ExportedCorrection]:
    statement = select(corrections).where(corrections.c.article_id == article_id)
    for row in connection.execute(statement.order_by(corrections.c.number)):
        what, place = CorrectionKind(row.what), tuple(json.loads(row.place))
        yield mappers.map_row(ExportedCorrection, row, what=what, place=place, actor=row.name)


def _select_ids(connection: Connection, path: Path, selection: ExportFilter) -> list[str]:
    """Return the sorted ids of the selected articles. Raises if a filter matches none."""
    for id_ in selection.ids:
        mappers.get_article_row(connection, id_)
    summaries = map(mappers.map_summary, connection.execute(mappers.select_summaries()))
    ids = sorted(
        summary.id
        for summary in summaries
        if (not selection.ids or summary.id in selection.ids)
        and (not selection.topic or selection.topic in summary.metadata.topics)
        and selection.status in (None, summary.status)
    )
    if not ids and (selection.ids or selection.topic or selection.status):
        raise ExportError(
            path,
            "",
            f"was not written: no article matches {selection}",
            "Run `kb list` to list the articles.",
            code="nothing-selected",
        )
    return ids
