"""Backup and restore of a knowledge base, except the search index.

A backup is a ZIP of the tables (one line of JSON per row), the source files, the configuration
files and a manifest with the SHA-256 of every member. It is read in one transaction while the site
is running, and is independent of the database: a backup from SQLite can be restored to PostgreSQL.
A restore verifies the whole file before it writes anything. Sessions and login failures are not
included, so all users are signed out by a restore.
"""

from __future__ import annotations

import base64
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Date, LargeBinary, Table, delete, func, insert, select, text

from kb.errors import BackupError
from kb.storage import source_files
from kb.storage.atomic_files import (
    atomic_replace,
    atomic_write,
    atomic_write_stream,
    checksum,
    iter_chunks,
    iter_file_chunks,
)
from kb.storage.database import Database
from kb.storage.schema import (
    SCHEMA,
    UtcDateTime,
    articles,
    metadata,
    passage_vectors,
    vector_progress,
)

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG_FILES = ("kb.toml", "taxonomy.toml", "checks.toml", "synonyms.txt", "intents.toml")
# Schemas of backups that can be restored: columns that were added since have a default, and tables
# that were added since are left empty.
RESTORABLE_SCHEMAS = ("0014", "0015", SCHEMA)
ADDED_TABLES = (passage_vectors.name, vector_progress.name)
ROW_BATCH = 500
# Transient tables that are not backed up.
TRANSIENT_TABLES = ("sessions", "login_failures", "oidc_states", "known_settings")
_TABLES = {
    f"tables/{table.name}.jsonl": table
    for table in metadata.sorted_tables
    if table.name not in TRANSIENT_TABLES
}


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """Contents of a backup. `damaged` are source files that do not match their checksum."""

    made_at: str
    articles: int
    sources: int
    files: tuple[str, ...]
    damaged: tuple[str, ...] = ()


def create_backup(
    database: Database, home: Path, path: Path, now: datetime | None = None
) -> BackupSummary:
    """Write a backup atomically and durably. Raises `BackupError`."""
    checksums: dict[str, str] = {}
    counts: dict[str, int] = {}
    try:
        # Readable only by the owner: it contains kb.toml and password hashes.
        with (
            atomic_replace(path, 0o600) as partial,
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            with database.reading() as connection:
                for name, table in _TABLES.items():
                    rows = _iter_rows(connection, table, counts)
                    checksums[name] = _write_member(archive, name, rows)
            # After the tables: source files are written before the articles that refer to them.
            for source in sorted((home / source_files.SOURCES_FOLDER).glob("??/*")):
                name = source.relative_to(home).as_posix()
                if source_files.SOURCE_NAME.fullmatch(name):
                    checksums[name] = _write_member(archive, name, iter_file_chunks(source))
            for name in CONFIG_FILES:
                if (home / name).is_file():
                    checksums[f"files/{name}"] = _write_member(
                        archive, f"files/{name}", iter_file_chunks(home / name)
                    )
            made_at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
            manifest = {
                "format": FORMAT, "schema": SCHEMA, "made_at": made_at, "rows": counts,
                "sha256": checksums,
            }  # fmt: skip
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    except OSError as error:
        raise BackupError(
            path, f"cannot be written: {error.strerror}", "Free some space.", code="write-failed"
        ) from error
    return _summarise(made_at, counts, checksums)


def restore_backup(path: Path, database: Database, home: Path, *, replace: bool) -> BackupSummary:
    """Restore a knowledge base from a backup. Raises `BackupError`.

    `replace` allows overwriting a knowledge base that has articles. Existing configuration files
    are renamed to ``NAME.before``. The caller must rebuild the index afterwards.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _verify(path, archive)
            checksums: dict[str, str] = manifest["sha256"]
            database.create()
            with database.reading() as connection:  # before any source file is written
                _check_replace(path, connection, replace=replace)
            for name, expected in checksums.items():
                target = home / name
                if source_files.SOURCE_NAME.fullmatch(name) and not _has_checksum(target, expected):
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    with archive.open(name) as member:
                        atomic_write_stream(target, iter_chunks(member))
            with database.writing() as connection:
                _check_replace(path, connection, replace=replace)
                for table in reversed(metadata.sorted_tables):
                    connection.execute(delete(table))
                for name, table in _TABLES.items():
                    if name in checksums:
                        with archive.open(name) as lines:
                            _insert_rows(connection, table, lines)
                _reset_sequences(connection)
            for name in CONFIG_FILES:
                if f"files/{name}" in checksums:
                    _write_config(home / name, archive.read(f"files/{name}"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise BackupError(
            path, f"is not a readable backup: {error}", "Use another backup.", code="unreadable"
        ) from error
    return _summarise(manifest["made_at"], manifest["rows"], checksums)


def _summarise(made_at: str, counts: dict[str, int], checksums: dict[str, str]) -> BackupSummary:
    files = tuple(name.removeprefix("files/") for name in checksums if name.startswith("files/"))
    sources = [name for name in checksums if source_files.SOURCE_NAME.fullmatch(name)]
    damaged = tuple(name for name in sources if not name.endswith(f"/{checksums[name]}"))
    return BackupSummary(made_at, counts["articles"], len(sources), files, damaged)


# Writing


def _iter_rows(connection: Connection, table: Table, counts: dict[str, int]) -> Iterator[bytes]:
    """Yield the rows of a table as lines of JSON in key order, and count them in `counts`."""
    counts[table.name] = 0
    statement = select(table).order_by(*table.primary_key.columns)
    streamed = connection.execution_options(yield_per=ROW_BATCH).execute(statement)
    for row in streamed.mappings():
        counts[table.name] += 1
        values = {name: _to_json(value) for name, value in row.items()}
        yield json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value


def _write_member(archive: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> str:
    """Write a member and return its checksum."""
    with archive.open(name, "w", force_zip64=True) as member:
        return checksum(parts, member)


# Reading


def _verify(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Verify version, members and checksums of a backup, and return its manifest."""
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        checksums, schema, kind = dict(manifest["sha256"]), manifest["schema"], manifest["format"]
        str(manifest["made_at"]), int(manifest["rows"][articles.name])
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError(
            path, "has no valid backup manifest", "Choose another file.", code="manifest"
        ) from error
    if kind != FORMAT or schema not in RESTORABLE_SCHEMAS:
        raise BackupError(
            path,
            f"was created by another version (schema {schema}, not "
            f"{' or '.join(RESTORABLE_SCHEMAS)})",
            "Restore it with that version, then run `kb init` with this one.",
            code="version",
        )
    names = [info.filename for info in archive.infolist()]
    members = set(names) - {MANIFEST}
    known = {
        name for name in members if name in _TABLES or source_files.SOURCE_NAME.fullmatch(name)
    }
    known |= {f"files/{name}" for name in CONFIG_FILES} & members
    twice = len(names) > len(set(names))
    added = () if schema == SCHEMA else ADDED_TABLES
    required = {name for name, table in _TABLES.items() if table.name not in added}
    if twice or members != set(checksums) or known != members or not required <= members:
        raise BackupError(
            path, "does not match its manifest", "Use another backup.", code="members"
        )
    for name, expected in checksums.items():
        with archive.open(name) as member:
            actual = checksum(iter_chunks(member))
        if actual != expected:
            raise BackupError(path, f"is damaged at {name}", "Use another backup.", code="checksum")
    return manifest


def _has_checksum(path: Path, expected: str) -> bool:
    """Return whether a file exists and has this checksum."""
    return path.is_file() and checksum(iter_file_chunks(path)) == expected


def _check_replace(path: Path, connection: Connection, *, replace: bool) -> None:
    count = connection.execute(select(func.count()).select_from(articles)).scalar_one()
    if count and not replace:
        raise BackupError(
            path,
            f"was not restored: the knowledge base already has {count:,} articles",
            "Back it up, then use --replace to overwrite it.",
            code="not-empty",
        )


def _insert_rows(connection: Connection, table: Table, lines: IO[bytes]) -> None:
    times: dict[str, type[date]] = {
        column.name: datetime if isinstance(column.type, UtcDateTime) else date
        for column in table.columns
        if isinstance(column.type, UtcDateTime | Date)
    }
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    batch: list[dict[str, Any]] = []
    for line in lines:
        row = json.loads(line)
        for name in binary:
            row[name] = base64.b64decode(row[name])
        for name, kind in times.items():
            row[name] = kind.fromisoformat(row[name]) if row[name] else None
        batch.append(row)
        if len(batch) == ROW_BATCH:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _reset_sequences(connection: Connection) -> None:
    """Set PostgreSQL sequences to continue after the restored keys; SQLite does this itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement in (True, "auto"):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"
                    f" (SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}), false)"
                    f" WHERE pg_get_serial_sequence('{table.name}', '{column.name}') IS NOT NULL"
                )
            )


def _write_config(path: Path, content: bytes) -> None:
    """Write a configuration file, and keep a different existing one as ``NAME.before``."""
    if path.exists() and path.read_bytes() != content:
        path.replace(path.with_name(path.name + ".before"))
    atomic_write(path, content)
