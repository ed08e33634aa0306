"""How does a test run ``serve`` as a person does? The real command, on a free port."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.acceptance.program import CLEAN_ENVIRONMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended."""

    code: int
    seconds: float
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServe:
    """``lovecampaign serve``, answering."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        began = time.monotonic()
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=20)
        return Ended(code=self.process.returncode, seconds=time.monotonic() - began, err=err)


@contextlib.contextmanager
def running_serve(workspace: Path, *words: str, **settings: str) -> Iterator[RunningServe]:
    """``lovecampaign serve --port 0 WORDS``; ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lovecampaign", "serve", "--port", "0", "--json", *words],
        cwd=workspace,
        env={**CLEAN_ENVIRONMENT, "LOVECAMPAIGN_SECRET_KEY": "test-key", **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield RunningServe(process=process, url=json.loads(line)["data"]["url"].rstrip("/"))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
