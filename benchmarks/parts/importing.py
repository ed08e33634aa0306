"""Speed of the CSV import, with consent and suppressions."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Measured
from benchmarks.workspace import DAY_1, opened, settings_of
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import import_subscribers

PART = "Import"
_HEADINGS = "email,first_name,last_name,timezone,tags,city,plant,consent_at,consent_source,status"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """Rows per second of one import."""

    by_the_clock: float
    #: In CPU time: less noise from other processes.
    of_cpu_time: float


def measure(rounds: int) -> Measured:
    rows = 20_000 if os.environ.get("QUICK") else 200_000
    paces = [dict(_import_three_times(rows)) for _ in range(rounds)]
    new, again, half = (
        [each[name] for each in paces] for name in ("people.csv", "again.csv", "half.csv")
    )
    note = f"{rows:,} new people with 10 columns and a proof of consent, 1 % unsubscribed"
    return [
        _figure("CSV import with --apply, SQLite", new, note, target=50_000.0),
        _figure("the same file again", again, "nothing changes"),
        _figure("half of the rows changed", half, "a field of every second person"),
    ]


def _figure(name: str, paces: list[_Pace], note: str, target: float | None = None) -> Figure:
    alone = median(each.of_cpu_time for each in paces)
    return Figure(
        part=PART,
        name=name,
        value=median(each.by_the_clock for each in paces),
        unit="rows/s",
        target=target,
        note=f"{note}; {alone:,.0f} rows per second of CPU time",
    )


def _import_three_times(rows: int) -> Iterator[tuple[str, _Pace]]:
    """Into one database: all rows are new, none is, every second one has a changed field."""
    with tempfile.TemporaryDirectory() as name, opened(settings_of(Path(name))) as database:
        for file_name, other_plant_each in (("people.csv", 0), ("again.csv", 0), ("half.csv", 2)):
            file = Path(name) / file_name
            people = (_row(number, other_plant_each) for number in range(rows))
            file.write_text("\n".join([_HEADINGS, *people]))
            yield file_name, _import(database, file, rows)


def _row(number: int, other_plant_each: int) -> str:
    status = "unsubscribed" if number % 100 == 0 else "active"
    plant = "pepper" if other_plant_each and number % other_plant_each else "tomato"
    minutes, second = divmod(number, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    given_at = f"2026-05-{1 + days % 28:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"
    return (
        f"reader{number}@post{number % 97}.example,Ana{number % 3001},Miller{number % 20011},"
        f'Europe/Paris,"tools;seeds",city {number % 499},{plant} {number % 31},{given_at},form,'
        f"{status}"
    )


def _import(database: Database, file: Path, rows: int) -> _Pace:
    clock, used = time.perf_counter(), time.process_time()
    import_subscribers(database, file, ImportTarget(list_name="readers", now=DAY_1), apply=True)
    return _Pace(
        by_the_clock=rows / (time.perf_counter() - clock),
        of_cpu_time=rows / (time.process_time() - used),
    )
