"""Health, metrics and the list of workers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.delivery.engine.batch_job import BatchReport
from lovecampaign.delivery.engine.health import WorkerMetrics, serving_health
from lovecampaign.delivery.loop.recovery import recover
from lovecampaign.providers.base.memory import accept_all
from lovecampaign.store.reports.fleet import list_workers
from lovecampaign.store.sending.senders import touch_owners
from lovecampaign.store.tables import delivery, owner
from tests.integration.engine.conftest import Heard, make_worker
from tests.support.stage import DAY_1, Stage


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_worker_tells_its_health_and_what_it_has_done(stage: Stage, heard: Heard) -> None:
    worker = make_worker(stage, heard, concurrency=2)
    metrics = WorkerMetrics(worker)
    with serving_health(metrics, "127.0.0.1", 0) as port:
        base = f"http://127.0.0.1:{port}"
        status, said = _get(f"{base}/healthz")
        assert (status, json.loads(said)["slots"]) == (200, 2)
        worker.outage = "the server is away"
        assert _get(f"{base}/healthz")[0] == 503
        assert _get(f"{base}/other")[0] == 404
        worker.rescued = 3
        metrics.count(
            BatchReport(batch=1, campaign="c", key="day-01", now=DAY_1, epoch=1, sent=7, failed=2)
        )
        numbers = _get(f"{base}/metrics")[1]
    assert 'lovecampaign_outcomes_total{outcome="sent"} 7.0' in numbers
    assert 'lovecampaign_outcomes_total{outcome="failed"} 2.0' in numbers
    assert "lovecampaign_jobs_rescued_total 3.0" in numbers


def test_metrics_tell_the_lag_what_is_in_doubt_and_who_is_silent(
    stage: Stage, heard: Heard
) -> None:
    stage.add_readers(3)
    stage.send(limit=1)
    with stage.database.write() as connection:
        long_ago = datetime.now(UTC) - timedelta(minutes=5)
        connection.execute(sa.text("UPDATE batch SET due = :due"), {"due": _microseconds(long_ago)})
        connection.execute(
            sa.text("UPDATE delivery SET next_try_at = :due"), {"due": _microseconds(long_ago)}
        )
        connection.execute(
            sa.update(delivery).where(delivery.c.state == "sent").values(state="in_doubt")
        )
    with stage.sender() as sender:
        touch_owners(stage.database, [sender.owner.id], datetime.now(UTC) - timedelta(seconds=60))
        numbers = WorkerMetrics(make_worker(stage, heard)).exposition().decode()
        with stage.database.read() as connection:
            (worker,) = list_workers(connection)
    lag = next(line for line in numbers.splitlines() if line.startswith("lovecampaign_lag"))
    assert 299 < float(lag.split()[-1]) < 400
    assert f'lovecampaign_in_doubt{{campaign="{stage.campaign.id}"}} 1.0' in numbers
    age = next(line for line in numbers.splitlines() if line.startswith("lovecampaign_worker"))
    assert 59 < float(age.split()[-1]) < 160
    assert worker.slots == 1


@pytest.mark.parametrize(("minutes", "states"), [(1, {"claimed": 3}), (3, {"in_doubt": 3})])
def test_claims_of_another_machine_are_left_to_it_for_two_minutes(
    stage: Stage, minutes: int, states: dict[str, int]
) -> None:
    """Only there the flight journal can be read."""

    class Dies(Exception):
        pass

    def die(message: object) -> object:
        raise Dies

    stage.add_readers(3)
    stage.memory.script = die  # type: ignore[assignment]
    with pytest.raises(Dies):
        stage.send()
    stage.memory.script = accept_all
    stage.memory.has_sent = lambda _id: None  # type: ignore[assignment, method-assign]
    with stage.database.write() as connection:
        connection.execute(
            sa.update(owner).values(
                boot_id="another", seen_at=datetime.now(UTC) - timedelta(minutes=minutes)
            )
        )
    with stage.sender() as sender:
        recovered = recover(sender)
    assert stage.states("day-01") == states
    assert recovered.unread == states.get("in_doubt", 0)
    assert ("cannot be read from here" in recovered.in_words) == ("in_doubt" in states)


def _microseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)
