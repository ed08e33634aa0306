"""A pooler in transaction mode is found out before a lock is lost in it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import connect_database
from lovecampaign.store.database.session_probe import require_sessions
from tests.support.postgres import PostgresServer
from tests.support.processes.transaction_pooler import TransactionPooler
from tests.support.stage import Stage


@pytest.fixture
def direct_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    with postgres.copy_of(postgres_template) as url:
        yield url


@pytest.fixture
def pooled_url(direct_url: str) -> Iterator[str]:
    server, socket = direct_url.split("?host=")
    with (
        tempfile.TemporaryDirectory(prefix="lc-") as folder,  # a socket's path is short
        TransactionPooler(Path(socket), sessions=2).listening(Path(folder)),
    ):
        yield f"{server}?host={folder}"


@contextlib.contextmanager
def _opened(folder: Path, url: str, direct: str | None = None) -> Iterator[Database]:
    settings = Settings(workspace=folder, database_url=url, database_direct_url=direct)
    with contextlib.closing(connect_database(settings)) as database:
        yield database


def test_a_direct_connection_has_sessions_as_one_look_shows(
    tmp_path: Path, direct_url: str
) -> None:
    connections: list[object] = []
    with _opened(tmp_path, direct_url) as database:
        sa.event.listen(database.direct, "connect", lambda made, _record: connections.append(made))
        require_sessions(database)
    assert len(connections) == 1


def test_a_pooled_connection_is_refused_with_the_variable_to_set(
    tmp_path: Path, pooled_url: str, direct_url: str
) -> None:
    with (
        _opened(tmp_path, pooled_url) as database,
        pytest.raises(UsageError, match="lends sessions") as refused,
    ):
        require_sessions(database)
    assert "LOVECAMPAIGN_DATABASE_DIRECT_URL" in (refused.value.hint or "")
    with _opened(tmp_path, direct_url) as database, database.read() as connection:
        locks = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert connection.scalar(locks) == 0


def test_with_the_direct_way_a_send_goes_through_the_pooler(
    tmp_path: Path, pooled_url: str, direct_url: str
) -> None:
    settings = Settings(
        workspace=tmp_path,
        database_url=pooled_url,
        database_direct_url=direct_url,
        secret_keys=("test-key",),
    )
    with contextlib.closing(connect_database(settings)) as database:
        stage = Stage(settings, database, days=1)
        stage.add_readers(20)
        for _ in range(2):
            stage.send()
        assert stage.states("day-01") == {"sent": 20}
