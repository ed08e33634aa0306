"""How fast does a file of people come in, consent and suppression included?"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Measured
from benchmarks.world import DAY_1, opened, settings_of
from lovecampaign.store.enrolling import Enrolment
from lovecampaign.store.importing import import_subscribers

PART = "Import"
_HEADINGS = "email,first_name,last_name,timezone,tags,city,plant,consent_at,consent_source,status"


def measure(rounds: int) -> Measured:
    rows = 20_000 if os.environ.get("QUICK") else 200_000
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "people.csv"
        file.write_text("\n".join([_HEADINGS, *map(_row, range(rows))]))
        rates = [_import(file, rows) for _ in range(rounds)]
    return [
        Figure(
            part=PART,
            name="CSV import with --apply, SQLite",
            value=median(rates),
            unit="rows/s",
            target=50_000.0,
            note=f"{rows:,} new people with 10 columns, proof of consent, 1 % unsubscribed",
        )
    ]


def _row(number: int) -> str:
    status = "unsubscribed" if number % 100 == 0 else "active"
    given_at = f"2026-0{1 + number % 9}-1{number % 10}T10:{number % 60:02d}:00Z"
    return (
        f"reader{number}@post{number % 97}.example,Ana{number % 3001},Miller{number % 20011},"
        f'Europe/Paris,"tools;seeds",city {number % 499},tomato {number % 31},{given_at},form,'
        f"{status}"
    )


def _import(file: Path, rows: int) -> float:
    with tempfile.TemporaryDirectory() as name, opened(settings_of(Path(name))) as database:
        start = time.perf_counter()
        import_subscribers(database, file, Enrolment(list_name="readers", now=DAY_1), apply=True)
        return rows / (time.perf_counter() - start)
