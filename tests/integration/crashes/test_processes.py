"""``send --processes N``: the processes share what is due, and outlive each other.

``make chaos`` disturbs more often and sends ten times as much. ``LOVECAMPAIGN_SEED`` repeats the
disturbances of a failure.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import ExitCode
from lovecampaign.store import tables
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer
from tests.chaos.commands import Command, Commands
from tests.chaos.servers import Kind, MailServer, running_server
from tests.chaos.workspace import DAY_1_AT_NINE, Shop, opened_shop

READERS = 240
#: Slow enough to step in on a busy machine.
A_SECOND = 80
#: Of each process: a sixth of what is due, in two claims at most.
ONE_CLAIM = 40
IS_CHAOS = "LOVECAMPAIGN_CHAOS" in os.environ
DISTURBANCES, CHAOS_READERS = (60, 5_000) if IS_CHAOS else (8, 500)
SQLITE = "sqlite:///lovecampaign.db"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with running_server(Kind.SMTP, tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def shop(
    tmp_path: Path, commands: Commands, database_url: str, server: MailServer
) -> Iterator[Shop]:
    with opened_shop(
        tmp_path / "shop", commands, database_url, server, readers=READERS, max_per_second=A_SECOND
    ) as opened:
        yield opened


@pytest.fixture
def shop_on_sqlite(tmp_path: Path, commands: Commands, server: MailServer) -> Iterator[Shop]:
    with opened_shop(
        tmp_path / "shop", commands, SQLITE, server, readers=READERS, max_per_second=A_SECOND
    ) as opened:
        yield opened


def test_processes_share_one_batch_and_one_pace(shop: Shop, server: MailServer) -> None:
    sender = shop.start_send("--processes", "3")
    sender.wait_until(lambda: server.size > 0)
    first_at, first = time.monotonic(), server.size
    sender.wait_until(lambda: server.size >= READERS)
    seconds = time.monotonic() - first_at
    said = sender.end().done()
    assert said.data["sent"] == READERS
    assert said.out.count("\n") == 1, "one report"
    assert len(_sent_by_owner(shop)) == 3
    # Ten permits may be under way in each process when the first message arrives.
    assert (READERS - first - 3 * 10) / seconds <= 1.05 * A_SECOND
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_a_process_that_is_killed_is_told_and_the_others_go_on(
    shop: Shop, server: MailServer
) -> None:
    sender = shop.start_send("--processes", "3")
    sender.wait_until(lambda: server.size >= 10)
    os.kill(_sending(sender)[0], signal.SIGKILL)
    said = sender.end()
    assert said.code in (ExitCode.DONE, ExitCode.RUN_AGAIN), said
    assert "process_died" in [each["code"] for each in said.json["warnings"]]
    assert set(shop.stage.states("day-01")) <= {"sent", "in_doubt"}
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=2)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.RUN_AGAIN), (signal.SIGINT, ExitCode.INTERRUPTED)],
)
def test_a_signal_finishes_what_is_in_flight_in_all(
    shop_on_sqlite: Shop, server: MailServer, number: signal.Signals, code: ExitCode
) -> None:
    shop = shop_on_sqlite
    sender = shop.start_send("--processes", "2")
    sender.wait_until(lambda: server.size >= 10)
    for pid in (sender.pid, *_sending(sender)):  # Ctrl-C reaches all of them
        if pid == sender.pid or number == signal.SIGINT:
            os.kill(pid, number)
    assert sender.end().code == code
    states = shop.stage.states("day-01")
    assert set(states) == {"sent", "planned"}
    assert states["sent"] == server.size
    assert shop.start_send("--processes", "2").end().done().data["sent"] == states["planned"]
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_processes_end_when_their_command_is_killed(
    shop_on_sqlite: Shop, server: MailServer
) -> None:
    sender = shop_on_sqlite.start_send("--processes", "2")
    sender.wait_until(lambda: server.size >= 10)
    sending = _sending(sender)
    assert len(sending) == 2
    sender.kill()
    _wait_until(lambda: not any(map(_is_alive, sending)))
    assert set(shop_on_sqlite.stage.states("day-01")) == {"sent", "planned"}


def test_processes_that_die_again_and_again_end_the_pass(
    shop_on_sqlite: Shop, server: MailServer
) -> None:
    shop = shop_on_sqlite
    sender = shop.start_send("--processes", "2")
    while sender.code is None:
        for pid in _sending(sender):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    said = sender.end()
    assert said.code == ExitCode.UNREACHABLE
    assert "die again and again" in said.json["errors"][0]["message"]
    _finish(shop)
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=4)


def test_a_pause_holds_in_all_processes(shop_on_sqlite: Shop, server: MailServer) -> None:
    shop = shop_on_sqlite
    sender = shop.start_send("--processes", "2")
    sender.wait_until(lambda: server.size >= 10)
    assert shop.start("pause", "--now", DAY_1_AT_NINE).end().code == 0
    before = server.size
    said = sender.end()
    assert said.code == ExitCode.RUN_AGAIN
    assert said.json["data"]["remaining"] == READERS - server.size > 0
    assert server.size <= before + 2 * ONE_CLAIM


def test_a_run_sends_with_several_processes(
    tmp_path: Path, commands: Commands, database_url: str
) -> None:
    with opened_shop(tmp_path / "shop", commands, database_url, readers=60, days=3) as shop:
        until = ("--now", DAY_1_AT_NINE, "--until", "2027-02-03T12:00+01:00")
        said = shop.start("run", "--yes", "--json", "--processes", "2", *until).end()
        assert said.code == ExitCode.DONE
        states = [shop.stage.states(f"day-{day:02}") for day in (1, 2, 3)]
        assert states == [{"sent": 60}] * 3
        assert len(list((shop.folder / "outbox" / "new").iterdir())) == 180


def test_all_processes_together_keep_to_a_limit_of_connections(
    tmp_path: Path, commands: Commands
) -> None:
    """The command itself keeps none: each process has its own."""
    with (
        SmtpServer(SmtpServerOptions(connections_at_once=2)) as limited,
        opened_shop(tmp_path / "shop", commands, SQLITE, readers=60, max_per_second=20) as shop,
    ):
        provider = f"smtp://127.0.0.1:{limited.port}?connections=2"
        said = shop.start_send("--processes", "2", LOVECAMPAIGN_PROVIDER=provider).end().done()
        assert said.data["sent"] == 60
        assert len(_sent_by_owner(shop)) == 2


def test_more_processes_than_connections_are_refused(
    shop_on_sqlite: Shop, server: MailServer
) -> None:
    said = shop_on_sqlite.start_send("--processes", "5").end()
    assert said.code == ExitCode.USAGE
    assert "5 processes share 4 connections" in said.json["errors"][0]["message"]
    assert "?connections=10" in said.json["errors"][0]["hint"]


def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path, commands: Commands) -> None:
    seed = int(os.environ.get("LOVECAMPAIGN_SEED") or random.randrange(2**32))
    sys.stdout.write(f"LOVECAMPAIGN_SEED={seed}\n")
    chance, disturbed = random.Random(seed), Counter[str]()
    with (
        running_server(Kind.SMTP, tmp_path / "chaos.log") as server,
        opened_shop(
            tmp_path / "shop", commands, SQLITE, server, readers=CHAOS_READERS, max_per_second=400
        ) as shop,
    ):
        while disturbed.total() < DISTURBANCES and not _is_finished(shop):
            sender = shop.start_send("--processes", "3")
            while sender.code is None and disturbed.total() < DISTURBANCES:
                _let_some_mail_out(sender, server, chance)
                disturbed[_disturb(sender, chance)] += 1
            said = sender.end()
            assert said.code in (0, ExitCode.RUN_AGAIN, -signal.SIGKILL), said
        _finish(shop)
        evidence = shop.evidence(server)
        evidence.prove(CHAOS_READERS, most_in_doubt_a_sender=2)
    sys.stdout.write(f"{dict(disturbed)}, {evidence.doubts.total()} in doubt\n")


def _let_some_mail_out(sender: Command, server: MailServer, chance: random.Random) -> None:
    enough = server.size + chance.randint(0, CHAOS_READERS // DISTURBANCES)
    until = time.monotonic() + 5
    while server.size < enough and sender.code is None and time.monotonic() < until:
        time.sleep(0.002)


def _disturb(sender: Command, chance: random.Random) -> str:
    """One disturbance of the command, or of one of its processes; returns its name."""
    sending = _sending(sender)
    kinds = ["kill the command", "SIGTERM"] + ["kill a process", "suspend a process"] * 2
    kind = chance.choice(kinds)
    pid = chance.choice(sending) if sending else 0
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        if kind == "kill the command":
            sender.kill()
        elif kind == "SIGTERM":
            os.kill(sender.pid, signal.SIGTERM)
            sender.end()
        elif not pid:
            return "nothing"
        elif kind == "kill a process":
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(chance.uniform(0.1, 0.5))
            os.kill(pid, signal.SIGCONT)
    return kind


def _finish(shop: Shop) -> None:
    """Run the same command again until nothing is left; processes of killed ones end meanwhile."""
    for _ in range(5):
        said = shop.start_send("--processes", "3").end()
        assert said.code in (0, ExitCode.RUN_AGAIN), said
        if _is_finished(shop):
            return
    pytest.fail(f"not finished: {shop.stage.states('day-01')}")


def _is_finished(shop: Shop) -> bool:
    states = shop.stage.states("day-01")
    return bool(states) and not set(states) & {"planned", "claimed"}


def _sent_by_owner(shop: Shop) -> Counter[int]:
    with shop.stage.database.read() as connection:
        return Counter(connection.scalars(sa.select(tables.delivery.c.owner_id)))


def _sending(command: Command) -> list[int]:
    """The processes that the fork server of a command has forked."""
    return [pid for server in _children(command.pid) for pid in _children(server)]


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, ppid, *_ = stat.read_text().rpartition(")")[2].split()
            if int(ppid) == parent and state != "Z":
                found.append(int(stat.parent.name))
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
