"""The process in which :class:`tests.chaos.commands.Commands` raises its children.

It has imported the whole program and forks for each command: the child is a process of its own,
with its own memory, connections and locks, and starts in 20 ms instead of 800. Orders come as
lines of JSON on stdin, and each is answered by one line. At the end of stdin every child dies.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
from typing import Any

from lovecampaign.cli import GARBAGE_THRESHOLD
from lovecampaign.cli.framework.registry import VERBS

#: Ways to run ``lovecampaign``: in the forked child, or in a Python of its own as users have it.
FORKED, FRESH = "forked", "fresh"
_PROGRAM = (
    "lovecampaign.cli.app",
    *(verb.module for verb in VERBS.values()),
    "lovecampaign.providers.sendgrid.provider",
    "lovecampaign.store.database.schema_version",
    "lovecampaign.testing.sendgrid_server",
    "lovecampaign.testing.smtp_server",
    "lovecampaign.web.preview.server",
    "lovecampaign.web.serve.handler.site",
    "lovecampaign.web.serve.server",
    "alembic.command",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
)


def main() -> None:
    for name in _PROGRAM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a child that marked the objects of the imports would copy their memory
    gc.set_threshold(GARBAGE_THRESHOLD)  # as the program's entry point does
    living: set[int] = set()
    _answer("ready")
    for line in sys.stdin:
        _answer(_obey(json.loads(line), living))
    for child in living:
        os.kill(child, signal.SIGKILL)  # as long as it is not waited for, the number is its own
        os.waitpid(child, 0)


def _obey(order: dict[str, Any], living: set[int]) -> int | None:
    """Start a command and answer its process id; or answer the exit code of one, if it ended."""
    if "words" in order:
        terminal = _open_terminal(order["terminal"])
        child = os.fork()
        if child == 0:
            _become(order, terminal)
        if terminal is not None:
            os.close(terminal)
        living.add(child)
        return child
    ended, status = os.waitpid(order["child"], os.WNOHANG)
    if not ended:
        return None
    living.discard(ended)
    return os.waitstatus_to_exitcode(status)


def _open_terminal(path: str | None) -> int | None:
    return None if path is None else os.open(path, os.O_RDWR | os.O_NOCTTY)


def _become(order: dict[str, Any], terminal: int | None) -> None:
    """Never returns: the child ends with the command's exit code."""
    code = 70  # whatever goes wrong here is the test's own fault
    try:
        _redirect(order, terminal)
        code = _run(order["program"], order["words"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _run(program: str, words: list[str]) -> int:
    if program == FRESH:
        os.execv(sys.executable, [sys.executable, "-m", "lovecampaign", *words])
    sys.argv = ["lovecampaign", *words]
    try:
        importlib.import_module("lovecampaign.cli" if program == FORKED else program).main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _redirect(order: dict[str, Any], terminal: int | None) -> None:
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    limit = int(os.environ.get("FILE_SIZE_LIMIT", resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    files = [os.open(os.devnull, os.O_RDONLY), *map(_create, (order["out"], order["err"]))]
    for descriptor, file in enumerate(files):
        os.dup2(file if terminal is None else terminal, descriptor)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)


def _create(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)


def _answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
