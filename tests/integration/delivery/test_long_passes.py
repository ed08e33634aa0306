"""What a long pass does on its way: it takes over from the dead, and keeps its journal short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import BatchHandle, SendingProcess
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.prepare.readiness import EditPolicy, prepare_email
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.due import list_due_batches
from lovecampaign.store.sending.flight_journal import FlightJournal, read_flight
from tests.support.stage import DAY_1, Stage


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=2)


class Kill(BaseException):
    """The process is gone in the middle of a message."""


def test_claims_of_a_sender_that_dies_are_taken_over_between_two_chunks(stage: Stage) -> None:
    stage.add_readers(30)
    _die(stage, after=5)
    stage.provider = MemoryProvider()
    with stage.sender() as sender:
        watch = RecoveryTimer(sender=sender, seconds_between=0)
        watch.run_if_due()
        assert watch.recovered.put_back == 25
        patient = RecoveryTimer(sender=sender)
        patient.run_if_due()
        assert patient.recovered.put_back == 0, "not before ten seconds have gone"


def test_a_batch_lets_its_pass_look_around_before_each_chunk(stage: Stage) -> None:
    stage.add_readers(25)
    stage.memory.claim_size = 10
    looks: list[int] = []
    with stage.sender() as sender:
        _deliver(stage, sender, lambda: looks.append(len(stage.memory.sent)))
    assert looks == [0, 10, 20]


def test_a_journal_begins_anew_when_it_is_long(tmp_path: Path) -> None:
    found = FlightJournal(tmp_path / "long.journal")
    found.writing("one")
    found.truncate_if_long()
    assert "one" in _written(found)
    found.longest_bytes = 1_000
    while not found.is_long:
        found.answered(Outcome(delivery_id="one", kind=OutcomeKind.ACCEPTED, detail="x" * 300))
    found.truncate_if_long()
    assert _written(found) == frozenset()
    found.writing("two")
    assert _written(found) == {"two"}
    found.close()


def test_the_journal_of_a_long_pass_holds_no_more_than_the_last_chunks(stage: Stage) -> None:
    stage.add_readers(60)
    stage.memory.claim_size = 10
    sizes: list[int] = []

    stage.memory.script = lambda _message: accepted("x" * 300)
    with stage.sender() as sender:
        path = sender.owner.journal.path
        sender.owner.journal.longest_bytes = 8_000  # two chunks
        _deliver(stage, sender, lambda: sizes.append(_written_bytes(path)))
    assert stage.states("day-01") == {"sent": 60}
    assert max(sizes) < 10_000
    assert sizes.count(0) == 3


def test_a_death_right_after_the_journal_began_anew_puts_everybody_back(stage: Stage) -> None:
    stage.add_readers(60)
    stage.memory.claim_size = 10
    stage.memory.script = lambda _message: accepted("x" * 300)

    with pytest.raises(Kill):
        _die_when_the_journal_begins_anew(stage)
    sent = len(stage.memory.sent)
    assert 0 < sent < 60
    assert stage.send().in_doubt == 0
    assert sorted(stage.addresses()) == sorted(set(stage.addresses()))
    assert len(stage.memory.sent) == 60


def test_nobody_is_scanned_for_a_digest_once_it_is_too_late_for_one(
    settings: Settings, database: Database
) -> None:
    """Planning marks the catch-up as over, as it does a day's email."""
    stage = Stage(settings, database, days=3, late_joiners="catch-up")
    stage.add_readers(1)
    for number in range(6):
        stage.send(DAY_1 + number * timedelta(days=1))
    with stage.database.read() as connection:
        row = connection.exec_driver_sql("SELECT planned_at FROM email WHERE key = 'catch-up'")
        assert row.scalar() is not None


def test_a_digest_is_still_planned_for_who_joins_later(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, days=3, late_joiners="catch-up")
    stage.add_readers(1)
    stage.send(DAY_1)
    stage.send(DAY_1 + timedelta(days=1))
    stage.add_readers(1, name="late", joined_at=DAY_1 + timedelta(days=1, hours=1))
    stage.send(DAY_1 + timedelta(days=2))
    assert stage.states("catch-up") == {"sent": 1}


def test_a_server_that_is_away_costs_no_try_and_pauses_nothing(stage: Stage) -> None:
    stage.add_readers(30)
    stage.provider = away = Away()
    with pytest.raises(Unreachable, match="cannot be reached"):
        stage.send(DAY_1)
    assert away.asked == 1, "whom nobody answers is not asked for each message"
    assert stage.states("day-01") == {"planned": 30}
    stage.provider = MemoryProvider()
    assert stage.send(DAY_1).sent == 30


class Away(MemoryProvider):
    """Answers the door, and is gone by the time that mail comes."""

    asked = 0

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        for message in messages:
            self.asked += 1
            yield transient("no connection: refused").on(message)._replace(is_unasked=True)


def _deliver(stage: Stage, sender: SendingProcess, between_chunks: Callable[[], None]) -> None:
    """Day 1 in one batch."""
    record = record_campaign(stage.database, stage.campaign)
    email = stage.campaign.day_emails[0]
    plan_due(stage.database, stage.campaign, record, [email], DAY_1)
    with stage.database.read() as connection:
        [batch] = list_due_batches(connection, stage.campaign, record, {email.key}, DAY_1)
    ready = prepare_email(sender, stage.campaign, record, email, EditPolicy(), lambda _email: ())
    assert ready.job is not None
    handle = BatchHandle(id=batch.id, epoch=batch.epoch)
    deliver_batch(sender, ready.job, handle, between_chunks=between_chunks)


def _die_when_the_journal_begins_anew(stage: Stage) -> None:
    with stage.sender() as sender:
        found = sender.owner.journal
        found.longest_bytes = 8_000

        def die_when_empty() -> None:
            if stage.memory.sent and found.path.stat().st_size == 0:
                raise Kill

        _deliver(stage, sender, die_when_empty)


def _die(stage: Stage, after: int) -> None:
    def killed(_message: Message) -> Verdict:
        if len(stage.memory.sent) == after:
            raise Kill
        return accepted()

    stage.provider = MemoryProvider(killed)
    with pytest.raises(Kill):
        stage.send(DAY_1)


def _written_bytes(journal: Path) -> int:
    """Without the room behind what was written into it."""
    return len(journal.read_bytes().rstrip(b"\0"))


def _written(found: FlightJournal) -> frozenset[str]:
    flight = read_flight(found.path)
    assert flight is not None
    return flight.written
