"""A disk that is full in the middle of a send: clear words, nobody lost, on after some room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.core.errors import ExitCode
from tests.chaos.commands import Commands
from tests.chaos.disk import Disk, LimitedFiles, small_disk
from tests.chaos.servers import Kind, MailServer, running_server
from tests.chaos.workspace import Shop, opened_shop

READERS = 300
#: Room for the next file at most, for a page, for some claims, for most of a send.
LEFT_BYTES = (0, 20_000, 120_000, 160_000, 240_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with running_server(Kind.SMTP, tmp_path / "server.log") as running:
        yield running


@pytest.fixture(params=["full", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "limit":
        yield LimitedFiles(folder)
        return
    with small_disk(folder) as disk:
        yield disk


def test_a_full_disk_stops_a_send_and_loses_nobody(
    disk: Disk, commands: Commands, database_url: str, server: MailServer
) -> None:
    """With SQLite, ledger and flight journal are on it; with PostgreSQL the journal alone."""
    with opened_shop(disk.folder / "shop", commands, database_url, server, readers=READERS) as shop:
        stopped = [_send_with(shop, disk, left) for left in LEFT_BYTES]
        assert stopped[0], "nothing can be sent where nothing can be written"
        disk.free()
        assert shop.start_send().end().code in (ExitCode.DONE, ExitCode.RUN_AGAIN)
        server.stop()
        shop.evidence(server).prove(READERS, server.most_in_the_air)


def _send_with(shop: Shop, disk: Disk, left: int) -> bool:
    """Whether the full disk stopped the send; then it said so, and what to do."""
    disk.fill(left)
    said = shop.start_send(**disk.environment).end()
    if said.code in (ExitCode.DONE, ExitCode.RUN_AGAIN):
        return False
    assert said.code == ExitCode.UNREACHABLE
    [error] = [each for each in said.json["errors"] if each["code"] == "unreachable"]
    assert re.search(disk.words, error["message"], re.IGNORECASE), error
    assert error["hint"]
    return True
