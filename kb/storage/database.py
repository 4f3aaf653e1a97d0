"""Opening the database: SQLite by default, PostgreSQL where several machines share it.

Here stand the differences between the two, and nowhere else; `kb.storage.article_store` is the same code on both.
Alembic is imported where the schema is created or upgraded: importing it takes as long as a search.
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
from kb.storage.schema import SCHEMA, feed

BUSY_SECONDS = 30  # a writer waits this long for another; one article is written in milliseconds
PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while one writes
    "PRAGMA synchronous = FULL",  # an acknowledged save survives a power cut
    "PRAGMA foreign_keys = ON",
    # Pages are read where the system has them, not copied one by one: half the time of looking
    # fifty passages up among 100,000. 1 GiB of addresses, not of memory.
    "PRAGMA mmap_size = 1073741824",
)

REVISION = table("alembic_version", column("version_num", String))  # Alembic makes and writes it


class Database:
    """Connections to one database, for reading and for writing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sqlite = url.startswith("sqlite")
        options = {"timeout": BUSY_SECONDS} if self._sqlite else {}
        self._engine = create_engine(url, connect_args=options, pool_pre_ping=not self._sqlite)
        if self._sqlite:
            _prepare_sqlite(self._engine)

    def create(self) -> None:
        """Create the tables, or bring them to this program's schema."""
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
            except CommandError as error:  # a revision that this program has never heard of
                raise SchemaVersionError(_revision(connection), SCHEMA) from error

    def check(self) -> None:
        """Raise `NoKnowledgeBaseError` or `SchemaVersionError` unless the tables are as needed."""
        path = self._path()
        if path and not path.exists():
            raise NoKnowledgeBaseError(str(path.parent))
        with translate_errors(self.url), self._engine.connect() as connection:
            found = _revision(connection)
        if found is None:
            raise NoKnowledgeBaseError(str(path.parent) if path else _without_password(self.url))
        if found != SCHEMA:
            raise SchemaVersionError(found, SCHEMA)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database throughout."""
        with translate_errors(self.url), self._engine.connect() as connection:
            if not self._sqlite:  # SQLite's transactions see one state as they are
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together, or not at all.

        One writer at a time: the row of the feed is locked first. On SQLite this first statement
        takes the write lock of the file.
        """
        with translate_errors(self.url), self._engine.begin() as connection:
            connection.execute(update(feed).values(last_seq=feed.c.last_seq))
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _path(self) -> Path | None:
        name = make_url(self.url).database
        return Path(name) if self._sqlite and name else None


def _without_password(url: str) -> str:
    """Return the URL for messages."""
    return make_url(url).render_as_string(hide_password=True)


def _revision(connection: Connection) -> str | None:
    """Return the revision of the schema, None where there is none."""
    if not inspect(connection).has_table(REVISION.name):
        return None
    return connection.execute(select(REVISION.c.version_num)).scalar_one_or_none()


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn the database's own errors into `StoreError`s that say what to look at."""
    shown = _without_password(url)
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"The database {shown} cannot be reached or is busy ({error.orig}). Nothing of this "
            "change was saved; check the database and the free space, then try again.",
            code="unavailable",
        ) from error
    except (DataError, IntegrityError) as error:
        raise RejectedError(shown, str(error.orig)) from error
    except DatabaseError as error:
        raise StoreError(
            f"The database {shown} refused a statement ({error.orig}). Nothing of this change "
            "was saved.",
            code="statement-refused",
        ) from error


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin too late for consistent reads; ours are explicit.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
