"""Whose fault a refusal is, in the sending loop and for transactional mail, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import FaultKind, Message
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.transactional.worker import send_transactional
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import (
    Verdict,
    accepted,
    hold_for_quota,
    permanent,
    transient,
)
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign, pause, record_campaign, resume
from lovecampaign.store.ledger.take_back import read_streak
from tests.support.signup import apply
from tests.support.stage import DAY_1, Stage

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database)


def test_a_domain_without_a_server_rests_and_its_day_of_giving_up_is_one_soft_bounce(
    stage: Stage,
) -> None:
    stage.add_readers(12)
    _move_to_domain(stage, 3, 12, "gone.example")
    asked: list[str] = []

    def answer(message: Message) -> Verdict:
        asked.append(message.to.email)
        is_gone = message.to.email.endswith("@gone.example")
        return transient("550 5.1.2 no host", FaultKind.DESTINATION) if is_gone else accepted()

    stage.provider = MemoryProvider(answer)
    first = stage.send(DAY_1)
    assert (first.sent, first.failed, first.retry_later) == (2, 0, 10)
    assert [address for address in asked if "gone" in address] == ["reader3@gone.example"]
    assert stage.send(DAY_1 + 14 * MINUTE).due == 10
    assert len(asked) == 3
    for hour in range(1, 9):
        stage.send(DAY_1 + hour * 70 * MINUTE)
    assert stage.reasons("day-01") == {"gave_up": 1}
    assert _count(stage, tables.event) == 1


@pytest.mark.parametrize("fault", [FaultKind.RECIPIENT, FaultKind.UNCLEAR, FaultKind.POLICY])
def test_the_same_reply_to_five_in_a_row_pauses_puts_back_and_suppresses_no_address(
    stage: Stage, fault: FaultKind
) -> None:
    """Also where the five are of two chunks; the numbers and addresses differ."""
    stage.add_readers(20)
    numbers = iter(range(100))

    def answer(message: Message) -> Verdict:
        number = next(numbers)
        if number < 2:
            return accepted()
        words = f"550 5.1.1 <{message.to.email}> not us, id {number}AB{number}"
        return permanent(words, fault)

    stage.provider = MemoryProvider(answer)
    stage.memory.claim_size = 4
    report = stage.send(DAY_1)
    assert (report.sent, report.failed, report.remaining) == (2, 0, 18)
    assert not [each for each in report.problems if each.code == "LC904"]
    assert stage.states("day-01") == {"sent": 2, "planned": 18}
    assert (_count(stage, tables.suppression), _count(stage, tables.event)) == (0, 0)
    assert "not us" in _pause_reason(stage)
    assert _email_counts(stage) == (2, 0)
    _resume(stage)
    stage.provider = MemoryProvider()
    assert stage.send().sent == 18


def test_five_full_mailboxes_alike_are_no_soft_bounces(stage: Stage) -> None:
    stage.add_readers(6)
    stage.provider = MemoryProvider(lambda _: transient("552 over quota", FaultKind.MAILBOX))
    stage.memory.claim_size = 3
    stage.send(DAY_1)
    assert "over quota" in _pause_reason(stage)
    assert _count(stage, tables.event) == 0


def test_different_replies_and_acceptances_end_the_row(stage: Stage) -> None:
    stage.add_readers(10)
    rejected = permanent("550 no such user", FaultKind.RECIPIENT)
    answers = iter([accepted(), *[rejected] * 4, accepted(), *[rejected] * 4])
    stage.provider = MemoryProvider(lambda _: next(answers))
    assert (stage.send(DAY_1).failed, _pause_reason(stage)) == (8, "")
    assert _count(stage, tables.suppression) == 8


def test_rejections_in_a_row_go_on_from_one_process_to_the_next(stage: Stage) -> None:
    stage.add_readers(9)
    numbers = iter(range(100))
    stage.provider = MemoryProvider(
        lambda _: permanent(f"550 5.1.1 not Ana, id {next(numbers)}", FaultKind.RECIPIENT)
    )
    assert [stage.send(DAY_1, limit=1).failed for _ in range(4)] == [1, 1, 1, 1]
    assert (_pause_reason(stage), _count(stage, tables.suppression)) == ("", 4)
    assert not _streak(stage).lower().count("ana"), "words may name a person"
    last = stage.send(limit=1)
    assert (last.failed, last.remaining, last.problems) == (0, 9, ())
    assert "5 recipients in a row" in _pause_reason(stage)
    assert (stage.states("day-01"), _count(stage, tables.suppression)) == ({"planned": 9}, 0)
    assert _streak(stage) == ""


def test_an_acceptance_or_a_resume_ends_the_row_of_other_processes(stage: Stage) -> None:
    stage.add_readers(12)
    rejected = permanent("550 no such user", FaultKind.RECIPIENT)
    answers = iter([rejected] * 4 + [accepted()] + [rejected] * 7)
    stage.provider = MemoryProvider(lambda _: next(answers))
    for _ in range(9):
        stage.send(DAY_1, limit=1)
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        pause(connection, record.id, DAY_1, "by hand")
    _resume(stage)
    assert [stage.send(limit=1).failed for _ in range(3)] == [1, 1, 1]
    assert _pause_reason(stage) == ""
    assert stage.states("day-01") == {"failed": 11, "sent": 1}


def test_a_pass_of_which_nothing_is_taken_is_put_back_whatever_the_words(stage: Stage) -> None:
    stage.add_readers(3)
    words = iter(["no such user", "unknown mailbox", "invalid recipient"])
    stage.provider = MemoryProvider(lambda _: permanent(next(words), FaultKind.RECIPIENT))
    report = stage.send(DAY_1)
    assert (report.failed, report.remaining, _count(stage, tables.suppression)) == (0, 3, 0)
    assert "invalid recipient" in _pause_reason(stage)


def test_a_pass_of_full_mailboxes_alone_counts_no_soft_bounce(stage: Stage) -> None:
    stage.add_readers(4)
    stage.provider = MemoryProvider(lambda _: transient("552 over quota", FaultKind.MAILBOX))
    assert stage.send(DAY_1).remaining == 4
    assert _count(stage, tables.event) == 0
    assert "over quota" in _pause_reason(stage)


def test_addresses_that_are_dead_in_truth_pause_no_more_once_others_were_taken(
    stage: Stage,
) -> None:
    stage.add_readers(12)

    def answer(message: Message) -> Verdict:
        number = int(message.to.email.removeprefix("reader").partition("@")[0])
        return permanent("550 no such user", FaultKind.RECIPIENT) if number < 6 else accepted()

    stage.provider = MemoryProvider(answer)
    for minute in range(3):  # nothing was taken before: the five pause twice
        assert stage.send(DAY_1 + minute * MINUTE).sent == (7 if minute == 2 else 0)
        if minute < 2:
            _resume(stage)
    report = stage.send(DAY_1 + 20 * MINUTE)
    assert (report.failed, _pause_reason(stage)) == (5, "")
    assert _count(stage, tables.suppression) == 5


def test_our_quota_holds_the_next_runs_of_all_processes_and_confirmations(stage: Stage) -> None:
    stage.add_readers(4)
    asked: list[str] = []

    def answer(message: Message) -> Verdict:
        asked.append(message.to.email)
        return hold_for_quota("550 5.4.5 daily sending quota exceeded")

    stage.provider = MemoryProvider(answer)
    stage.send(DAY_1)
    apply(stage, DAY_1)
    held = _send_transactional(stage, DAY_1 + 5 * MINUTE)
    report = stage.send(DAY_1 + 5 * MINUTE)
    assert (len(asked), report.sent, report.remaining + report.retry_later) == (1, 0, 4)
    assert "quota exceeded" in held[stage.campaign.id]
    assert [each.code for each in report.problems] == ["quota"]
    stage.provider = MemoryProvider()
    assert _send_transactional(stage, DAY_1 + 16 * MINUTE) == {}
    assert stage.send().sent == 4
    assert len(stage.memory.sent) == 5
    assert _count(stage, tables.event) == 0


def test_a_pause_about_us_holds_confirmations_until_the_resume_and_one_by_hand_does_not(
    stage: Stage,
) -> None:
    record = record_campaign(stage.database, stage.campaign)
    for name, holds_mail in (("ana", True), ("ben", False)):
        apply(stage, DAY_1, f"{name}@reader.example")
        with stage.database.write() as connection:
            pause(connection, record.id, DAY_1, "they reject us", holds_mail=holds_mail)
        held = _send_transactional(stage, DAY_1)
        assert held == ({stage.campaign.id: "they reject us"} if holds_mail else {})
        assert len(stage.memory.sent) == (0 if holds_mail else 2)
        _resume(stage)


def test_the_same_rejection_of_five_confirmations_puts_them_back_and_rests_for_minutes(
    stage: Stage,
) -> None:
    for number in range(6):
        apply(stage, DAY_1, f"new{number}@reader.example")
    stage.provider = MemoryProvider(lambda _: permanent("550 no user", FaultKind.RECIPIENT))
    with stage.sender() as sender:
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
        assert _count(stage, tables.suppression) == 0
        stage.memory.script = lambda _: accepted()
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
        assert stage.memory.sent == []
        stage.clock.move_to(DAY_1 + 6 * MINUTE)
        assert not send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
    assert len(stage.memory.sent) == 6


def _send_transactional(stage: Stage, now: datetime) -> Mapping[str, str]:
    stage.clock.move_to(now)
    with stage.sender() as sender:
        return send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())


def _pause_reason(stage: Stage) -> str:
    record = find_campaign(stage.database, stage.campaign)
    return (record.pause_reason or "") if record else ""


def _streak(stage: Stage) -> str:
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.read() as connection:
        return read_streak(connection, record.id)


def _resume(stage: Stage) -> None:
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        resume(connection, record.id)


def _email_counts(stage: Stage) -> tuple[int, int]:
    with stage.database.read() as connection:
        row = connection.execute(
            sa.select(tables.email.c.accepted, tables.email.c.hard_bounces).where(
                tables.email.c.key == "day-01"
            )
        ).one()
    return row.accepted, row.hard_bounces


def _move_to_domain(stage: Stage, first: int, last: int, domain: str) -> None:
    with stage.database.write() as connection:
        for number in range(first, last + 1):
            address = f"reader{number}@{domain}"
            connection.execute(
                sa.update(tables.subscriber)
                .where(tables.subscriber.c.address_key == f"reader{number}@readers.example")
                .values(address_key=address, email=address)
            )


def _count(stage: Stage, table: sa.Table) -> int:
    with stage.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
