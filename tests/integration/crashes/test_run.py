"""``run`` stays through bad days: a stop, a server that is away, a database that restarts."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.core.errors import ExitCode, Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.loop.send import PassOptions
from lovecampaign.delivery.run import RunPlan, run
from lovecampaign.providers.smtp.connect import Security, SmtpTarget
from lovecampaign.providers.smtp.provider import ConnectionPolicy, SmtpProvider
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer
from tests.chaos.commands import Commands
from tests.chaos.outcomes import is_paused
from tests.chaos.servers import Kind, MailServer, running_server
from tests.chaos.workspace import DAY_1_AT_NINE, opened_shop
from tests.support.postgres import PostgresServer
from tests.support.stage import DAY_1, Stage

READERS = 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with running_server(Kind.SMTP, tmp_path / "server.log") as running:
        yield running


@pytest.mark.parametrize("words", [("run", "--until", "2027-02-01T09:30+01:00"), ("send",)])
def test_sigterm_finishes_what_is_in_flight_and_claims_nothing_more(
    tmp_path: Path,
    commands: Commands,
    database_url: str,
    server: MailServer,
    words: tuple[str, ...],
) -> None:
    with opened_shop(
        tmp_path / "shop", commands, database_url, server, readers=READERS, max_per_second=200
    ) as shop:
        command = shop.start(*words, "--yes", "--json", "--now", DAY_1_AT_NINE)
        command.wait_until(lambda: server.size >= 20)
        command.signal(signal.SIGTERM)
        said = command.end(timeout_seconds=20)
        assert said.code == ExitCode.RUN_AGAIN, "there is more to send"
        told = json.loads(said.out.splitlines()[-1])
        assert (told["ok"], [each["code"] for each in told["errors"]]) == (False, ["remaining"])
        states = shop.stage.states("day-01")
        assert set(states) == {"sent", "planned"}
        assert states["sent"] == server.size
        assert shop.start_send().end().done().data["sent"] == states["planned"]
        shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_sigterm_ends_a_run_that_waits(tmp_path: Path, commands: Commands) -> None:
    with opened_shop(
        tmp_path / "shop", commands, "sqlite:///lovecampaign.db", readers=3, **_day_1_is_now()
    ) as shop:
        command = shop.start("run", "--yes", "--json")
        command.wait_until(lambda: shop.stage.states("day-01") == {"sent": 3})
        command.signal(signal.SIGTERM)
        assert command.end(timeout_seconds=8).code == ExitCode.DONE


def test_a_run_outlives_a_crash_of_its_database(
    tmp_path: Path, commands: Commands, postgres: PostgresServer, server: MailServer
) -> None:
    """The claims were durable, although this server is told not to care for durability."""
    pace = _day_1_is_now(max_per_second=100)
    with (
        postgres.database() as url,
        opened_shop(tmp_path / "shop", commands, url, server, readers=READERS, **pace) as shop,
    ):
        command = shop.start("run", "--yes", "--json")
        command.wait_until(lambda: server.size > 0)  # right after the first claim
        postgres.restart()
        command.wait_until(lambda: server.size >= READERS)
        command.signal(signal.SIGTERM)
        assert command.end().code in (ExitCode.DONE, ExitCode.RUN_AGAIN)
        shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_a_run_outlives_a_way_out_that_goes_away(settings: Settings, database: Database) -> None:
    """Nothing was tried while it was away: nobody has to resume, and no try is counted."""
    stage = Stage(settings, database, days=1, max_per_second="unlimited")
    stage.add_readers(60)
    stage.clock.move_to(DAY_1)
    with SmtpServer(SmtpServerOptions(latency_seconds=0.01)) as first:
        stage.provider = provider = _provider(first.port)
        leaving = threading.Thread(target=_close_after, args=(first, 20))
        leaving.start()
        with contextlib.ExitStack() as later:
            second: list[SmtpServer] = []
            troubles: list[Unreachable] = []

            def come_back_after_a_while(_sender: SendingProcess, until: datetime) -> None:
                assert not is_paused(stage)
                if len(troubles) == 3 and not second:
                    second.append(later.enter_context(SmtpServer(port=first.port)))
                stage.clock.move_to(until)

            run(stage.sender, _plan(stage, troubles), come_back_after_a_while)
        leaving.join()
        provider.close()
    assert "cannot be reached" in troubles[0].message
    [returned] = second
    counts = first.counts + returned.counts
    assert set(counts.values()) == {1}
    states = stage.states("day-01")
    assert states["sent"] + states.get("in_doubt", 0) == 60
    assert states.get("in_doubt", 0) <= 2 * 2


def test_a_run_does_not_begin_without_a_way_out(settings: Settings, database: Database) -> None:
    """At the start somebody is there to read it."""
    stage = Stage(settings, database, days=1)
    with SmtpServer() as server:
        port = server.port
    stage.provider = _provider(port)
    with pytest.raises(Unreachable):
        run(stage.sender, _plan(stage), lambda _sender, _until: pytest.fail("it waits"))


def _provider(port: int) -> SmtpProvider:
    """Asks a server that was away again at once: the test's clock has jumped."""
    server = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK)
    return SmtpProvider(server, connections=2, policy=ConnectionPolicy(cooldown_seconds=0))


def _close_after(server: SmtpServer, messages: int) -> None:
    while len(server.received) < messages:
        time.sleep(0.001)
    server.close()


def _plan(stage: Stage, troubles: list[Unreachable] | None = None) -> RunPlan:
    return RunPlan(
        campaigns=[stage.load],
        checker=lambda _campaign: lambda _email: (),
        options=PassOptions(),
        until=DAY_1 + timedelta(hours=1),
        on_report=lambda _report: None,
        on_outage=(troubles if troubles is not None else []).append,
    )


def _day_1_is_now(**choices: Any) -> dict[str, Any]:
    """A campaign whose first email fell due two minutes ago, by the machine's own clock."""
    due = datetime.now(UTC) - timedelta(minutes=2)
    return {
        "start": due.date(),
        "timezone": "UTC",
        "clock": "campaign",
        "settings": {"sending": {"at": f"{due:%H:%M}"}},
        "joined_at": due - timedelta(days=10),
        **choices,
    }
