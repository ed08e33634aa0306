"""An import whose process is killed at any moment leaves nothing, or all of it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import import_subscribers
from lovecampaign.store.tables import consent, membership, subscriber, subscriber_tag, suppression

PEOPLE = 3_000
LEAVERS = 500
MOMENTS = 4
IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from lovecampaign.core.settings import Settings
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import import_subscribers
from lovecampaign.store.database.schema_version import open_database
database = open_database(Settings(workspace=Path(sys.argv[1]), database_url=sys.argv[2]))
enrolment = ImportTarget(list_name="readers", now=datetime(2027, 1, 10, tzinfo=UTC))
print("ready", flush=True)
import_subscribers(database, Path(sys.argv[3]), enrolment, apply=True)
"""


def write_people(path: Path, name: str) -> None:
    rows = ["email,first_name,tags,consent_at,status"]
    rows += [f"{name}{number}@bloom.example,Ana,a;b,2026-05-01," for number in range(PEOPLE)]
    rows += [f"{name}gone{number}@bloom.example,,,,unsubscribed" for number in range(LEAVERS)]
    path.write_text("\n".join(rows))


def count_all(database: Database) -> tuple[int, ...]:
    """In one statement: on PostgreSQL a commit may still arrive while we count."""
    tables = (subscriber, membership, consent, subscriber_tag, suppression)
    counts = (sa.select(sa.func.count()).select_from(table) for table in tables)
    with database.read() as connection:
        row = connection.execute(sa.select(*(count.scalar_subquery() for count in counts)))
        return tuple(row.one())


def test_a_killed_import_leaves_nothing_or_all(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    everything = (PEOPLE, PEOPLE, PEOPLE, 2 * PEOPLE, LEAVERS)
    enrolment = ImportTarget(list_name="readers", now=datetime(2027, 1, 10, tzinfo=UTC))
    write_people(path, "first")
    started = time.perf_counter()
    import_subscribers(database, path, enrolment, apply=True)
    whole = time.perf_counter() - started
    command = [sys.executable, "-c", IMPORT, str(tmp_path), settings.database_url, str(path)]
    for moment in range(MOMENTS):
        write_people(path, f"try{moment}-")
        before = count_all(database)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(whole * random.uniform(0.3, 1.2))
            process.send_signal(signal.SIGKILL)
        gained = tuple(now - then for now, then in zip(count_all(database), before, strict=True))
        assert gained in ((0, 0, 0, 0, 0), everything)
    report = import_subscribers(database, path, enrolment, apply=True)
    assert report.read == PEOPLE + LEAVERS == report.new + report.suppressed + report.unchanged
