"""A look that was long in vain rests; whatever changes the question asks it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.planning.scan_backoff import LONG_SECONDS, LONGEST_PAUSE, SHARE, ScanBackoff

NOW = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(Settings(workspace=tmp_path, secret_keys=("test-key",)))
    yield opened
    opened.close()


def _looks(seconds_each: float) -> ScanBackoff:
    """Whose clock says that each look took so long."""
    ticks = (number // 2 * 1000 + number % 2 * seconds_each for number in range(100))
    return ScanBackoff(lambda: next(ticks))


def _counted(found: tuple[int, ...]) -> tuple[list[int], Callable[[], tuple[int, ...]]]:
    calls: list[int] = []

    def look() -> tuple[int, ...]:
        calls.append(1)
        return found

    return calls, look


def test_a_long_look_in_vain_rests_for_its_share_of_the_time(database: Database) -> None:
    looks, (calls, look) = _looks(LONG_SECONDS), _counted(())
    rest = timedelta(seconds=SHARE * LONG_SECONDS)
    assert looks.take(database, 1, "who?", NOW, look) == ()
    assert looks.take(database, 1, "who?", NOW + rest / 2, look) is None
    assert looks.take(database, 1, "who?", NOW + rest, look) == ()
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("seconds", "found"), [(LONG_SECONDS / 2, ()), (LONG_SECONDS * 2, (7,))], ids=["short", "lucky"]
)
def test_short_looks_and_those_that_find_somebody_never_rest(
    database: Database, seconds: float, found: tuple[int, ...]
) -> None:
    looks, (_, look) = _looks(seconds), _counted(found)
    assert looks.take(database, 1, "who?", NOW, look) == found
    assert looks.take(database, 1, "who?", NOW, look) == found


def test_another_question_is_asked_at_once(database: Database) -> None:
    looks, (calls, look) = _looks(LONG_SECONDS), _counted(())
    looks.take(database, 1, "who?", NOW, look)
    looks.take(database, 1, "and who else?", NOW, look)
    looks.take(database, 2, "who?", NOW, look)
    assert len(calls) == 3


@pytest.mark.parametrize("seconds", [LONG_SECONDS * 2, 600.0, 86_400.0])
def test_nobody_waits_longer_than_a_minute_for_a_look(database: Database, seconds: float) -> None:
    looks, (calls, look) = _looks(seconds), _counted(())
    looks.take(database, 1, "who?", NOW, look)
    assert timedelta(seconds=60) == LONGEST_PAUSE
    assert looks.take(database, 1, "who?", NOW + timedelta(seconds=59), look) is None
    assert looks.take(database, 1, "who?", NOW + timedelta(seconds=60), look) == ()
    assert len(calls) == 2


def test_a_clock_that_was_put_back_ends_a_rest(database: Database) -> None:
    looks, (calls, look) = _looks(LONG_SECONDS), _counted(())
    looks.take(database, 1, "who?", NOW, look)
    assert looks.take(database, 1, "who?", NOW - timedelta(hours=1), look) == ()
    assert len(calls) == 2


def test_a_process_that_opens_the_database_anew_looks(database: Database) -> None:
    """A rest is remembered for one opened database only, and never outside the process."""
    looks, (calls, look) = _looks(LONG_SECONDS), _counted(())
    looks.take(database, 1, "who?", NOW, look)
    assert looks.take(Database(database.engine), 1, "who?", NOW, look) == ()
    assert len(calls) == 2
