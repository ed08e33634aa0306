"""Fixtures for every test: a workspace, and a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from lovecampaign.settings import Settings
from lovecampaign.store.database import Database
from lovecampaign.store.schema_version import open_database
from tests.postgres import PostgresServer

# How long an example takes says how busy the machine is, and nothing about us.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process's own, without a TCP port."""
    with PostgresServer.started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on each kind in turn."""
    if request.param == "sqlite":
        return "sqlite:///lovecampaign.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(workspace=tmp_path, database_url=database_url, secret_keys=("test-key",))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An open database with all tables, on each kind in turn."""
    opened = open_database(settings)
    yield opened
    opened.close()
