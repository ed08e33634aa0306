"""What is written must be on file first; what was answered may wait for the next line, not long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lovecampaign.message import Fault, Outcome, OutcomeKind
from lovecampaign.store import journal as journal_module
from lovecampaign.store.journal import FlightJournal, read_flight

LONG = journal_module.LONGEST_WAIT_SECONDS * 1.5


@pytest.fixture
def journal(tmp_path: Path) -> FlightJournal:
    return FlightJournal(tmp_path / "a.journal")


def lines(journal: FlightJournal) -> list[str]:
    return [line[:5] for line in journal.path.read_text().split("\n") if line]


def yes(delivery_id: str) -> Outcome:
    return Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED, detail='"ok" – é')


def test_an_answer_goes_with_the_next_message_where_those_follow_at_once(
    journal: FlightJournal,
) -> None:
    journal.writing("one")
    assert lines(journal) == ["W one"]
    journal.answered(yes("one"))
    journal.writing("two")
    assert lines(journal) == ["W one", "A one", "W two"]


def test_an_answer_that_comes_late_is_on_file_at_once(journal: FlightJournal) -> None:
    journal.writing("one")
    time.sleep(LONG)
    journal.answered(yes("one"))
    assert lines(journal) == ["W one", "A one"]


def test_a_refusal_does_not_wait(journal: FlightJournal) -> None:
    """It tells that the message did not arrive: nothing else does."""
    journal.writing("one", "two")
    journal.answered(yes("one"))
    refused = Outcome(delivery_id="two", kind=OutcomeKind.PERMANENT, fault=Fault.RECIPIENT)
    journal.answered(refused)
    assert lines(journal) == ["W one", "W two", "A one", "A two"]


def test_the_people_of_a_request_do_not_wait_for_another_request(journal: FlightJournal) -> None:
    journal.writing("one", "two")
    journal.answered(yes("one"), yes("two"))
    assert lines(journal) == ["W one", "W two", "A one", "A two"]


def test_nothing_waits_when_a_chunk_is_over(journal: FlightJournal) -> None:
    with journal.caught_up():
        journal.writing("one")
        journal.answered(yes("one"))
    found = read_flight(journal.path)
    assert found is not None
    assert found.outcomes == {"one": yes("one")}


def test_what_waits_is_forgotten_with_the_rest(journal: FlightJournal) -> None:
    journal.longest_bytes = 1
    journal.writing("one")
    journal.answered(yes("one"))
    journal.begin_anew_if_long()
    journal.writing("two")
    assert lines(journal) == ["W two"]
