"""How do we reach the database, and in what kind of transaction?

The same code runs on SQLite (WAL, one writer at a time) and PostgreSQL. SQLAlchemy's errors
end here: what the operator meets is :class:`~lovecampaign.core.errors.Unreachable`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lovecampaign.core.errors import DatabaseBusy, Unreachable, UsageError

#: A large import holds SQLite's one writer's place for half a minute; nobody gives up before.
BUSY_TIMEOUT_SECONDS = 60
#: Bytes 18 and 19 of the file (sqlite.org/fileformat2.html, section 1.3.3).
WAL_IN_HEADER = b"\x02\x02"
_WRITES = "lovecampaign_writes"
_PATIENCE = "lovecampaign_patience"


class Database:
    """An open database with the newest tables."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        #: How long a write waits for another; SQLite only, which has one writer at a time.
        self.patience_seconds: float = BUSY_TIMEOUT_SECONDS
        #: Whoever finds SQLite's writer busy sleeps and asks again, up to a tenth of a second:
        #: threads of one process wait in order instead.
        self._turn = threading.Lock()

    def with_patience(self, seconds: float) -> Database:
        """The same database and connections, for writes that somebody sits and waits for."""
        quicker = Database(self.engine)
        quicker.patience_seconds = seconds
        quicker._turn = self._turn
        return quicker

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """SQLite's file; None on PostgreSQL."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name else None

    @property
    def name(self) -> str:
        """For people, as they write it: without the password, and without our driver."""
        url = self.engine.url
        return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._said_for_people(), self.engine.connect() as connection:
            if not self.is_sqlite:  # by default each statement sees what was committed meanwhile
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end, durably, or not at all.

        On SQLite it waits for its turn at the start (``BEGIN IMMEDIATE``), so that nothing
        that it read can be stale when it writes.
        """
        with (
            self._in_turn(),
            self._said_for_people(),
            self.engine.connect() as connection,
        ):
            connection.execution_options(**self._for_writing())
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self.patience_seconds):
            raise _as_unreachable(self, "database is locked")
        try:
            yield
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """One connection for several transactions, which a temporary table must outlive."""
        with self._said_for_people(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write_on(self, connection: Connection) -> Iterator[None]:
        """A transaction as :meth:`write` opens it, on a connection of :meth:`connection`."""
        connection.execution_options(**self._for_writing())
        with connection.begin():
            yield

    @contextlib.contextmanager
    def own_connection(self) -> Iterator[Connection]:
        """A connection outside the pool: what it holds is gone when the block or process ends."""
        with self._said_for_people(), self.engine.connect() as connection:
            connection.detach()
            yield connection

    def use_wal(self) -> None:
        """Let readers read while one writes; SQLite keeps the choice in the file."""
        if self.file is None or _header(self.file)[18:20] == WAL_IN_HEADER:
            return
        with self._said_for_people(), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA journal_mode=WAL")  # refused inside a transaction

    def close(self) -> None:
        self.engine.dispose()

    def _for_writing(self) -> dict[str, object]:
        return {_WRITES: True, _PATIENCE: self.patience_seconds}

    @contextlib.contextmanager
    def _said_for_people(self) -> Iterator[None]:
        """Translate what the driver says about the database itself; constraint errors pass."""
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError):
            raise  # about a row or a statement: the code that wrote it answers for it
        except PoolTimeout as error:
            raise DatabaseBusy(
                f"no connection to the database {self.name} became free in time",
                hint="wait a moment and try again: all of them are in use",
            ) from error
        except DBAPIError as error:
            raise _as_unreachable(self, str(error.orig)) from error
        except sqlite3.Error as error:  # from the hooks below, before SQLAlchemy wraps it
            raise _as_unreachable(self, str(error)) from error


def connect(url: str, workspace: Path) -> Engine:
    """An engine for a database URL; SQLite paths are relative to the workspace.

    Raises UsageError for a URL that names no database we know.
    """
    require_url(url, "LOVECAMPAIGN_DATABASE_URL")
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, workspace)
    return _postgres_engine(parsed)


def require_url(text: str, written_as: str) -> None:
    """Raises UsageError for a URL that names no database we know; it says where that is written."""
    fault = _find_fault(text)
    if fault is not None:
        hint = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        raise UsageError(f"{written_as} {fault}", hint=hint)


def _header(file: Path) -> bytes:
    if not file.is_file() or not os.access(file, os.R_OK):  # SQLite says what that means
        return b""
    with file.open("rb") as stream:
        return stream.read(100)


def _find_fault(text: str) -> str | None:
    """What is wrong with a URL. It may hold a password: it is not repeated."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return "is not a database URL"
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        return f"starts with {url.drivername}://"
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        return "names no file, and the ledger needs one that outlives the process"
    return None


def _sqlite_engine(url: URL, workspace: Path) -> Engine:
    path = workspace / (url.database or "")
    engine = sa.create_engine(
        url.set(database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling starts writes late; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")  # a commit survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    _wait_at_most(connection, options[_PATIENCE])
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_at_most(connection: Connection, seconds: float) -> None:
    """Connections are lent to the patient and to the hurried."""
    if connection.info.get(_PATIENCE, BUSY_TIMEOUT_SECONDS) != seconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(seconds * 1000)}")
        connection.info[_PATIENCE] = seconds


def _begin_postgres(connection: Connection) -> None:
    # Many servers are told to commit without waiting for the disk. A claim that a crash takes
    # back is a mail that goes out twice. For the transaction, since a pooler may lend the
    # session to others.
    # The JIT compiler takes 100 ms for a claim of 500 rows, which takes 20 without it.
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on; SET LOCAL jit = off")


def _postgres_engine(url: URL) -> Engine:
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "lovecampaign"},
        )
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError(
            "PostgreSQL needs one more part", hint="type: pip install 'lovecampaign[postgres]'"
        ) from error
    sa.event.listen(engine, "begin", _begin_postgres)
    return engine


def _as_unreachable(database: Database, driver_words: str) -> Unreachable:
    words = (driver_words.strip().splitlines() or ["no answer"])[0]
    name, lowered = database.name, words.lower()
    if database.file is not None and _has_lost_its_file(lowered, database.file):
        return Unreachable(
            f"the file of the database {name} was moved, deleted or replaced",
            hint="put it back, with its -wal beside it, and start again what uses it",
        )
    if "disk is full" in lowered or "no space left" in lowered:
        return Unreachable(
            f"no space is left for the database {name}",
            hint="free some space and run the same command again: nothing is lost",
        )
    if "readonly" in lowered or "read-only" in lowered:
        return Unreachable(
            f"the database {name} can only be read: its file, folder or disk takes no writes",
            hint="mend that, or name another one in LOVECAMPAIGN_DATABASE_URL",
        )
    if "locked" in lowered:
        return DatabaseBusy(
            f"another process kept the database {name} for over {database.patience_seconds:g} s",
            hint="wait until it ends (an import or a backup?) and run the same command again",
        )
    return Unreachable(f"the database {name} says: {words}", hint="type: lovecampaign doctor")


def _has_lost_its_file(lowered: str, file: Path) -> bool:
    """SQLite says "readonly" where a name has no file any more, and makes an empty one anew."""
    return "no such table" in lowered or ("readonly" in lowered and not file.exists())
