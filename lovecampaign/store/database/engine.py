"""Database engine: connections, transactions and the translation of driver errors.

The same code runs on SQLite (WAL, one writer at a time) and PostgreSQL. SQLAlchemy's errors end
here: the operator meets :class:`~lovecampaign.core.errors.Unreachable`.
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
from lovecampaign.core.masking import mask_passwords
from lovecampaign.store.database.driver_errors import translate_driver_error

#: A large import holds SQLite's write lock for half a minute.
BUSY_TIMEOUT_SECONDS = 60
#: Bytes 18 and 19 of the file (sqlite.org/fileformat2.html, section 1.3.3).
WAL_IN_HEADER = b"\x02\x02"
_WRITES = "lovecampaign_writes"
_BUSY_TIMEOUT = "lovecampaign_busy_timeout"
#: For PostgreSQL: join in the written order, by index: the same few µs per subscriber, however
#: long the list is (10,000 of 100,000 took 820 ms before and 90 after).
_INDEX_WALK = {
    "join_collapse_limit": "1",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
}


class Database:
    """An open database with the newest tables."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        #: How long a write waits for another one; SQLite only.
        self.busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
        #: SQLite polls its write lock every tenth of a second: threads of one process queue here
        #: instead.
        self._write_lock = threading.Lock()

    def with_busy_timeout(self, seconds: float) -> Database:
        """The same database and connections, with a shorter wait for SQLite's write lock."""
        quicker = Database(self.engine)
        quicker.busy_timeout_seconds = seconds
        quicker._write_lock = self._write_lock
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
        """The URL for messages: without the password and our driver."""
        url = self.engine.url
        shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        return mask_passwords(shown)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction on one snapshot of the database."""
        with self._translated_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:  # the default, READ COMMITTED, is no snapshot
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits durably, or not at all.

        On SQLite it takes the write lock at the start (``BEGIN IMMEDIATE``), so that nothing that
        it read can be stale when it writes.
        """
        with (
            self._hold_write_lock(),
            self._translated_errors(),
            self.engine.connect() as connection,
        ):
            connection.execution_options(**self._write_options())
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def _hold_write_lock(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=self.busy_timeout_seconds):
            raise self._translated("database is locked")
        try:
            yield
        finally:
            self._write_lock.release()

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """One connection for several transactions, for a temporary table that outlives each."""
        with self._translated_errors(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write_on(self, connection: Connection) -> Iterator[None]:
        """A transaction as :meth:`write` opens it, on a connection of :meth:`connection`."""
        connection.execution_options(**self._write_options())
        with connection.begin():
            yield

    @contextlib.contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A transaction as :meth:`write` opens it, for migrations.

        SQLite replaces a table by a copy, and would refuse to drop one that others refer to. So
        foreign keys are not enforced; SQLite ignores the switch inside a transaction.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        with self._hold_write_lock(), self.own_connection() as connection:
            driver = connection.connection.cursor()
            driver.execute("PRAGMA foreign_keys=OFF")
            with self.write_on(connection):
                yield connection

    @contextlib.contextmanager
    def own_connection(self) -> Iterator[Connection]:
        """A connection outside the pool: its locks end with the block or the process."""
        with self._translated_errors(), self.engine.connect() as connection:
            connection.detach()
            yield connection

    def use_wal(self) -> None:
        """Let readers read while one writes (WAL mode); SQLite keeps the choice in the file."""
        if self.file is None or _header(self.file)[18:20] == WAL_IN_HEADER:
            return
        with self._translated_errors(), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA journal_mode=WAL")  # refused inside a transaction

    def close(self) -> None:
        self.engine.dispose()

    def truncate_wal(self, wait_seconds: float = 1.0) -> bool:
        """Move the WAL into the database and empty it: its old frames hold what was overwritten.

        False while another connection reads an older state; nothing is lost then.
        """
        if not self.is_sqlite:
            return True
        with self._translated_errors(), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.detach()  # closed, not pooled: with it goes its busy timeout
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout={round(wait_seconds * 1000)}")
            try:
                return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    return False
                raise

    def _translated(self, driver_words: str) -> Unreachable:
        return translate_driver_error(driver_words, self.name, self.file, self.busy_timeout_seconds)

    def _write_options(self) -> dict[str, object]:
        return {_WRITES: True, _BUSY_TIMEOUT: self.busy_timeout_seconds}

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Translate errors about the database itself; those about a row or a statement pass."""
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError):
            raise  # for the code that wrote the row or the statement
        except PoolTimeout as error:
            raise DatabaseBusy(
                f"no connection to the database {self.name} became free in time",
                hint="wait a moment and try again: all of them are in use",
            ) from error
        except DBAPIError as error:
            raise self._translated(str(error.orig)) from error
        except sqlite3.Error as error:  # from the hooks below, before SQLAlchemy wraps it
            raise self._translated(str(error)) from error


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
    """Raises UsageError for a URL that names no database we know; ``written_as`` is its place."""
    fault = _find_fault(text)
    if fault is not None:
        hint = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        raise UsageError(f"{written_as} {fault}", hint=hint)


def prefer_index_walk(connection: Connection) -> None:
    """For the rest of the transaction, let PostgreSQL walk the indexes instead of sorting.

    It expects a handful of rows behind each condition on a subscriber, and so reads and sorts the
    whole list for every batch.
    """
    if connection.dialect.name == "postgresql":
        settings = (f"SET LOCAL {name} = {value}" for name, value in _INDEX_WALK.items())
        connection.exec_driver_sql("; ".join(settings))


def _header(file: Path) -> bytes:
    if not file.is_file() or not os.access(file, os.R_OK):  # SQLite reports it
        return b""
    with file.open("rb") as stream:
        return stream.read(100)


def _find_fault(text: str) -> str | None:
    """The fault of a URL, which may hold a password: it is not repeated."""
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
    cursor.execute("PRAGMA secure_delete=ON")  # what is erased leaves the file
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    _wait_at_most(connection, options[_BUSY_TIMEOUT])
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_at_most(connection: Connection, seconds: float) -> None:
    """Set SQLite's busy timeout; pooled connections are shared by callers with different ones."""
    if connection.info.get(_BUSY_TIMEOUT, BUSY_TIMEOUT_SECONDS) != seconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(seconds * 1000)}")
        connection.info[_BUSY_TIMEOUT] = seconds


def _begin_postgres(connection: Connection) -> None:
    # Servers may be set to commit without waiting for the disk; but a claim that a crash undoes is
    # an email that goes out twice. Set per transaction, since a pooler may lend the session to
    # others. The JIT compiler takes 100 ms for a claim of 500 rows, which takes 20 without it.
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on; SET LOCAL jit = off")


def _postgres_engine(url: URL) -> Engine:
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            # Servers may have another default; with SERIALIZABLE, simultaneous sends fail.
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": 10, "application_name": "lovecampaign"},
        )
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError(
            "PostgreSQL needs another package", hint="type: pip install 'lovecampaign[postgres]'"
        ) from error
    sa.event.listen(engine, "begin", _begin_postgres)
    return engine
