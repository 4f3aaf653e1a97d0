"""Database connections and transactions: SQLite by default, PostgreSQL for multiple machines.

All differences between the two are handled in this module. Alembic is imported only to create or
upgrade the schema, because the import takes as long as a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    String,
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError

from kb.errors import NoKnowledgeBaseError, RejectedError, SchemaVersionError, StoreError
from kb.storage.schema import SCHEMA, change_feed_position

BUSY_TIMEOUT_SECONDS = 30  # maximum wait for the write lock; writing one article takes milliseconds
PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers are not blocked by a writer
    "PRAGMA synchronous = FULL",  # committed data survives a power failure
    "PRAGMA foreign_keys = ON",
    # Memory-mapped reads halve the time to look up 50 of 100,000 passages. The value limits the
    # address space, not the memory used.
    "PRAGMA mmap_size = 1073741824",
)

REVISION = table("alembic_version", column("version_num", String))  # maintained by Alembic


class Database:
    """Connections to one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sqlite = url.startswith("sqlite")
        options = {"timeout": BUSY_TIMEOUT_SECONDS} if self._sqlite else {}
        self._engine = create_engine(url, connect_args=options, pool_pre_ping=not self._sqlite)
        if self._sqlite:
            _prepare_sqlite(self._engine)

    def create(self) -> None:
        """Create the tables, or upgrade them to the current schema.

        Raises `SchemaVersionError` if the schema is newer than this program.
        """
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util.exc import CommandError  # noqa: PLC0415

        path = self._path()
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with translate_errors(self.url), self._engine.begin() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:  # unknown revision, from a newer program
                raise SchemaVersionError(_get_revision(connection), SCHEMA) from error

    def check(self) -> None:
        """Raise `NoKnowledgeBaseError` or `SchemaVersionError` unless the schema is current."""
        path = self._path()
        if path and not path.exists():
            raise NoKnowledgeBaseError(str(path.parent))
        with translate_errors(self.url), self._engine.connect() as connection:
            revision = _get_revision(connection)
        if revision is None:
            raise NoKnowledgeBaseError(str(path.parent) if path else _mask_password(self.url))
        if revision != SCHEMA:
            raise SchemaVersionError(revision, SCHEMA)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading one consistent state of the database."""
        with translate_errors(self.url), self._engine.connect() as connection:
            if not self._sqlite:  # SQLite transactions always read a snapshot
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection for writing in one transaction, committed at the end of the block.

        Writers are serialised by locking the row of `change_feed_position` first. On SQLite this
        acquires the write lock of the file.
        """
        with translate_errors(self.url), self._engine.begin() as connection:
            connection.execute(
                update(change_feed_position).values(last_seq=change_feed_position.c.last_seq)
            )
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _path(self) -> Path | None:
        name = make_url(self.url).database
        return Path(name) if self._sqlite and name else None


def _mask_password(url: str) -> str:
    """Return the URL with its password masked, for messages."""
    return make_url(url).render_as_string(hide_password=True)


def _get_revision(connection: Connection) -> str | None:
    """Return the revision of the schema, or None if there is none."""
    if not inspect(connection).has_table(REVISION.name):
        return None
    return connection.execute(select(REVISION.c.version_num)).scalar_one_or_none()


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Translate SQLAlchemy errors into `StoreError` and `RejectedError`."""
    masked_url = _mask_password(url)
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"The database {masked_url} is unavailable or busy ({error.orig}). Nothing was "
            "saved; check the database and the free disk space, then try again.",
            code="unavailable",
        ) from error
    except (DataError, IntegrityError) as error:
        raise RejectedError(masked_url, str(error.orig)) from error
    except DatabaseError as error:
        raise StoreError(
            f"The database {masked_url} rejected a statement ({error.orig}). Nothing was saved; "
            "report this problem.",
            code="statement-refused",
        ) from error


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure_connection(connection: Any, _record: Any) -> None:
        # The driver begins transactions too late for consistent reads, so begin them explicitly.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
