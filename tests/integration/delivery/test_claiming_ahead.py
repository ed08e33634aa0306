"""What becomes of letters that were claimed while others were on the wire?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import delivery
from tests.support.stage import Stage


class Leaving(MemoryProvider):
    """Takes twelve letters and is away then."""

    is_throttled = True
    claim_size = 10

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        for message in messages:
            if len(self.sent) < 12:
                yield from super().send([message], flight)
            else:
                yield _nobody_answers(message)


def _nobody_answers(message: Message) -> Outcome:
    return Outcome(
        delivery_id=message.delivery_id,
        kind=OutcomeKind.TRANSIENT,
        fault=FaultKind.PROVIDER,
        detail="nobody answers",
        is_unasked=True,
    )


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    found = Stage(settings, database, days=1, max_per_second="unlimited")
    found.memory.is_throttled = True  # as somebody else's server: then claims are made ahead
    found.memory.claim_size = 10
    found.add_readers(45)
    return found


def test_everybody_gets_one_letter(stage: Stage) -> None:
    report = stage.send()
    assert (report.sent, report.remaining) == (45, 0)
    assert len(set(stage.addresses())) == 45


def test_a_long_journal_is_cut_while_claims_are_made_ahead(stage: Stage) -> None:
    with stage.sender() as sender:
        sender.owner.journal.longest_bytes = 1
        assert not sender.owner.journal.is_long
        sender.owner.journal.writing("x")
        assert sender.owner.journal.is_long
    assert stage.send().sent == 45


def test_refusals_of_us_stop_the_letters_that_were_claimed_ahead(stage: Stage) -> None:
    asked: list[str] = []

    def refuse(message: Message) -> Verdict:
        asked.append(message.to.email)
        return Verdict(kind=OutcomeKind.PERMANENT, fault=FaultKind.POLICY, detail="we are listed")

    stage.memory.script = refuse
    report = stage.send()
    assert len(asked) == 5, "as many as pause a campaign, and none of the chunk behind"
    assert report.remaining == 45
    assert _attempts(stage) == {1: 5, 0: 40}, "a claim that was put back counts as no try"


def test_a_server_that_goes_away_leaves_nothing_claimed(stage: Stage) -> None:
    stage.provider = Leaving()
    with pytest.raises(Unreachable):
        stage.send()
    assert stage.states("day-01") == {"sent": 12, "planned": 33}
    stage.provider = MemoryProvider()
    assert stage.send().sent == 33


def test_letters_to_be_tried_again_hold_up_nobody(stage: Stage) -> None:
    stage.memory.script = lambda message: (
        transient("full", fault=FaultKind.MAILBOX)
        if "reader7@" in message.to.email
        else accepted("taken")
    )
    report = stage.send()
    assert (report.sent, report.retry_later) == (44, 1)


def _attempts(stage: Stage) -> dict[int, int]:
    with stage.database.read() as connection:
        rows = connection.execute(
            sa.select(delivery.c.attempts, sa.func.count()).group_by(delivery.c.attempts)
        )
        return {row[0]: row[1] for row in rows}
