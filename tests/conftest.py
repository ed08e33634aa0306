"""Fixtures for every test: a workspace, and a database of each kind."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from lovecampaign.cli import GARBAGE_THRESHOLD
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from tests.support.fast_databases import SQLITE, lay_tables, share_compiled_sql
from tests.support.postgres import PostgresServer

# How long an example takes says how busy the machine is, and nothing about us. `make test` draws
# the same examples every time, so that what fails was broken by a change; `make fuzz` draws anew.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="LOVECAMPAIGN_FUZZ" not in os.environ,
)
hypothesis.settings.load_profile("any machine")
share_compiled_sql()
#: Their longest test takes as long as a thousand others: the last worker should not begin with it.
LONGEST = (
    "tests/browser/test_journey.py",
    "tests/integration/month/test_oracle.py",
    "tests/integration/crashes/test_killed.py",
    "tests/integration/store/test_next_email.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest modules first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Keep the garbage collector off the 5,000 collected tests; a sixth of the time goes there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process's own, without a TCP port."""
    with PostgresServer.started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database, on each kind in turn."""
    if database_kind == "sqlite":
        yield SQLITE
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def settings(
    tmp_path: Path, database_kind: str, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """Of a workspace whose database has all tables, on each kind in turn."""
    if database_kind == "sqlite":
        lay_tables(tmp_path)
        yield _settings(tmp_path, SQLITE)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy_of(request.getfixturevalue("postgres_template")) as url:
        yield _settings(tmp_path, url)


# Migrations take a third of a second on PostgreSQL: they run once, and tests get copies.
@pytest.fixture(scope="session")
def postgres_template(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[str]:
    """The URL of a database with all tables, and nothing in them."""
    with postgres.database() as url:
        open_database(_settings(tmp_path_factory.mktemp("template"), url)).close()
        yield url


def _settings(workspace: Path, url: str) -> Settings:
    return Settings(workspace=workspace, database_url=url, secret_keys=("test-key",))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An open database with all tables, on each kind in turn."""
    opened = open_database(settings)
    yield opened
    opened.close()
