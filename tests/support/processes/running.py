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
