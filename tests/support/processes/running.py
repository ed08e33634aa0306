"""A verb that stays, as a process that a test talks to."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.program import CLEAN_ENVIRONMENT
from tests.chaos.commands import shared_commands

Said = dict[str, Any]


@contextlib.contextmanager
def running(
    verb: str, workspace: Path, *words: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], Said]]:
    """``lovecampaign VERB --port 0 WORDS`` and the data that it says first; ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lovecampaign", verb, "--port", "0", "--json", *words],
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
        yield process, json.loads(line)["data"]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextlib.contextmanager
def running_fork(verb: str, workspace: Path, *words: str, **settings: str) -> Iterator[Said]:
    """As :func:`running`, for tests of other things than its start and its end.

    The process need not import the program: 0.3 s in place of 1.5.
    """
    command = shared_commands().start(
        verb,
        *("--port", "0", "--json", *words),
        folder=workspace,
        settings={"LOVECAMPAIGN_SECRET_KEY": "test-key", **settings},
    )
    try:
        yield json.loads(command.first_line())["data"]
    finally:
        command.kill()
