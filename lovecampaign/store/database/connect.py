"""Engines for database URLs: the databases and options they may name, and our session settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from lovecampaign.core.errors import UsageError
from lovecampaign.core.masking import mask_passwords
from lovecampaign.core.suggestions import nearest
from lovecampaign.store.database.driver_errors import require_server

if TYPE_CHECKING:
    import psycopg

#: A large import holds SQLite's write lock for half a minute.
BUSY_TIMEOUT_SECONDS = 60
#: Options of a connection: it writes, and waits this long for SQLite's write lock.
WRITES = "lovecampaign_writes"
BUSY_TIMEOUT = "lovecampaign_busy_timeout"
DIRECT_SETTING = "LOVECAMPAIGN_DATABASE_DIRECT_URL"
_EXAMPLES = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
_LEAVE_OUT = "leave it out"
#: For PostgreSQL, where the URL does not say. A server that vanished (a failover, a network cut) is
#: noticed after 25 s: otherwise TCP waits for a quarter of an hour, or for ever.
_DEFAULTS = {
    "connect_timeout": 10,
    "application_name": "lovecampaign",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
#: Options of other programs' URLs (Prisma, JDBC, asyncpg, Django), and what libpq has for them.
_ELSEWHERE = {
    "schema": "leave it out for the schema public; for another: ?options=-csearch_path%3DNAME",
    "currentSchema": "leave it out for the schema public; for another: "
    "?options=-csearch_path%3DNAME",
    "search_path": "write ?options=-csearch_path%3DNAME",
    "pgbouncer": _LEAVE_OUT,
    "connection_limit": _LEAVE_OUT,
    "pool_timeout": _LEAVE_OUT,
    "ssl": "write ?sslmode=require",
    "tls": "write ?sslmode=require",
    "charset": f"{_LEAVE_OUT}: text is always UTF-8",
    "encoding": f"{_LEAVE_OUT}: text is always UTF-8",
    "timeout": "write ?connect_timeout=SECONDS",
    "username": "write user, or postgresql://USER:PASSWORD@HOST/NAME",
    "database": "write dbname, or postgresql://USER:PASSWORD@HOST/NAME",
}
#: Given several times, they list servers.
_MAY_REPEAT = ("host", "hostaddr", "port")


def connect(url: str, workspace: Path, *, is_pooled: bool = False) -> Engine:
    """An engine for a database URL; SQLite paths are relative to the workspace.

    ``is_pooled``: behind a pooler, which lends a session and its prepared statements to others.
    Raises UsageError for a URL that names no database we know.
    """
    parsed = require_url(url, "LOVECAMPAIGN_DATABASE_URL")
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, workspace)
    return _postgres_engine(parsed, {"prepare_threshold": None} if is_pooled else {})


def connect_directly(url: str | None) -> Engine | None:
    """An engine for ``LOVECAMPAIGN_DATABASE_DIRECT_URL``; None where it is not set."""
    if url is None:
        return None
    parsed = require_url(url, DIRECT_SETTING)
    if parsed.get_backend_name() == "sqlite":
        raise UsageError(
            f"{DIRECT_SETTING} is for PostgreSQL behind a pooler", hint="leave it out for SQLite"
        )
    return _postgres_engine(parsed, {})


def driver_arguments(url: URL) -> dict[str, Any]:
    """Keyword arguments of ``psycopg.connect`` for a URL, with our defaults."""
    return {
        **url.translate_connect_args(database="dbname", username="user"),
        **url.query,
        **_connect_args(url),
    }


def _connect_args(url: URL) -> dict[str, Any]:
    return {
        **{name: each for name, each in _DEFAULTS.items() if name not in url.query},
        "client_encoding": "utf8",
    }


def require_url(text: str, written_as: str) -> URL:
    """The URL; raises UsageError where it names no database we know or an unknown option.

    ``written_as`` is its place. The text may hold a password: it is not repeated.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(f"{written_as} is not a database URL", hint=_EXAMPLES) from None
    if "@" in (url.host or ""):  # the end of a password, which the driver's words would repeat
        hint = "write an @ in a password as %40"
        raise UsageError(f"{written_as} has two @ signs before the name of the host", hint=hint)
    kind = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise UsageError(f"{written_as} starts with {url.drivername}://", hint=_EXAMPLES)
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        fault = "names no file, and the ledger needs one that outlives the process"
        raise UsageError(f"{written_as} {fault}", hint=_EXAMPLES)
    # One driver for each: a URL may have been written for another program.
    url = url.set(drivername="postgresql+psycopg" if kind == "postgresql" else "sqlite")
    _require_known_options(url, written_as)
    return url


def shown_url(url: URL) -> str:
    """The URL for messages: without the password and our driver."""
    shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
    return mask_passwords(shown)


def _require_known_options(url: URL, written_as: str) -> None:
    known = _libpq_options() if url.get_backend_name() == "postgresql" else ()
    if known is None:
        return
    for name, value in url.query.items():
        if name not in known:
            hint = _ELSEWHERE.get(name) if known else f"{_LEAVE_OUT}: SQLite's URL has no options"
            guess = nearest(name, known)
            hint = hint or (f"did you mean {guess}?" if guess else _LEAVE_OUT)
            raise UsageError(f"{written_as} has an unknown option, {name}", hint=hint)
        if not isinstance(value, str) and name not in _MAY_REPEAT:
            raise UsageError(f"{written_as} has the option {name} twice", hint="leave one out")


def _libpq_options() -> Collection[str] | None:
    """Keywords of connections; None without the driver, which is reported when it is loaded."""
    try:
        from psycopg.pq import Conninfo
    except ImportError:
        return None
    return [option.keyword.decode() for option in Conninfo.get_defaults()]


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
    if not options.get(WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    _wait_at_most(connection, options[BUSY_TIMEOUT])
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_at_most(connection: Connection, seconds: float) -> None:
    """Set SQLite's busy timeout; pooled connections are shared by callers with different ones."""
    if connection.info.get(BUSY_TIMEOUT, BUSY_TIMEOUT_SECONDS) != seconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(seconds * 1000)}")
        connection.info[BUSY_TIMEOUT] = seconds


def _begin_postgres(connection: Connection) -> None:
    # Servers may be set to commit without waiting for the disk; but a claim that a crash undoes is
    # an email that goes out twice. Set per transaction, since a pooler may lend the session to
    # others. The JIT compiler takes 100 ms for a claim of 500 rows, which takes 20 without it.
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(
            "SET LOCAL synchronous_commit = on; SET LOCAL jit = off;"
            f" SET LOCAL lock_timeout = '{BUSY_TIMEOUT_SECONDS}s'"
        )


def _postgres_engine(url: URL, more: Mapping[str, Any]) -> Engine:
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            # Servers may have another default; with SERIALIZABLE, simultaneous sends fail.
            isolation_level="READ COMMITTED",
            connect_args={**_connect_args(url), **more},
        )
        engine.dialect.create_connect_args(url)
    except ArgumentError as error:
        raise UsageError(f"{shown_url(url)}: {error}", hint=_EXAMPLES) from error
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError(
            "PostgreSQL needs another package", hint="type: pip install 'lovecampaign[postgres]'"
        ) from error

    def require_usable_server(connection: psycopg.Connection, _record: object) -> None:
        info = connection.info
        require_server(
            info.server_version, info.parameter_status("server_encoding"), shown_url(url)
        )

    # Before SQLAlchemy's own first questions, which fail with SQL_ASCII.
    sa.event.listen(engine, "connect", require_usable_server, insert=True)
    sa.event.listen(engine, "begin", _begin_postgres)
    return engine
