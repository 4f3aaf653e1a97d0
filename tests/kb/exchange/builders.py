"""Knowledge bases, exports and malicious archives for the tests of export and import."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kb.exchange.archive_reader import MANIFEST
from kb.exchange.exporter import ExportFilter, ExportReport, export_archive
from kb.exchange.importer import ImportReport, import_archive
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from kb.storage.schema import (
    articles,
    change_feed_table,
    editor_tags,
    metadata,
    near_duplicate_bands,
    passages,
    versions,
)

MOVED = (articles, versions, passages, editor_tags, near_duplicate_bands)
ALL = ExportFilter()


def fine(_name: str, _content: bytes) -> str:
    """Accept every vocabulary file."""
    return ""


def exported(
    database: Database, home: Path, path: Path, selection: ExportFilter = ALL
) -> ExportReport:
    return export_archive(database, home, path, selection, actor=Actor("mover"), title="Ward")


def imported(database: Database, home: Path, path: Path, **options: Any) -> ImportReport:
    return import_archive(database, home, path, Actor("mover"), **{"check": fine, **options})


def dumped(database: Database, *tables: Any) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of some tables, by default of those that an export covers."""
    with database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in tables or MOVED
        }


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    return dumped(database, *metadata.sorted_tables)


def news(database: Database) -> list[tuple[str, str]]:
    """Return the entries of the change feed, in order."""
    with database.reading() as connection:
        found = connection.execute(
            select(change_feed_table).order_by(change_feed_table.c.seq)
        ).all()
    return [(row.article_id, row.kind) for row in found]


def article_in(path: Path, article_id: str) -> dict[str, Any]:
    """Return the parsed JSON of an article in an export."""
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read(f"articles/{article_id}.json"))
    return found


def forged(path: Path, to: Path, members: Mapping[str, bytes | None], **said: Any) -> Path:
    """Copy an export with replaced members (None removes one) and a matching manifest."""
    with zipfile.ZipFile(path) as archive:
        content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content.pop(MANIFEST) or b"")
    content |= members
    kept = {name: one for name, one in content.items() if one is not None}
    manifest["sha256"] = {name: hashlib.sha256(one).hexdigest() for name, one in kept.items()}
    manifest["articles"] = sum(name.startswith("articles/") for name in kept)
    kept[MANIFEST] = json.dumps({**manifest, **said}).encode()
    with zipfile.ZipFile(to, "w") as archive:
        for name, one in kept.items():
            archive.writestr(name, one)
    return to
