"""The database opens, upgrades once, and reports its faults in plain words."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import lovecampaign.store
from lovecampaign.core.errors import DatabaseBusy, Unreachable, UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot
from lovecampaign.store import tables
from lovecampaign.store.database.connect import WRITES, connect
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import (
    HEAD,
    find_database,
    find_version,
    open_database,
)
from lovecampaign.store.database.types import EPOCH
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.tables import metadata
from lovecampaign.store.tables.slots import fill_slots, fill_zone_clocks, slot
from tests.support.postgres import PostgresServer
from tests.support.stage import Stage

OPEN = """
import sys
from pathlib import Path
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.schema_version import open_database
settings = Settings(workspace=Path(sys.argv[1]), database_url=sys.argv[2])
open_database(settings).close()
"""


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_script() -> None:
    scripts = Path(lovecampaign.store.__file__).parent / "migrations"
    assert ScriptDirectory(str(scripts)).get_current_head() == HEAD


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=2)


@pytest.fixture
def empty(tmp_path: Path, database_url: str) -> Settings:
    return Settings(workspace=tmp_path, database_url=database_url)


def test_four_processes_may_start_on_an_empty_database_at_once(empty: Settings) -> None:
    command = [sys.executable, "-c", OPEN, str(empty.workspace), empty.database_url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], errors
    with contextlib.closing(open_database(empty)) as database:
        assert find_version(database) == HEAD


def test_who_only_looks_makes_no_tables_and_no_file(empty: Settings) -> None:
    for _ in range(2):  # the first look has left nothing for the second
        database, version = find_database(empty)
        with contextlib.closing(database):
            assert version is None
            assert database.file is None or not database.file.exists()


def test_people_see_the_url_as_they_write_it(settings: Settings) -> None:
    database, _ = find_database(settings)
    with contextlib.closing(database):
        assert database.name.startswith(("sqlite:///", "postgresql://"))


def test_a_newer_database_is_refused(settings: Settings, database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (open_database, find_database):
        with pytest.raises(Unreachable, match="newer lovecampaign"):
            look(settings)


def test_sqlite_commits_survive_a_power_cut(tmp_path: Path) -> None:
    opened = open_database(Settings(workspace=tmp_path))
    with contextlib.closing(opened), opened.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize(
    "url", ["mysql://user:hush@host/db", "not a url", "sqlite:///:memory:", "sqlite://"]
)
def test_a_url_that_names_no_database_is_a_usage_error_without_its_password(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(UsageError) as caught:
        open_database(Settings(workspace=tmp_path, database_url=url))
    assert "hush" not in str(caught.value)


def interrupt(database: Database) -> None:
    """A Ctrl-C in the middle of a statement costs SQLAlchemy the connection."""
    with database.write() as connection:
        fill_zone_clocks(connection, {})
        connection.invalidate()
        raise KeyboardInterrupt


def cut_off(database: Database) -> None:
    """As when the server is restarted."""
    with database.write() as connection:
        fill_zone_clocks(connection, {})
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_connection_that_is_lost_is_told_and_nothing_else(database: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt(database)
    if not database.is_sqlite:
        with pytest.raises(Unreachable):
            cut_off(database)
    with database.write() as connection:
        fill_zone_clocks(connection, {})


ONE = Slot(moment=EPOCH, due=EPOCH)
LATE = Slot(moment=EPOCH, due=EPOCH, reason=SkipReason.LATE)


def slots_in_table(database: Database) -> set[tuple[str, str, str | None]]:
    with database.read() as connection:
        rows = connection.execute(sa.select(slot.c.email_key, slot.c.zone, slot.c.reason))
        return {(row.email_key, row.zone, row.reason) for row in rows}


def fill(database: Database, key: str, *, keeps_others: bool = False, **zones: Slot) -> None:
    with database.read(keeps_temporary=True) as connection:
        slots = {zone: {key: [found]} for zone, found in zones.items()}
        fill_slots(connection, slots, keeps_others=keeps_others)


def test_slots_are_replaced_where_they_changed(database: Database) -> None:
    fill(database, "day-01", paris=ONE, rome=ONE)
    assert slots_in_table(database) == {("day-01", "paris", None), ("day-01", "rome", None)}
    fill(database, "day-01", paris=ONE, rome=ONE)
    fill(database, "day-01", paris=LATE)
    assert slots_in_table(database) == {("day-01", "paris", "late")}
    fill(database, "day-02", keeps_others=True, oslo=ONE)
    assert slots_in_table(database) == {("day-01", "paris", "late"), ("day-02", "oslo", None)}
    fill(database, "day-02", oslo=ONE)
    assert slots_in_table(database) == {("day-02", "oslo", None)}
    fill(database, "day-01", paris=LATE)
    assert slots_in_table(database) == {("day-01", "paris", "late")}


def test_slots_are_filled_again_after_a_rollback(database: Database) -> None:
    fill(database, "day-01", paris=ONE)
    with database.read() as connection:  # ends with a rollback
        fill_slots(connection, {"paris": {"day-01": [LATE]}})
    fill(database, "day-01", paris=LATE)
    assert slots_in_table(database) == {("day-01", "paris", "late")}


def test_a_server_that_is_not_there_is_unreachable(settings: Settings) -> None:
    url = "postgresql://somebody:hush@127.0.0.1:1/nothing"
    with pytest.raises(Unreachable) as caught:
        open_database(replace(settings, database_url=url))
    assert "hush" not in str(caught.value)


def test_where_all_connections_are_in_use_the_next_is_told_in_words(database: Database) -> None:
    engine = sa.create_engine(database.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    narrow = Database(engine)
    with contextlib.closing(narrow), narrow.read():
        for ask in (narrow.read, narrow.write, narrow.connection):
            with pytest.raises(DatabaseBusy, match="no connection") as caught, ask():
                pass
            assert "QueuePool" not in str(caught.value)


def test_a_read_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    people = sa.select(sa.func.count()).select_from(tables.subscriber)
    with database.read() as connection:
        before = connection.scalar(people)
        add_one(database)
        assert connection.scalar(people) == before
    with database.read() as connection:
        assert connection.scalar(people) == 1


def add_one(database: Database) -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    row = {"address_key": "ana@readers.example", "email": "ana@readers.example", "fields": {}}
    with database.write() as connection:
        connection.execute(
            sa.insert(tables.subscriber).values(**row, created_at=now, updated_at=now)
        )


def test_a_file_that_is_no_database_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "lovecampaign.db").write_text("Dear diary, " * 200)
    with pytest.raises(Unreachable, match="not a database"):
        open_database(Settings(workspace=tmp_path))


def test_a_file_beside_which_nothing_can_be_written_is_not_to_be_replaced(tmp_path: Path) -> None:
    """Another file would be an empty ledger: everyone would get everything again."""
    (tmp_path / "love.db").touch()
    (tmp_path / "love.db.lock").mkdir()
    with pytest.raises(Unreachable, match="can only be read") as caught:
        open_database(Settings(workspace=tmp_path, database_url="sqlite:///love.db"))
    assert caught.value.hint == (
        "nothing is lost: make its disk and folder writable, then try again"
    )


def test_a_file_system_without_shared_memory_is_named(tmp_path: Path) -> None:
    """SQLite keeps the old journal mode there, and reports no error."""
    url = f"sqlite:///file:{tmp_path / 'love.db'}?vfs=unix-none&uri=true"
    with (
        contextlib.closing(Database(sa.create_engine(url))) as database,
        pytest.raises(Unreachable, match="WAL does not work on the file system") as caught,
    ):
        database.use_wal()
    assert "local disk" in str(caught.value.hint)


def test_a_ledger_that_is_only_looked_at_does_not_wait_for_the_disk(database: Database) -> None:
    if not database.is_sqlite:
        return
    database.skip_fsync()

    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 0


def test_a_campaign_is_written_only_where_its_files_say_something_new(stage: Stage) -> None:
    first = record_campaign(stage.database, stage.campaign)
    begins: list[dict[str, object]] = []
    sa.event.listen(
        stage.database.engine,
        "begin",
        lambda connection: begins.append(dict(connection.get_execution_options())),
    )

    assert record_campaign(stage.database, stage.campaign) == first
    assert [options.get(WRITES, False) for options in begins] == [False]
    renamed = replace(stage.campaign, name="Another name")
    record_campaign(stage.database, renamed)
    with stage.database.read() as connection:
        assert connection.scalars(sa.select(tables.campaign.c.name)).one() == "Another name"


def test_writes_are_read_committed_whatever_the_servers_default(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        with contextlib.closing(Database(connect(url, Path()))) as first:
            name = first.engine.url.database
            with first.write() as connection:
                connection.exec_driver_sql(
                    f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'"
                )
        with contextlib.closing(Database(connect(url, Path()))) as database:
            with database.write() as connection:
                said = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
            with database.read() as connection:
                read = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    assert (said, read) == ("read committed", "repeatable read")
