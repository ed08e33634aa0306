"""How fast is a day planned, with all its filters, on each database, and claimed and settled?"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.claiming import measure_sqlite
from benchmarks.figures import Absence, Figure, Measured
from benchmarks.world import DAY_1, add_readers, load, make_workspace, opened, settings_of
from lovecampaign.core.settings import Settings
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.planner import plan_due

PART = "Ledger"
TARGETS = {"SQLite": 150_000.0, "PostgreSQL": 40_000.0}


def measure(rounds: int) -> Measured:
    return [_sqlite(rounds), _postgres(rounds), measure_sqlite(PART, _readers(), rounds)]


def _readers() -> int:
    return 20_000 if os.environ.get("QUICK") else 100_000


def _sqlite(rounds: int) -> Figure:
    with tempfile.TemporaryDirectory() as name:
        return _figure("SQLite", settings_of(Path(name)), rounds)


def _postgres(rounds: int) -> Figure | Absence:
    name = "planning a day, PostgreSQL"
    try:
        from tests.support.postgres import PostgresServer
    except ImportError as error:
        return Absence(part=PART, name=name, why=f"no server to start: {error}")
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer.started() as server,
        server.database() as url,
    ):
        return _figure("PostgreSQL", settings_of(Path(folder), url), rounds)


def _figure(name: str, settings: Settings, rounds: int) -> Figure:
    readers = _readers()
    with _filled(settings, readers):
        rates = [_plan(settings, readers) for _ in range(rounds)]
    return Figure(
        part=PART,
        name=f"planning a day, {name}",
        value=median(rates),
        unit="rows/s",
        target=TARGETS[name],
        note=f"{readers:,} readers: consent, suppression, tags, quiet hours, late joiners",
    )


@contextlib.contextmanager
def _filled(settings: Settings, readers: int) -> Iterator[None]:
    make_workspace(settings.workspace)
    with opened(settings) as database:
        add_readers(database, readers)
        yield


def _plan(settings: Settings, readers: int) -> float:
    """Plan once, from nothing; the rows are taken away again."""
    campaign = load(settings.workspace)
    with opened(settings) as database:
        record = record_campaign(database, campaign)
        start = time.perf_counter()
        plan_due(database, campaign, record, list(campaign.scheduled_emails), DAY_1)
        seconds = time.perf_counter() - start
        with database.write() as connection:
            for table in ("delivery", "batch"):
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - ours
    return readers / seconds
