"""The real ``serve`` command on a free port."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.commands import Command
from tests.chaos.process_parent import FORKED
from tests.support.processes.running import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended."""

    code: int
    seconds: float
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServe:
    """``lovecampaign serve``, answering."""

    process: Command
    url: str

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        began = time.monotonic()
        self.process.signal(number)
        said = self.process.end(20)
        return Ended(code=said.code, seconds=time.monotonic() - began, err=said.err)


@contextlib.contextmanager
def running_serve(
    workspace: Path, *words: str, program: str = FORKED, **settings: str
) -> Iterator[RunningServe]:
    """``lovecampaign serve --port 0 WORDS``; ended at the end."""
    with running("serve", workspace, *words, program=program, **settings) as (process, said):
        yield RunningServe(process=process, url=said["url"].rstrip("/"))
