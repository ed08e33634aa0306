"""A verb that stays, as a process that a test talks to."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chaos.commands import Command, shared_commands
from tests.chaos.process_parent import FORKED

Said = dict[str, Any]


@contextlib.contextmanager
def running(
    verb: str, workspace: Path, *words: str, program: str = FORKED, **settings: str
) -> Iterator[tuple[Command, Said]]:
    """``lovecampaign VERB --port 0 WORDS`` and the data that it says first; ended at the end.

    A forked process need not import the program: 0.3 s in place of 1.5.
    """
    command = shared_commands().start(
        verb,
        *("--port", "0", "--json", *words),
        folder=workspace,
        settings={"LOVECAMPAIGN_SECRET_KEY": "test-key", **settings},
        program=program,
    )
    try:
        yield command, json.loads(command.first_line())["data"]
    finally:
        command.kill()
