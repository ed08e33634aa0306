"""PostgreSQL in trouble: one clear line, a later try, and nothing lost."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import DatabaseBusy, Unreachable
from lovecampaign.delivery.engine.dispatch import QueueDispatcher
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.store.database.engine import Database
from tests.integration.engine.conftest import Heard, make_worker, no_problems
from tests.support.stage import Stage


def _tell(database: Database, statements: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(statements)


def _set(database: Database, words: str) -> None:
    """As an administrator; takes effect with new connections."""
    name = database.engine.url.database
    _tell(database, f"ALTER DATABASE {name} {words}")
    database.engine.dispose()


def test_workers_do_not_mind_serializable_as_the_default(stage: Stage, heard: Heard) -> None:
    _set(stage.database, "SET default_transaction_isolation = 'serializable'")
    try:
        stage.add_readers(60)
        with stage.sender() as sender:
            options = PassOptions(dispatcher=QueueDispatcher())
            send_due(sender, stage.campaign, options, no_problems)
        threads = [
            threading.Thread(target=make_worker(stage, heard).run_until_idle) for _ in range(3)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    finally:
        _set(stage.database, "RESET default_transaction_isolation")
    assert (heard.bugs, heard.outages) == ([], [])
    assert stage.states("day-01") == {"sent": 60}


def test_a_statement_timeout_is_named_and_nothing_is_lost(stage: Stage) -> None:
    stage.add_readers(10)
    with pytest.raises(Unreachable, match="statement_timeout") as ended:
        _tell(stage.database, "SET LOCAL statement_timeout = 20; SELECT pg_sleep(1)")
    assert "ALTER ROLE postgres SET statement_timeout = 0" in (ended.value.hint or "")
    assert stage.send().sent == 10


def test_a_lock_that_does_not_become_free_is_another_process_at_work(stage: Stage) -> None:
    with stage.database.write() as holder:
        holder.execute(sa.text("LOCK TABLE campaign"))
        with pytest.raises(DatabaseBusy):
            _tell(stage.database, "SET LOCAL lock_timeout = 20; LOCK TABLE campaign")
