"""A long scan without results is delayed; a change of its arguments ends the delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.planning.scan_backoff import LONG_SECONDS, LONGEST_PAUSE, SHARE, ScanBackoff
from tests.support.fast_databases import open_new_database

NOW = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_new_database(Settings(workspace=tmp_path, secret_keys=("test-key",)))
    yield opened
    opened.close()


def _backoff(seconds_each: float) -> ScanBackoff:
    """A back-off by a clock on which each scan takes so long."""
    ticks = (number // 2 * 1000 + number % 2 * seconds_each for number in range(100))
    return ScanBackoff(lambda: next(ticks))


def _counted(found: tuple[int, ...]) -> tuple[list[int], Callable[[], tuple[int, ...]]]:
    calls: list[int] = []

    def scan() -> tuple[int, ...]:
        calls.append(1)
        return found

    return calls, scan


def test_a_long_scan_without_results_pauses_for_its_share_of_the_time(database: Database) -> None:
    backoff, (calls, scan) = _backoff(LONG_SECONDS), _counted(())
    pause = timedelta(seconds=SHARE * LONG_SECONDS)
    assert backoff.run(database, 1, "a", NOW, scan) == ()
    assert backoff.run(database, 1, "a", NOW + pause / 2, scan) is None
    assert backoff.run(database, 1, "a", NOW + pause, scan) == ()
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("seconds", "found"), [(LONG_SECONDS / 2, ()), (LONG_SECONDS * 2, (7,))], ids=["short", "lucky"]
)
def test_short_scans_and_those_with_results_never_pause(
    database: Database, seconds: float, found: tuple[int, ...]
) -> None:
    backoff, (_, scan) = _backoff(seconds), _counted(found)
    assert backoff.run(database, 1, "a", NOW, scan) == found
    assert backoff.run(database, 1, "a", NOW, scan) == found


def test_other_arguments_are_scanned_at_once(database: Database) -> None:
    backoff, (calls, scan) = _backoff(LONG_SECONDS), _counted(())
    backoff.run(database, 1, "a", NOW, scan)
    backoff.run(database, 1, "b", NOW, scan)
    backoff.run(database, 2, "a", NOW, scan)
    assert len(calls) == 3


@pytest.mark.parametrize("seconds", [LONG_SECONDS * 2, 600.0, 86_400.0])
def test_a_pause_never_exceeds_a_minute(database: Database, seconds: float) -> None:
    backoff, (calls, scan) = _backoff(seconds), _counted(())
    backoff.run(database, 1, "a", NOW, scan)
    assert timedelta(seconds=60) == LONGEST_PAUSE
    assert backoff.run(database, 1, "a", NOW + timedelta(seconds=59), scan) is None
    assert backoff.run(database, 1, "a", NOW + timedelta(seconds=60), scan) == ()
    assert len(calls) == 2


def test_a_clock_that_was_set_back_ends_a_pause(database: Database) -> None:
    backoff, (calls, scan) = _backoff(LONG_SECONDS), _counted(())
    backoff.run(database, 1, "a", NOW, scan)
    assert backoff.run(database, 1, "a", NOW - timedelta(hours=1), scan) == ()
    assert len(calls) == 2


def test_a_process_that_opens_the_database_anew_backoff(database: Database) -> None:
    """A pause is kept for one opened database only, and never outside the process."""
    backoff, (calls, scan) = _backoff(LONG_SECONDS), _counted(())
    backoff.run(database, 1, "a", NOW, scan)
    assert backoff.run(Database(database.engine), 1, "a", NOW, scan) == ()
    assert len(calls) == 2
