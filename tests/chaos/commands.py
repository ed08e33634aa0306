"""Starts commands as processes, watches them and kills them."""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Self

from tests.acceptance.program import CLEAN_ENVIRONMENT, Said
from tests.chaos.process_parent import FORKED
from tests.support.paths import REPOSITORY


class Commands:
    """Starts ``lovecampaign WORDS`` as processes; ends them all with itself."""

    def __init__(self, parent: subprocess.Popen[str], outputs: Path) -> None:
        self._parent = parent
        self._outputs = outputs
        self._numbers = itertools.count(1)
        self._lock = Lock()

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Self]:
        command = [sys.executable, "-m", "tests.chaos.process_parent"]
        with (
            tempfile.TemporaryDirectory(prefix="lc-commands-") as outputs,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=REPOSITORY,
                env=CLEAN_ENVIRONMENT,
            ) as parent,
        ):
            commands = cls(parent, Path(outputs))
            assert commands.heard() == "ready"
            yield commands

    def start(
        self,
        *words: str,
        folder: Path,
        settings: Mapping[str, str],
        program: str = FORKED,
        terminal: str | None = None,
    ) -> Command:
        """One command in a folder; settings become environment variables.

        ``program`` is how to run it: ``FORKED``, ``FRESH`` or a module with a function ``main``;
        ``terminal`` the device that becomes its stdin, stdout and stderr.
        """
        output = self._outputs / str(next(self._numbers))
        order = {
            "program": program,
            "terminal": terminal,
            "words": words,
            "folder": str(folder),
            "environment": {**CLEAN_ENVIRONMENT, **settings},
            "out": f"{output}.out",
            "err": f"{output}.err",
        }
        return Command(pid=int(self.ask(order)), commands=self, output=output)

    def ask(self, order: Mapping[str, object]) -> Any:
        with self._lock:
            assert self._parent.stdin is not None
            self._parent.stdin.write(json.dumps(order) + "\n")
            self._parent.stdin.flush()
            return self.heard()

    def heard(self) -> Any:
        assert self._parent.stdout is not None
        return json.loads(self._parent.stdout.readline())


@functools.cache
def shared_commands() -> Commands:
    """Those of this test process; started with the first command."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(Commands.started())


def fork_command(*words: str | Path, cwd: Path, **settings: str) -> Said:
    """Type a command into a process that need not import the program (0.1 s in place of 0.8)."""
    return shared_commands().start(*map(str, words), folder=cwd, settings=settings).end()


@dataclass(slots=True, kw_only=True)
class Command:
    """One running, ended or killed command."""

    pid: int
    commands: Commands
    output: Path
    _code: int | None = field(default=None, init=False)

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self._code is None:
            self._code = self.commands.ask({"child": self.pid})
        return self._code

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Let it run until something has happened."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            assert time.monotonic() < deadline, f"nothing happened: {self.said()}"
            assert self.code is None, f"the command ended early: {self.said()}"
            time.sleep(0.005)

    def signal(self, number: signal.Signals) -> None:
        assert self.code is None, f"the command ended early: {self.said()}"
        os.kill(self.pid, number)

    def kill(self) -> bool:
        """``kill -9``; tells whether it was still running."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
        self._await_end(10)
        return self._code == -signal.SIGKILL

    def end(self, timeout_seconds: float = 120) -> Said:
        """What it said, after its own end."""
        self._await_end(timeout_seconds)
        return self.said()

    def said(self) -> Said:
        out, err = (Path(f"{self.output}.{name}").read_text() for name in ("out", "err"))
        assert "Traceback" not in out + err, out + err
        return Said(code=self.code if self.code is not None else 0, out=out, err=err)

    def first_line(self) -> str:
        """The first line on stdout, as soon as it is complete."""
        path = Path(f"{self.output}.out")
        self.wait_until(lambda: path.exists() and "\n" in path.read_text())
        return path.read_text().partition("\n")[0]

    def _await_end(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while self.code is None:
            assert time.monotonic() < deadline, f"the command does not end: {self.said()}"
            time.sleep(0.01)
