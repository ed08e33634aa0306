"""The worker: two loops of Procrastinate in one process, for batches and for control.

A job of a dead worker is rescued by a task of ours, by the worker's heartbeat. Rescue and tick run
in a loop of their own: they would starve while all slots send.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import Clock
from lovecampaign.core.errors import LovecampaignError, Unreachable
from lovecampaign.delivery.engine.batch_job import BatchReport
from lovecampaign.delivery.engine.dispatch import queue_again
from lovecampaign.delivery.engine.rescue import MAX_ATTEMPTS, give_up, rescue_stalled
from lovecampaign.delivery.engine.slots import WorkerSlots
from lovecampaign.delivery.loop.recovery import RecoveredClaims, recover
from lovecampaign.store.database.connect import driver_arguments
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.job_queue import (
    CONTROL_QUEUE,
    DELIVER,
    QUEUED_AHEAD,
    SEND_QUEUE,
)
from lovecampaign.store.sending.senders import touch_owners

if TYPE_CHECKING:
    from procrastinate import App, JobContext

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
#: A rescued job sends no notification.
POLLING_SECONDS = 2.0
#: Seconds are the sixth field.
_EVERY_5_SECONDS = "* * * * * */5"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What a worker was asked to do."""

    database: Database
    slots: WorkerSlots
    clock: Clock
    stop: threading.Event
    #: The campaigns of the workspace, at this moment.
    campaigns: Callable[[], Sequence[Campaign]]
    on_report: Callable[[BatchReport], None]
    #: Called when nothing can be sent now; it will be tried again.
    on_outage: Callable[[LovecampaignError], None]
    #: Called with what was taken over from dead senders.
    on_recovered: Callable[[RecoveredClaims], None]
    #: Called with a sentence when a batch is given up.
    on_alarm: Callable[[str], None]
    on_bug: Callable[[BaseException], object]
    #: Zero with ``--now``.
    ahead: timedelta = QUEUED_AHEAD
    #: After an outage, before the next try.
    outage_seconds: float = 10.0


@dataclass(slots=True, kw_only=True)
class Worker:
    """Delivers what ``run`` queues, until ``plan.stop`` is set."""

    plan: WorkerPlan
    #: Rises with each turn of the event loop's heartbeat.
    beats: int = 0
    rescued: int = 0
    #: Deliveries that have come to an end here.
    delivered: int = 0
    #: Why nothing can be sent now; None while it works.
    outage: str | None = None
    _logged: LastError = field(init=False)

    def run(self) -> None:
        """Work until the stop; waits for a database or provider that goes down.

        Raises LovecampaignError where the start already fails.
        """
        has_begun = False
        while not self.plan.stop.is_set():
            try:
                with self.plan.slots.opened():
                    has_begun, self.outage = True, None
                    self._run_loop(self._work())
            except Unreachable as error:
                if not has_begun:
                    raise
                self.outage = error.message
                self.plan.on_outage(error)
                self.plan.stop.wait(self.plan.outage_seconds)

    def run_until_idle(self) -> None:
        """Deliver what is due now, and return; what cannot go out now is left."""
        with self.plan.slots.opened():
            self._recover()
            before = -1
            while self.delivered > before and not self.plan.stop.is_set():
                before = self.delivered
                self._tick()
                self._run_loop(self._drain())

    def _run_loop(self, work: Any) -> None:
        self._logged = _hide_foreign_logs()
        with asyncio.Runner() as runner:
            # Jobs run in threads: two more for rescue and tick.
            executor = ThreadPoolExecutor(len(self.plan.slots.all) + 4, thread_name_prefix="slot")
            runner.get_loop().set_default_executor(executor)
            runner.run(work)

    async def _work(self) -> None:
        async with self._opened_apps() as (send, control):
            loops = [
                asyncio.create_task(self._loop(send, SEND_QUEUE, len(self.plan.slots.all))),
                asyncio.create_task(self._loop(control, CONTROL_QUEUE, 2)),
            ]
            beat = asyncio.create_task(self._beat())
            stop = asyncio.create_task(self._wait_for_stop())
            await asyncio.wait([*loops, beat, stop], return_when=asyncio.FIRST_COMPLETED)
            for task in (*loops, beat, stop):
                task.cancel()  # a loop finishes its jobs first
            ended = await asyncio.gather(*loops, beat, return_exceptions=True)
        if not self.plan.stop.is_set():
            self._raise_outage(ended)

    def _raise_outage(self, ended: Sequence[BaseException | None]) -> None:
        """A loop that ends by itself has lost the database, or its row in the queue's tables."""
        for each in ended:
            if isinstance(each, LovecampaignError):
                raise each
        with self.plan.database.own_connection() as connection:  # it says what is wrong
            connection.execute(sa.select(1))
        found = (each for each in ended if isinstance(each, Exception))
        raise self.plan.database.translated(self._logged.last or next(found, "it ended"))

    async def _drain(self) -> None:
        async with self._opened_apps() as (send, _):
            await self._loop(send, SEND_QUEUE, len(self.plan.slots.all), wait=False)

    async def _loop(self, app: App, queue: str, concurrency: int, *, wait: bool = True) -> None:
        await app.run_worker_async(
            queues=[queue],
            concurrency=concurrency,
            wait=wait,
            listen_notify=wait,
            install_signal_handlers=False,
            delete_jobs="always",
            fetch_job_polling_interval=POLLING_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
        )

    @contextlib.asynccontextmanager
    async def _opened_apps(self) -> Any:
        from procrastinate import App, PsycopgConnector, RetryStrategy

        connector = PsycopgConnector(
            kwargs=driver_arguments(self.plan.database.direct.url),
            configure=_use_read_committed,
            min_size=1,
            max_size=len(self.plan.slots.all) + 6,
        )
        send, control = App(connector=connector), App(connector=connector)
        again = RetryStrategy(max_attempts=MAX_ATTEMPTS, wait=5)
        send.task(name=DELIVER, queue=SEND_QUEUE, pass_context=True, retry=again)(self._deliver)
        for name, function in (("rescue", self._rescue), ("tick", self._tick_job)):
            task = control.task(
                name=f"lovecampaign.{name}",
                queue=CONTROL_QUEUE,
                queueing_lock=f"lovecampaign-{name}",
                pass_context=True,
            )(function)
            control.periodic(cron=_EVERY_5_SECONDS)(task)
        async with send.open_async():
            yield send, control

    def _deliver(self, context: JobContext, batch_id: int, planned: int) -> None:
        """Without a word after an outage: the tick queues the batch again."""
        del planned  # for rescue
        if self.plan.stop.is_set():
            return
        try:
            with self.plan.slots.take() as slot:
                report = slot.run(batch_id)
        except LovecampaignError as error:
            self.plan.on_outage(error)
            self.plan.stop.wait(self.plan.outage_seconds)
            return
        except Exception as error:
            self.plan.on_bug(error)
            if context.job.attempts + 1 < MAX_ATTEMPTS:
                raise
            self._give_up(batch_id)
            return
        if report is not None:
            self.delivered += report.sent + report.failed + report.skipped + report.in_doubt
            self.plan.on_report(report)
            if report.closed is not None:
                self.plan.stop.wait(self.plan.outage_seconds)

    async def _rescue(self, context: JobContext, timestamp: int) -> None:
        del timestamp
        manager = context.app.job_manager
        database = self.plan.database
        self.rescued += await rescue_stalled(manager, database, STALLED_SECONDS, self._give_up)
        await asyncio.to_thread(self._recover)

    def _recover(self) -> None:
        for sender in self.plan.slots.senders[:1]:
            recovered = recover(sender)
            if recovered.in_doubt or recovered.put_back:
                self.plan.on_recovered(recovered)

    def _tick_job(self, context: JobContext, timestamp: int) -> None:
        del context, timestamp
        self._tick()

    def _tick(self) -> int:
        """Queue unfinished batches that have no live job; returns how many."""
        database, now = self.plan.database, self.plan.clock.now()
        return sum(
            queue_again(database, campaign, now, self.plan.ahead)
            for campaign in self.plan.campaigns()
        )

    def _give_up(self, batch_id: int) -> None:
        words = give_up(self.plan.database, batch_id, self.plan.clock.now())
        if words is not None:
            self.plan.on_alarm(words)

    async def _beat(self) -> None:
        while True:
            await asyncio.to_thread(self._touch)
            for _ in range(int(HEARTBEAT_SECONDS)):
                self.beats += 1
                await asyncio.sleep(1)

    def _touch(self) -> None:
        ids = [sender.owner.id for sender in self.plan.slots.senders]
        touch_owners(self.plan.database, ids, datetime.now(UTC))

    async def _wait_for_stop(self) -> None:
        while not self.plan.stop.is_set():
            await asyncio.sleep(0.2)


async def _use_read_committed(connection: Any) -> None:
    """Servers may have another default; with SERIALIZABLE, workers that fetch at once fail."""
    from psycopg import IsolationLevel

    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)


class LastError(logging.Handler):
    """Keeps the last exception that a library logged: Procrastinate's loops end without one."""

    last: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.last = getattr(error, "__cause__", None) or error or self.last


def _hide_foreign_logs() -> LastError:
    """Their tracebacks are not for users: we report what they are about."""
    handler = LastError()
    for name in ("procrastinate", "psycopg.pool", "asyncio"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers[:] = [handler]
    return handler
