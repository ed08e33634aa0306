"""What is written, and what was answered, is on file when the call returns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.store.sending.flight_journal import (
    STEP_BYTES,
    FlightJournal,
    locked_if_dead,
    read_flight,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FlightJournal]:
    journal = FlightJournal(tmp_path / "a.journal")
    yield journal
    journal.close()


def lines(journal: FlightJournal) -> list[str]:
    written = journal.path.read_bytes().rstrip(b"\0").decode()
    return [line[:5] for line in written.split("\n") if line]


def yes(delivery_id: str) -> Outcome:
    return Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED, detail='"ok" – é')


def test_lines_are_on_file_at_once(journal: FlightJournal) -> None:
    journal.writing("one")
    assert lines(journal) == ["W one"]
    journal.answered(yes("one"))
    assert lines(journal) == ["W one", "A one"]
    refused = Outcome(delivery_id="two", kind=OutcomeKind.PERMANENT, fault=FaultKind.RECIPIENT)
    journal.writing("two", "three")
    journal.answered(refused, yes("three"))
    assert lines(journal) == ["W one", "A one", "W two", "W thr", "A two", "A thr"]
    found = read_flight(journal.path)
    assert found is not None
    assert found.outcomes == {"one": yes("one"), "two": refused, "three": yes("three")}


def test_it_grows_as_far_as_it_must(journal: FlightJournal) -> None:
    ids = [f"{number:040d}" for number in range(3 * STEP_BYTES // 40)]
    for delivery_id in ids:
        journal.writing(delivery_id)
    journal.writing(*ids)
    found = read_flight(journal.path)
    assert found is not None
    assert found.written == frozenset(ids)


def test_it_begins_anew_in_the_same_file(journal: FlightJournal) -> None:
    journal.longest_bytes = 1
    journal.writing("one")
    journal.truncate_if_long()
    assert journal.path.stat().st_size == 0
    journal.writing("two")
    assert lines(journal) == ["W two"]


def test_whoever_closes_it_is_dead_at_once(tmp_path: Path) -> None:
    """The mapping holds the file open too, and the lock would stay with it."""
    journal = FlightJournal(tmp_path / "closed.journal")
    journal.writing("one")
    with locked_if_dead(journal.path) as is_dead:
        assert not is_dead
    journal.close()
    with locked_if_dead(journal.path) as is_dead:
        assert is_dead


def test_a_disk_without_room_is_told_before_a_line_is_written(
    journal: FlightJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.writing("one")
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", _full)
        with pytest.raises(Unreachable, match=r"a\.journal cannot be written: No space left"):
            journal.writing("x" * STEP_BYTES)
    journal.writing("two")
    assert lines(journal) == ["W one", "W two"]


def test_a_journal_that_cannot_begin_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(os, "posix_fallocate", _full)
    with pytest.raises(Unreachable, match="No space left"):
        FlightJournal(tmp_path / "a.journal")
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files


def _full(_file: int, _start: int, _size: int) -> None:
    raise OSError(28, "No space left on device")
