"""An open database: connections, transactions and the translation of driver errors.

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
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lovecampaign.core.errors import DatabaseBusy, LovecampaignError
from lovecampaign.store.database.connect import (
    BUSY_TIMEOUT,
    BUSY_TIMEOUT_SECONDS,
    DIRECT_SETTING,
    WRITES,
    shown_url,
)
from lovecampaign.store.database.driver_errors import (
    DatabasePlace,
    find_setup_error,
    translate_driver_error,
    without_wal,
)

#: Bytes 18 and 19 of the file (sqlite.org/fileformat2.html, section 1.3.3).
WAL_IN_HEADER = b"\x02\x02"
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

    def __init__(self, engine: Engine, direct: Engine | None = None) -> None:
        self.engine = engine
        #: Around a pooler, for locks and notifications, which belong to a session.
        self.direct = direct or engine
        #: Whether a lock of a session was seen to hold (:mod:`.session_probe`).
        self.has_sessions = False
        #: How long a write waits for another one; SQLite only.
        self.busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
        #: SQLite polls its write lock every tenth of a second: threads of one process queue here
        #: instead.
        self._write_lock = threading.Lock()

    def with_busy_timeout(self, seconds: float) -> Database:
        """The same database and connections, with a shorter wait for SQLite's write lock."""
        quicker = Database(self.engine, self.direct)
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
        return shown_url(self.engine.url)

    @contextlib.contextmanager
    def read(self, *, keeps_temporary: bool = False) -> Iterator[Connection]:
        """A read-only transaction on one snapshot of the database.

        With ``keeps_temporary``, its temporary tables are there for the connection's next one.
        """
        with self._translated_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:  # the default, READ COMMITTED, is no snapshot
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            if keeps_temporary:
                connection.commit()

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
            raise self.translated("database is locked")
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
        with self._translated_errors(self._direct_place()), self.direct.connect() as connection:
            connection.detach()
            yield connection

    def use_wal(self) -> None:
        """Let readers read while one writes (WAL mode); SQLite keeps the choice in the file."""
        if self.file is None or _header(self.file)[18:20] == WAL_IN_HEADER:
            return
        with self._translated_errors(), contextlib.closing(self.engine.raw_connection()) as raw:
            # Refused inside a transaction. A file system without shared memory keeps the old mode.
            mode = raw.cursor().execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise without_wal(self.name, f"the journal mode stays {mode}")

    def skip_fsync(self) -> None:
        """Commit without waiting for the disk, on SQLite: for a ledger that is only looked at."""
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _skip_fsync)
            self.engine.dispose()  # the pool's connections were made without it

    def close(self) -> None:
        self.engine.dispose()
        self.direct.dispose()

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

    def translated(self, error: BaseException | str) -> LovecampaignError:
        """An error of the driver, also one that a library met, in words for the operator."""
        return translate_driver_error(error, self._place())

    def _place(self) -> DatabasePlace:
        return DatabasePlace(self.name, self.engine.url, self.file, self.busy_timeout_seconds)

    def _direct_place(self) -> DatabasePlace:
        if self.direct is self.engine:
            return self._place()
        url = self.direct.url
        return self._place()._replace(name=shown_url(url), url=url, setting=DIRECT_SETTING)

    def _write_options(self) -> dict[str, object]:
        return {WRITES: True, BUSY_TIMEOUT: self.busy_timeout_seconds}

    @contextlib.contextmanager
    def _translated_errors(self, at: DatabasePlace | None = None) -> Iterator[None]:
        """Translate errors about the database itself; those about a row or a statement pass."""
        place = at or self._place()
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError) as error:
            if setup_error := find_setup_error(error.orig, place):
                raise setup_error from error
            raise  # for the code that wrote the row or the statement
        except PoolTimeout as error:
            raise DatabaseBusy(
                f"no connection to the database {place.name} became free in time",
                hint="wait a moment and try again: all of them are in use",
            ) from error
        except DBAPIError as error:
            raise translate_driver_error(error.orig or error, place) from error
        except sqlite3.Error as error:  # from the hooks below, before SQLAlchemy wraps it
            raise translate_driver_error(error, place) from error


def prefer_index_walk(connection: Connection) -> None:
    """For the rest of the transaction, let PostgreSQL walk the indexes instead of sorting.

    It expects a handful of rows behind each condition on a subscriber, and so reads and sorts the
    whole list for every batch.
    """
    if connection.dialect.name == "postgresql":
        settings = (f"SET LOCAL {name} = {value}" for name, value in _INDEX_WALK.items())
        connection.exec_driver_sql("; ".join(settings))


def _skip_fsync(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _header(file: Path) -> bytes:
    if not file.is_file() or not os.access(file, os.R_OK):  # SQLite reports it
        return b""
    with file.open("rb") as stream:
        return stream.read(100)
