"""A stage on PostgreSQL with the queue's tables, and workers for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Engine, Settings
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.engine.batch_job import BatchReport
from lovecampaign.delivery.engine.slots import WorkerSlot, WorkerSlots
from lovecampaign.delivery.engine.worker import Worker, WorkerPlan
from lovecampaign.delivery.loop.recovery import RecoveredClaims
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import upgrade_queue
from lovecampaign.store.database.schema_version import open_database
from tests.support.postgres import PostgresServer
from tests.support.stage import Stage


def no_problems(_email: object) -> tuple[Problem, ...]:
    return ()


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a worker said."""

    reports: list[BatchReport] = field(default_factory=list)
    outages: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    bugs: list[BaseException] = field(default_factory=list)
    recovered: list[RecoveredClaims] = field(default_factory=list)


def make_worker(
    stage: Stage,
    heard: Heard,
    *,
    concurrency: int = 1,
    check: Checker = no_problems,
    find_campaign: Callable[[str], Campaign | None] | None = None,
) -> Worker:
    stop = Event()

    @contextlib.contextmanager
    def open_one(on_progress: Callable[[int], None]) -> Iterator[SendingProcess]:
        with open_sender(
            stage.settings,
            stage.database,
            stage.provider,
            stage.clock,
            stop=stop,
            on_progress=on_progress,
        ) as sender:
            yield sender

    slots = [
        WorkerSlot(
            open_sender=open_one,
            find_campaign=find_campaign or (lambda _key: stage.campaign),
            checker=lambda _sender, _campaign: check,
        )
        for _ in range(concurrency)
    ]
    return Worker(
        plan=WorkerPlan(
            database=stage.database,
            slots=WorkerSlots(all=slots),
            clock=stage.clock,
            stop=stop,
            campaigns=lambda: [stage.campaign],
            on_report=heard.reports.append,
            on_outage=lambda error: heard.outages.append(error.message),
            on_recovered=heard.recovered.append,
            on_alarm=heard.alarms.append,
            on_bug=heard.bugs.append,
            ahead=timedelta(0),
            outage_seconds=0.01,
        )
    )


@pytest.fixture(scope="session")
def queue_template(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[str]:
    """The URL of a database with all tables and the queue's."""
    with postgres.database() as url:
        settings = Settings(
            workspace=tmp_path_factory.mktemp("queue"),
            database_url=url,
            engine=Engine.PROCRASTINATE,
        )
        with contextlib.closing(open_database(settings)) as database:
            upgrade_queue(database, settings)
        yield url


@pytest.fixture
def queue_settings(
    tmp_path: Path, postgres: PostgresServer, queue_template: str
) -> Iterator[Settings]:
    with postgres.copy_of(queue_template) as url:
        yield Settings(
            workspace=tmp_path,
            database_url=url,
            secret_keys=("test-key",),
            engine=Engine.PROCRASTINATE,
        )


@pytest.fixture
def queue_database(queue_settings: Settings) -> Iterator[Database]:
    with contextlib.closing(open_database(queue_settings)) as database:
        yield database


@pytest.fixture
def stage(queue_settings: Settings, queue_database: Database) -> Stage:
    prepared = Stage(queue_settings, queue_database, days=1, max_per_second="unlimited")
    prepared.memory.claim_size = 10
    return prepared


@pytest.fixture
def heard() -> Heard:
    return Heard()
