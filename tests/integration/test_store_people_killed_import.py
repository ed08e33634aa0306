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

from lovecampaign.settings import Settings
from lovecampaign.store.database import Database
from lovecampaign.store.enrolling import Enrolment
from lovecampaign.store.importing import import_subscribers
from lovecampaign.store.tables import consent, membership, subscriber, subscriber_tag, suppression

PEOPLE = 3_000
LEAVERS = 500
MOMENTS = 6
IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from lovecampaign.settings import Settings
from lovecampaign.store.enrolling import Enrolment
from lovecampaign.store.importing import import_subscribers
from lovecampaign.store.schema_version import open_database
database = open_database(Settings(workspace=Path(sys.argv[1]), database_url=sys.argv[2]))
enrolment = Enrolment(list_name="readers", now=datetime(2027, 1, 10, tzinfo=UTC))
print("ready", flush=True)
import_subscribers(database, Path(sys.argv[3]), enrolment, apply=True)
"""


def write_people(path: Path) -> None:
    rows = ["email,first_name,tags,consent_at,status"]
    rows += [f"p{number}@bloom.example,Ana,a;b,2026-05-01," for number in range(PEOPLE)]
    rows += [f"gone{number}@bloom.example,,,,unsubscribed" for number in range(LEAVERS)]
    path.write_text("\n".join(rows))


def count_all(database: Database) -> tuple[int, ...]:
    tables = (subscriber, membership, consent, subscriber_tag, suppression)
    with database.read() as connection:
        return tuple(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in tables
        )


def test_a_killed_import_leaves_nothing_or_all(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    write_people(path)
    nothing = (0, 0, 0, 0, 0)
    everything = (PEOPLE, PEOPLE, PEOPLE, 2 * PEOPLE, LEAVERS)
    command = [sys.executable, "-c", IMPORT, str(tmp_path), settings.database_url, str(path)]
    chance = random.Random(str(settings.database_url)[:10])
    enrolment = Enrolment(list_name="readers", now=datetime(2027, 1, 10, tzinfo=UTC))
    started = time.perf_counter()
    import_subscribers(database, path, enrolment)
    longest = 1.5 * (time.perf_counter() - started)  # a dry run's time, and half for the apply
    for _ in range(MOMENTS):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, longest))
            process.send_signal(signal.SIGKILL)
        assert count_all(database) in (nothing, everything)
    report = import_subscribers(database, path, enrolment, apply=True)
    assert report.read == PEOPLE + LEAVERS
    assert count_all(database) == everything
