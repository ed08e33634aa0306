"""Several commands at once: senders share the work, and what others decide counts at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.core.errors import ExitCode
from lovecampaign.testing.campaigns import write_campaign
from tests.chaos.commands import Commands
from tests.chaos.servers import Kind, MailServer, running_server
from tests.chaos.workspace import DAY_1_AT_NINE, SECRET, Shop, opened_shop

READERS = 300
#: Slow enough to step in on a busy machine: the last readers are claimed after four seconds.
A_SECOND = 60
#: A sender claims as much as leaves in two seconds.
ONE_CHUNK = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with running_server(Kind.SMTP, tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def shop(
    tmp_path: Path, commands: Commands, database_url: str, server: MailServer
) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    with opened_shop(
        folder, commands, database_url, server, readers=READERS, max_per_second=A_SECOND
    ) as opened:
        yield opened


def test_senders_at_the_same_time_share_the_work(
    tmp_path: Path, commands: Commands, database_url: str, server: MailServer
) -> None:
    with opened_shop(tmp_path / "shop", commands, database_url, server, readers=READERS) as shop:
        senders = [shop.start_send() for _ in range(3)]
        said = [sender.end() for sender in senders]
        assert {each.code for each in said} <= {ExitCode.DONE, ExitCode.RUN_AGAIN}
        assert sum(each.json["data"]["sent"] for each in said) == READERS
        evidence = shop.evidence(server)
        evidence.prove(READERS, most_in_doubt_a_sender=0)


def test_a_second_sender_leaves_the_claims_of_the_first_alone(
    shop: Shop, server: MailServer
) -> None:
    first = shop.start_send()
    first.wait_until(lambda: server.size >= 20)
    second = shop.start_send().end()
    assert first.end().json["data"]["sent"] + second.json["data"]["sent"] == READERS
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_a_sender_finishes_what_another_leaves_that_dies_meanwhile(
    shop: Shop, server: MailServer
) -> None:
    first = shop.start_send()
    first.wait_until(lambda: server.size >= 10)
    second = shop.start_send()
    second.wait_until(lambda: shop.stage.states("day-01").get("claimed", 0) > ONE_CHUNK)
    assert first.kill()
    assert second.end().code in (ExitCode.DONE, ExitCode.RUN_AGAIN)
    shop.evidence(server).prove(READERS, server.most_in_the_air)


def test_four_processes_may_meet_an_empty_database(
    tmp_path: Path, commands: Commands, database_url: str
) -> None:
    write_campaign(tmp_path, days=1)
    (tmp_path / "people.csv").write_text("email\nana@readers.example\nben@readers.example\n")
    settings = {"LOVECAMPAIGN_DATABASE_URL": database_url, "LOVECAMPAIGN_SECRET_KEY": SECRET}
    send = ("send", "--json", "--now", DAY_1_AT_NINE)
    senders = [commands.start(*send, folder=tmp_path, settings=settings) for _ in range(4)]
    assert [sender.end().done().data["due"] for sender in senders] == [0] * 4
    add = ("subscribers", "import", "people.csv", "--apply", "--list", "readers")
    commands.start(*add, "--now", "2027-01-10T12:00Z", folder=tmp_path, settings=settings).end()
    senders = [commands.start(*send, folder=tmp_path, settings=settings) for _ in range(4)]
    said = [sender.end() for sender in senders]
    # On PostgreSQL a sender may still see as remaining what another is about to claim.
    assert {each.code for each in said} <= {ExitCode.DONE, ExitCode.RUN_AGAIN}
    assert sum(each.json["data"]["sent"] for each in said) == 2
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 2


def test_who_leaves_in_the_middle_of_a_send_gets_nothing(shop: Shop, server: MailServer) -> None:
    sender = shop.start_send()
    sender.wait_until(lambda: server.size >= 10)
    last = f"reader{READERS}@readers.example"
    assert shop.start("subscribers", "unsubscribe", last, "--now", DAY_1_AT_NINE).end().code == 0
    said = sender.end().done()
    assert (said.data["sent"], said.data["skipped"]) == (READERS - 1, 1)
    assert last not in _recipients(server)


def test_a_pause_in_the_middle_holds_from_the_next_claim_on(shop: Shop, server: MailServer) -> None:
    sender = shop.start_send()
    sender.wait_until(lambda: server.size >= 10)
    assert shop.start("pause", "--now", DAY_1_AT_NINE).end().code == 0
    before = server.size
    said = sender.end()
    assert said.code == ExitCode.RUN_AGAIN
    data = said.json["data"]
    assert data["sent"] + data["remaining"] == READERS
    assert data["remaining"] > 0
    assert server.size <= before + ONE_CHUNK
    assert shop.start("resume", "--now", DAY_1_AT_NINE).end().code == 0
    assert shop.start_send().end().done().data["sent"] == data["remaining"]
    shop.evidence(server).prove(READERS, most_in_doubt_a_sender=0)


def test_a_cancel_in_the_middle_holds_from_the_next_claim_on(
    shop: Shop, server: MailServer
) -> None:
    sender = shop.start_send()
    sender.wait_until(lambda: server.size >= 10)
    cancel = shop.start("cancel", "day-01", "--now", DAY_1_AT_NINE).end()
    assert cancel.code == 0, cancel
    before = server.size
    said = sender.end()
    assert server.size <= before + ONE_CHUNK
    states = shop.stage.states("day-01")
    assert set(states) == {"sent", "cancelled"}
    assert states["sent"] == said.json["data"]["sent"] == server.size
    assert shop.start_send().end().done().data["due"] == 0


def _recipients(server: MailServer) -> Counter[str]:
    lines = server.log.read_text().splitlines()
    return Counter(line.partition("\t")[2] for line in lines)
