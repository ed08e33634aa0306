"""The commands that tests start and kill leave nothing behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lovecampaign.testing.campaigns import write_campaign
from tests.chaos.commands import Command, Commands
from tests.chaos.servers import Kind, running_server


def test_no_command_outlives_the_tests(tmp_path: Path) -> None:
    with Commands.started() as commands:
        runs = _start_runs(commands, tmp_path)
        assert all(_lives(each.pid) for each in runs)
    assert not any(_lives(each.pid) for each in runs)


def test_a_killed_command_is_told_from_one_that_had_ended(
    tmp_path: Path, commands: Commands
) -> None:
    [first, second] = _start_runs(commands, tmp_path)
    assert first.kill()
    assert second.kill()
    assert first.code == -signal.SIGKILL
    ended = commands.start("--version", folder=tmp_path, settings={})
    ended.end().done()
    assert not ended.kill()


@pytest.mark.parametrize("kind", list(Kind))
def test_no_server_outlives_its_block(tmp_path: Path, kind: Kind) -> None:
    with running_server(kind, tmp_path / "log") as server:
        pid = server.pid
        assert _lives(pid)
    assert not _lives(pid)


def _start_runs(commands: Commands, folder: Path) -> list[Command]:
    """Two commands that wait for a day in the future."""
    write_campaign(folder)
    settings = {"LOVECAMPAIGN_SECRET_KEY": "test-key", "LOVECAMPAIGN_PROVIDER": "memory:"}
    return [commands.start("run", "--yes", folder=folder, settings=settings) for _ in range(2)]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
