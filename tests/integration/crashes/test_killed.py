"""``kill -9`` at random moments of a send: nobody is lost, and nobody gets anything twice.

``make test`` tries 25 moments in sends of 500 readers for each way out on each database, and 10
with commands sent ahead (``?ahead=yes``); ``make chaos`` 100 moments and 5,000 readers. A send
survives several kills in a row: each strikes a process of its own. ``LOVECAMPAIGN_SEED`` repeats
the moments of a failure.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.commands import Command, Commands
from tests.chaos.servers import Kind, MailServer, running_server
from tests.chaos.workspace import Shop, opened_shop
from tests.support.postgres import PostgresServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How bad the day is."""

    kills: int
    kills_a_send: int
    readers: int


IS_CHAOS = "LOVECAMPAIGN_CHAOS" in os.environ
SIZE = (
    Size(kills=100, kills_a_send=10, readers=5000)
    if IS_CHAOS
    else Size(kills=25, kills_a_send=5, readers=500)
)


#: What is sent ahead of an answer does not depend on the database: ``make chaos`` tries both.
PAIRS = [
    (database_kind, kind)
    for kind in Kind
    for database_kind in ("sqlite", "postgresql")
    if IS_CHAOS or (database_kind, kind) != ("postgresql", Kind.SMTP_AHEAD)
]


@pytest.mark.parametrize(("database_kind", "kind"), PAIRS)
def test_a_sender_may_be_killed_at_any_moment(
    tmp_path: Path,
    commands: Commands,
    database_kind: str,
    kind: Kind,
    request: pytest.FixtureRequest,
) -> None:
    seed = int(os.environ.get("LOVECAMPAIGN_SEED") or random.randrange(2**32))
    _note(f"LOVECAMPAIGN_SEED={seed}")
    chance = random.Random(seed)
    kills = doubts = messages = number = 0
    while kills < (10 if kind is Kind.SMTP_AHEAD and not IS_CHAOS else SIZE.kills):
        number += 1
        folder = tmp_path / str(number)
        with (
            _new_database(database_kind, request) as url,
            running_server(kind, tmp_path / f"{number}.log") as server,
            opened_shop(folder, commands, url, server, readers=SIZE.readers) as shop,
        ):
            kills += _kill_again_and_again(shop, server, chance)
            _finish(shop)
            server.stop()
            evidence = shop.evidence(server)
            evidence.prove(SIZE.readers, server.most_in_the_air)
            doubts += evidence.doubts.total()
            messages += SIZE.readers
    _note(f"{kills} kills, {messages} messages, {doubts} in doubt")


def _note(line: str) -> None:
    """Pytest shows it beside a failure, and ``make chaos`` in any case."""
    sys.stdout.write(line + "\n")


def _new_database(
    kind: str, request: pytest.FixtureRequest
) -> contextlib.AbstractContextManager[str]:
    if kind == "sqlite":
        return contextlib.nullcontext("sqlite:///lovecampaign.db")
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.database()


def _kill_again_and_again(shop: Shop, server: MailServer, chance: random.Random) -> int:
    """How many processes were killed before their own end."""
    kills = 0
    for _ in range(SIZE.kills_a_send):
        sender = shop.start_send()
        if chance.random() < 0.5:
            _wait_a_while(sender, chance)
        else:
            _wait_for_mail(sender, server, chance)
        kills += sender.kill()
    return kills


def _wait_a_while(sender: Command, chance: random.Random) -> None:
    """Mostly into the steps before the first message: recovery, planning, the first claim."""
    until = time.monotonic() + chance.uniform(0, 0.4)
    while time.monotonic() < until and sender.code is None:
        time.sleep(0.002)


def _wait_for_mail(sender: Command, server: MailServer, chance: random.Random) -> None:
    share = SIZE.readers // SIZE.kills_a_send
    enough = server.size + chance.randint(1, share)
    while server.size < enough and sender.code is None:
        time.sleep(0.001)


def _finish(shop: Shop) -> None:
    """Run the same command again, as anybody would, until nothing is left to do.

    PostgreSQL may need a moment to notice that a client is gone: until then its claims look
    like those of a sender that lives.
    """
    for _ in range(5):
        said = shop.start_send().end()
        assert said.code in (0, 6), said
        if not set(shop.stage.states("day-01")) & {"planned", "claimed"}:
            return
        time.sleep(0.5)
    pytest.fail(f"not finished: {shop.stage.states('day-01')}")
