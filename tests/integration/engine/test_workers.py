"""Workers: their queue may be lost, and a batch of a dead worker is rescued."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from procrastinate import App, PsycopgConnector

from lovecampaign.core.message import Message
from lovecampaign.delivery.engine.dispatch import QueueDispatcher, queue_again
from lovecampaign.delivery.engine.rescue import MAX_ATTEMPTS, give_up, rescue_stalled
from lovecampaign.delivery.engine.watchdog import Watchdog
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.providers.base.outcomes import Verdict
from lovecampaign.store.database.connect import driver_arguments
from lovecampaign.store.ledger.campaigns import find_campaign
from lovecampaign.store.sending.job_queue import queue_due_batches
from lovecampaign.store.sending.senders import touch_owners
from lovecampaign.store.tables import batch
from tests.integration.engine.conftest import Heard, make_worker, no_problems
from tests.support.stage import DAY_1, Stage


def _plan(stage: Stage) -> None:
    """A pass of ``run``: plan and queue."""
    with stage.sender() as sender:
        options = PassOptions(dispatcher=QueueDispatcher())
        send_due(sender, stage.campaign, options, no_problems)


def _jobs(stage: Stage) -> Sequence[Any]:
    with stage.database.read() as connection:
        return connection.execute(
            sa.text("SELECT id, status, attempts, scheduled_at FROM procrastinate_jobs")
        ).all()


def _tell(stage: Stage, statement: str) -> None:
    with stage.database.write() as connection:
        connection.execute(sa.text(statement))


def _rescue(stage: Stage, heard: Heard) -> int:
    async def rescue() -> int:
        connector = PsycopgConnector(kwargs=driver_arguments(stage.database.direct.url), min_size=1)
        async with App(connector=connector).open_async() as app:
            return await rescue_stalled(
                app.job_manager,
                stage.database,
                20.0,
                lambda id_: heard.alarms.append(str(give_up(stage.database, id_, DAY_1))),
            )

    return asyncio.run(rescue())


def test_the_tick_queues_again_what_lost_its_job(stage: Stage, heard: Heard) -> None:
    stage.add_readers(12)
    _plan(stage)
    _tell(stage, "DELETE FROM procrastinate_jobs")
    make_worker(stage, heard).run_until_idle()
    assert stage.states("day-01") == {"sent": 12}


def test_a_batch_with_a_live_job_is_not_queued_twice(stage: Stage) -> None:
    stage.add_readers(12)
    for _ in range(3):
        _plan(stage)
    assert queue_again(stage.database, stage.campaign, DAY_1, timedelta(0)) == 0
    assert len(_jobs(stage)) == 1


def test_a_batch_is_queued_two_minutes_before_its_moment_and_waits(stage: Stage) -> None:
    stage.add_readers(2)
    _plan(stage)
    _tell(stage, "DELETE FROM procrastinate_jobs")
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    for early, queued in ((121, 0), (119, 1)):
        now = DAY_1 - timedelta(seconds=early)
        found = queue_due_batches(stage.database, stage.campaign, record, {"day-01"}, now)
        assert found == queued
    assert [job.scheduled_at for job in _jobs(stage)] == [DAY_1]


def test_each_job_raises_the_epoch_and_reports_its_batch(stage: Stage, heard: Heard) -> None:
    stage.add_readers(12)
    _plan(stage)
    make_worker(stage, heard, concurrency=2).run_until_idle()
    (report,) = heard.reports
    assert (report.key, report.epoch, report.sent, report.remaining) == ("day-01", 1, 12, 0)
    assert _jobs(stage) == []


def test_older_time_zones_take_nothing_of_what_local_time_decides(
    stage: Stage, heard: Heard
) -> None:
    stage.add_readers(2)
    _plan(stage)
    with stage.database.write() as connection:
        connection.execute(sa.update(batch).values(tz_version="2999a"))
    make_worker(stage, heard).run_until_idle()
    assert stage.states("day-01") == {"planned": 2}
    assert "2999a" in heard.reports[0].problems[0].message
    assert heard.reports[0].campaign == stage.campaign.slug
    assert heard.reports[0].remaining == 2


def test_a_campaign_of_another_workspace_is_left_to_others(stage: Stage, heard: Heard) -> None:
    stage.add_readers(2)
    _plan(stage)
    make_worker(stage, heard, find_campaign=lambda _key: None).run_until_idle()
    assert stage.states("day-01") == {"planned": 2}
    assert heard.reports[0].problems[0].code == "no_such_campaign"


def test_a_bug_is_tried_again_and_pauses_at_the_fifth_attempt(stage: Stage, heard: Heard) -> None:
    def fail(_message: Message) -> Verdict:
        raise ZeroDivisionError

    stage.add_readers(2)
    stage.memory.script = fail
    _plan(stage)
    for _ in range(MAX_ATTEMPTS):
        _tell(stage, "UPDATE procrastinate_jobs SET scheduled_at = NULL")
        make_worker(stage, heard).run_until_idle()
    assert len(heard.bugs) == MAX_ATTEMPTS
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert "5 workers in a row failed on batch 1 of day-01" in (record.pause_reason or "")
    assert _jobs(stage) == []


@pytest.mark.parametrize(("attempts", "jobs"), [(0, [("todo", 1)]), (4, [])])
def test_a_rescue_counts_as_an_attempt(
    stage: Stage, heard: Heard, attempts: int, jobs: list[tuple[str, int]]
) -> None:
    stage.add_readers(2)
    _plan(stage)
    _tell(stage, f"UPDATE procrastinate_jobs SET status = 'doing', attempts = {attempts}")
    assert _rescue(stage, heard) == 1
    assert [(job.status, job.attempts) for job in _jobs(stage)] == jobs
    assert len(heard.alarms) == (0 if jobs else 1)
    assert _rescue(stage, heard) == 0


def test_a_batch_that_makes_progress_is_queued_as_a_new_one(stage: Stage, heard: Heard) -> None:
    stage.add_readers(2)
    _plan(stage)
    stage.send(limit=1)
    _tell(stage, "UPDATE procrastinate_jobs SET status = 'doing', attempts = 4")
    assert _rescue(stage, heard) == 1
    assert _jobs(stage) == []
    make_worker(stage, heard).run_until_idle()
    assert stage.states("day-01") == {"sent": 2}
    assert heard.alarms == []


def test_the_job_of_a_worker_with_a_heartbeat_is_left_alone(stage: Stage, heard: Heard) -> None:
    stage.add_readers(2)
    _plan(stage)
    _tell(stage, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    _tell(
        stage,
        "UPDATE procrastinate_jobs SET status = 'doing', "
        "worker_id = (SELECT max(id) FROM procrastinate_workers)",
    )
    assert _rescue(stage, heard) == 0
    _tell(stage, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '25 s'")
    assert _rescue(stage, heard) == 1


def test_the_heartbeat_is_that_of_the_worker_s_senders(stage: Stage) -> None:
    with stage.sender() as sender:
        touch_owners(stage.database, [sender.owner.id], datetime.now(UTC))
        with stage.database.read() as connection:
            assert connection.scalar(sa.text("SELECT count(seen_at) FROM owner")) == 1


def test_a_worker_that_stands_still_is_ended(stage: Stage, heard: Heard) -> None:
    worker, codes = make_worker(stage, heard), list[int]()
    watchdog = Watchdog(worker=worker, on_hung=heard.alarms.append, end=codes.append)
    for _ in range(30):
        worker.beats += 1
        watchdog.look()
    assert codes == []
    for _ in range(12):
        watchdog.look()
    assert codes == [75]
    assert "has not moved" in heard.alarms[0]


def test_a_slot_without_an_outcome_ends_the_worker_and_an_idle_one_does_not(
    stage: Stage, heard: Heard
) -> None:
    worker, codes = make_worker(stage, heard), list[int]()
    watchdog = Watchdog(worker=worker, on_hung=heard.alarms.append, end=codes.append)
    for is_busy, ended in ((False, []), (True, [75])):
        worker.plan.slots.all[0].is_busy = is_busy
        for _ in range(181):
            worker.beats += 1
            watchdog.look()
        assert codes == ended


def test_systemd_is_told_that_the_worker_is_ready(
    stage: Stage, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(f"{folder}/notify")
        monkeypatch.setenv("NOTIFY_SOCKET", f"{folder}/notify")
        with Watchdog(worker=make_worker(stage, heard), on_hung=heard.alarms.append).watching():
            assert systemd.recv(100) == b"READY=1"
