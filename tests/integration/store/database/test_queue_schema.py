"""Procrastinate's tables: made at once, migrated in order, and refused where unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import LovecampaignError, Unreachable, UsageError
from lovecampaign.core.settings import Engine, Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import migrate_queue, require_queue, upgrade_queue
from lovecampaign.store.database.schema_version import open_database
from tests.support.postgres import PostgresServer


@pytest.fixture
def cluster(
    tmp_path: Path, postgres: PostgresServer, postgres_template: str
) -> Iterator[tuple[Database, Settings]]:
    with postgres.copy_of(postgres_template) as url:
        settings = Settings(workspace=tmp_path, database_url=url, engine=Engine.PROCRASTINATE)
        with contextlib.closing(open_database(settings)) as database:
            yield database, settings


def test_an_upgrade_makes_the_queue_once(cluster: tuple[Database, Settings]) -> None:
    database, settings = cluster
    with pytest.raises(UsageError, match="no tables yet"):
        require_queue(database)
    assert upgrade_queue(database, settings)
    assert not upgrade_queue(database, settings)
    require_queue(database)


def test_without_the_engine_no_queue_is_made(cluster: tuple[Database, Settings]) -> None:
    database, settings = cluster
    plain = Settings(workspace=settings.workspace, database_url=settings.database_url)
    assert not upgrade_queue(database, plain)
    with pytest.raises(UsageError):
        require_queue(database)


def test_a_queue_of_a_newer_or_unknown_version_is_refused(
    cluster: tuple[Database, Settings],
) -> None:
    database, settings = cluster
    upgrade_queue(database, settings)
    for comment, words in (
        ("lovecampaign applied 99.00.00_01_later", "newer Procrastinate"),
        ("", "another program"),
    ):
        with database.write() as connection:
            connection.execute(sa.text(f"COMMENT ON TABLE procrastinate_jobs IS '{comment}'"))
        for refuse in (require_queue, lambda one: upgrade_queue(one, settings)):
            with pytest.raises(Unreachable, match=words):
                refuse(database)


def test_missing_migrations_are_applied_in_their_order(
    cluster: tuple[Database, Settings], tmp_path: Path
) -> None:
    database, _ = cluster
    files = []
    for name, script in (
        ("01_first", "SELECT 1"),
        ("02_second", "CREATE TABLE second (n int); COMMENT ON TABLE second IS '100 %'"),
        ("03_third", "ALTER TABLE second ADD COLUMN third int"),
    ):
        files.append(tmp_path / f"{name}.sql")
        files[-1].write_text(script)
    first = "CREATE TABLE procrastinate_jobs (n int)"
    with database.write() as connection:
        assert migrate_queue(connection, files[:1], first, "db")
        assert migrate_queue(connection, files, first, "db")
        assert not migrate_queue(connection, files, first, "db")
        columns = [each["name"] for each in sa.inspect(connection).get_columns("second")]
    assert columns == ["n", "third"]


def test_sqlite_has_no_queue(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, engine=Engine.PROCRASTINATE)
    with (
        contextlib.closing(open_database(settings)) as database,
        pytest.raises(LovecampaignError, match="needs PostgreSQL"),
    ):
        upgrade_queue(database, settings)
