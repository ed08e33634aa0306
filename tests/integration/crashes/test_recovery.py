"""What a successor makes of the claims of a sender that died, on both databases."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.recovery import RecoveredClaims, recover
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.providers.base.maildir import MaildirProvider
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, accepted, permanent
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.flight_journal import FlightJournal, locked_if_dead, read_flight
from tests.support.stage import DAY_1, Stage


class Dies(Exception):
    """Stands for the death of the process: nothing of ours catches it."""


class Wire(MemoryProvider):
    """Like SMTP, it cannot say afterwards what it took."""

    name = "wire:"

    def has_sent(self, delivery_id: str) -> bool | None:
        return None


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    prepared = Stage(settings, database, days=1)
    prepared.provider = Wire()
    return prepared


def test_the_journal_tells_what_was_answered_and_what_never_left(stage: Stage) -> None:
    stage.add_readers(10)
    _die_after(stage, 4)
    assert stage.states("day-01") == {"claimed": 10}
    assert stage.send().sent == 6
    assert stage.states("day-01") == {"sent": 10}


def test_a_message_that_was_being_written_is_in_doubt_and_not_sent_again(stage: Stage) -> None:
    stage.add_readers(10)
    _die_after(stage, 4)
    _journal(stage).write_text(_without_answer(_journal(stage).read_text(), 4))
    report = stage.send()
    assert (report.sent, report.in_doubt) == (6, 1)
    assert stage.states("day-01") == {"sent": 9, "in_doubt": 1}


def test_after_a_crash_of_the_machine_the_journal_is_not_believed(stage: Stage) -> None:
    stage.add_readers(10)
    _die_after(stage, 4)
    _restart_the_machine(stage)
    report = stage.send()
    assert (report.sent, report.in_doubt) == (0, 10)


def test_a_journal_that_is_gone_tells_nothing(stage: Stage) -> None:
    """Somebody tidied up, or the sender ran in another container of this machine."""
    stage.add_readers(10)
    _die_after(stage, 4)
    _journal(stage).unlink()
    report = stage.send()
    assert (report.sent, report.in_doubt) == (0, 10)


@pytest.mark.parametrize("harm", ["the machine restarts", "the journal is gone"])
def test_an_outbox_settles_what_no_journal_can(stage: Stage, harm: str) -> None:
    stage.add_readers(10)
    stage.provider = MaildirProvider(stage.outbox, is_durable=False)
    _die_after(stage, 4)
    if harm == "the machine restarts":
        _restart_the_machine(stage)
    else:
        _journal(stage).unlink()
    report = stage.send()
    assert (report.sent, report.in_doubt) == (6, 0)
    assert stage.states("day-01") == {"sent": 10}
    assert len(list((stage.outbox / "new").iterdir())) == 10


def test_another_way_out_cannot_tell_what_the_outbox_holds(stage: Stage) -> None:
    stage.add_readers(3)
    stage.provider = MaildirProvider(stage.outbox, is_durable=False)
    _die_after(stage, 2)
    _restart_the_machine(stage)
    stage.provider = Wire()
    assert stage.send().in_doubt == 3


def test_two_successors_at_once_settle_everything_once(stage: Stage) -> None:
    stage.add_readers(40)
    _die_after(stage, 15)
    journal = _journal(stage)
    journal.write_text(_without_answer(journal.read_text(), 15))
    found = sum(_at_once([lambda: _recover(stage)] * 4), start=RecoveredClaims())
    assert found == RecoveredClaims(in_doubt=1, put_back=25)
    assert stage.states("day-01") == {"sent": 14, "in_doubt": 1, "planned": 25}
    assert _accepted(stage) == 14
    assert not journal.exists()


def test_bad_addresses_that_only_the_journal_knows_are_counted(stage: Stage) -> None:
    stage.add_readers(10)
    stage.provider = Wire(lambda _: permanent("no such user", FaultKind.RECIPIENT))
    _die_after(stage, 4)
    _recover(stage)
    with stage.database.read() as connection:
        counts = sa.select(tables.email.c.hard_bounces).where(tables.email.c.key == "day-01")
        assert connection.scalar(counts) == 4


def test_five_rejections_alike_in_a_journal_are_put_back(stage: Stage) -> None:
    stage.add_readers(10)
    stage.provider = Wire(lambda _: permanent("no such user", FaultKind.RECIPIENT))
    _die_after(stage, 5)
    _recover(stage)
    assert stage.states("day-01") == {"planned": 10}


def test_a_journal_of_another_user_is_theirs_to_recover(stage: Stage) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user for a while")
    stage.add_readers(2)
    _die_after(stage, 1)
    journal = _journal(stage)
    os.seteuid(65534)
    try:
        with locked_if_dead(journal) as is_dead:
            assert not is_dead
    finally:
        os.seteuid(0)


def test_a_living_sender_keeps_its_claims(stage: Stage) -> None:
    stage.add_readers(10)
    successors: list[RecoveredClaims] = []

    def let_others_look(_message: Message) -> Verdict:
        if not successors:
            successors.append(_recover(stage))
            assert stage.states("day-01") == {"claimed": 10}
        return accepted()

    stage.provider = Wire(let_others_look)
    assert stage.send(DAY_1).sent == 10
    assert successors == [RecoveredClaims()]


def test_a_late_answer_settles_what_a_successor_doubted(stage: Stage) -> None:
    """The sender lived on, cut off from the database's machine: its answers still count."""
    stage.add_readers(10)
    seen: list[str] = []

    def lose_the_lock(_message: Message) -> Verdict:
        if not seen:
            seen.append("lost")
            with stage.database.write() as connection:
                connection.execute(sa.update(tables.delivery).values(state="in_doubt"))
        return accepted()

    stage.provider = Wire(lose_the_lock)
    stage.send(DAY_1)
    assert stage.states("day-01") == {"sent": 10}


def test_a_torn_last_line_is_only_a_doubt(tmp_path: Path) -> None:
    whole = _written(tmp_path, ["one", "two"])
    for length in range(len(whole)):
        torn = tmp_path / f"{length}.journal"
        torn.write_bytes(whole[:length] + b"\0" * 100)
        flight = read_flight(torn)
        assert flight is not None
        assert set(flight.outcomes) <= {"one", "two"} & flight.written


def test_what_is_noted_of_many_at_once_is_told_of_each(tmp_path: Path) -> None:
    """The people of one request to SendGrid."""
    journal = FlightJournal(tmp_path / "many.journal")
    journal.writing("one", "two", "three")
    taken = Outcome(delivery_id="one", kind=OutcomeKind.ACCEPTED, detail="ok")
    refused = Outcome(delivery_id="two", kind=OutcomeKind.PERMANENT, fault=FaultKind.RECIPIENT)
    journal.answered(taken, refused)
    journal.close()
    flight = read_flight(journal.path)
    assert flight is not None
    assert flight.written == {"one", "two", "three"}
    assert flight.outcomes == {"one": taken, "two": refused}


def test_lines_after_a_torn_one_are_read(tmp_path: Path) -> None:
    """A disk may be full for one line and have space for the next."""
    whole = _written(tmp_path, ["one"])
    path = tmp_path / "torn.journal"
    for length in range(len(whole)):
        journal = _written(tmp_path, ["two"])
        path.write_bytes(whole[:length] + journal)
        flight = read_flight(path)
        assert flight is not None
        assert "two" in flight.written
        assert "two" in flight.outcomes


def _die_after(stage: Stage, answered: int) -> None:
    """A sender that dies between an answer and its next message."""
    left = iter(range(answered - 1))

    def note(_count: int) -> None:
        if next(left, None) is None:
            raise Dies

    stage.clock.move_to(DAY_1)
    with (
        pytest.raises(Dies),
        open_sender(
            stage.settings, stage.database, stage.provider, stage.clock, on_progress=note
        ) as sender,
    ):
        send_due(sender, stage.campaign, PassOptions(), lambda _email: ())


def _restart_the_machine(stage: Stage) -> None:
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.owner).values(boot_id="the one before"))


def _journal(stage: Stage) -> Path:
    [journal] = (stage.settings.workspace / ".lovecampaign").glob("*.journal")
    return journal


def _without_answer(text: str, number: int) -> str:
    lines = [line for line in text.splitlines() if line]
    answers = [line for line in lines if line.startswith("A ")]
    lines.remove(answers[number - 1])
    return "\n".join(lines) + "\n"


def _written(folder: Path, delivery_ids: Sequence[str]) -> bytes:
    """A journal, without the room behind what was written into it."""
    path = folder / "whole.journal"
    path.unlink(missing_ok=True)
    journal = FlightJournal(path)
    for delivery_id in delivery_ids:
        journal.writing(delivery_id)
        journal.answered(Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED, detail="ok"))
    journal.close()
    return path.read_bytes().rstrip(b"\0")


def _recover(stage: Stage) -> RecoveredClaims:
    with stage.sender() as sender:
        return recover(sender)


def _accepted(stage: Stage) -> int:
    with stage.database.read() as connection:
        return connection.scalar(sa.select(sa.func.sum(tables.email.c.accepted))) or 0


def _at_once(tasks: Sequence[Callable[[], RecoveredClaims]]) -> list[RecoveredClaims]:
    results: list[RecoveredClaims] = []
    gate = threading.Barrier(len(tasks))

    def start(task: Callable[[], RecoveredClaims]) -> None:
        gate.wait()
        results.append(task())

    threads = [threading.Thread(target=start, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
