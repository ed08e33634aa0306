"""The pool of sending processes: shares batches among them, and takes over from those that die."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait

from lovecampaign.core.errors import LovecampaignError, Unreachable
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.batch import SECONDS_A_CHUNK
from lovecampaign.delivery.loop.dispatch import Dispatched
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.processes.child import run_child
from lovecampaign.delivery.processes.fork_server import ForkServer
from lovecampaign.delivery.processes.protocol import (
    DeliveryOrder,
    Done,
    Failed,
    Fenced,
    LogLine,
    OrderedBatch,
    ProgressReport,
    Request,
)
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.sending.due import count_claimable

DIED = "process_died"
TAKEN_OVER = "taken_over"
#: Chunks for each process, where little is due.
_CHUNKS_EACH = 2
#: More in a row that no order outlives are no accident.
_MAX_DEATHS = 10
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_END = 10.0


class RemoteTraceback(Exception):
    """The traceback of another process, as the cause of its exception."""


@dataclass(slots=True, kw_only=True)
class ProcessPool:
    """Implements :class:`~lovecampaign.delivery.loop.dispatch.BatchDispatcher`."""

    server: ForkServer
    count: int
    #: Process ids by pipe.
    _pids: dict[Connection, int] = field(default_factory=dict)
    #: Since an order ended without one.
    _deaths: int = 0

    def dispatch(
        self,
        sender: SendingProcess,
        jobs: Sequence[tuple[EmailJob, BatchHandle]],
        recovery: RecoveryTimer,
    ) -> Dispatched:
        """Deliver the batches in all processes at once; raises what one of them raised."""
        while len(self._pids) < self.count:
            pid, pipe = self.server.fork()
            self._pids[pipe] = pid
        sender.provider.disconnect()  # a server may limit their number
        order = _Order(pool=self, sender=sender, recovery=recovery)
        try:
            return order.deliver(_make_order(sender, jobs, self.count))
        except LovecampaignError:
            order.end_early()
            raise
        except BaseException:  # a bug, or a second Ctrl-C: recovery takes what is open
            self.kill()
            raise

    def note_death(self, pipe: Connection) -> Problem:
        """Forget a process. Raises Unreachable where no process lives long."""
        pid = self._pids.pop(pipe)
        pipe.close()
        self._deaths += 1
        if self._deaths >= _MAX_DEATHS:
            self._deaths = 0
            raise Unreachable(
                f"the sending processes die again and again: {_MAX_DEATHS} in a row",
                hint="nothing is lost: look for a lack of memory (dmesg), and send again with "
                "fewer --processes",
            )
        return Problem(
            code=DIED,
            severity=Severity.WARNING,
            message=f"a sending process (pid {pid}) died; the others went on with its deliveries",
            hint="dmesg tells whether it was for a lack of memory; fewer --processes need less",
        )

    def note_fenced(self, pipe: Connection) -> Problem:
        """Forget a process that others took over from: no accident, however often."""
        pid = self._pids.pop(pipe)
        pipe.close()
        return Problem(
            code=TAKEN_OVER,
            severity=Severity.WARNING,
            message=f"a sending process (pid {pid}) ended: it was suspended, or a worker began the "
            "same batch; what was left of it is sent once all the same",
            hint="where workers run, leave sending to them: lovecampaign run",
        )

    def dismiss(self, pipes: Iterable[Connection]) -> None:
        """Tell these to end, whatever they are doing, and hear no more of them."""
        for pipe in pipes:
            self._pids.pop(pipe, None)
            pipe.close()

    def note_end(self) -> None:
        self._deaths = 0

    @property
    def pipes(self) -> list[Connection]:
        return list(self._pids)

    def kill(self) -> None:
        for pipe, pid in self._pids.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            pipe.close()
        self._pids.clear()

    def close(self) -> None:
        """Let the processes end; they are idle."""
        for pipe in self._pids:
            with contextlib.suppress(OSError):
                pipe.send(Request.END)
        waiting = set(self._pids)
        while waiting and (readable := _readable(waiting, _SECONDS_TO_END)):
            waiting -= {each for each in readable if _is_at_end(each)}
        for pipe in self._pids:
            pipe.close()
        self._pids.clear()
        self.server.close()


@contextlib.contextmanager
def sending_processes(settings: Settings, count: int) -> Iterator[ProcessPool | None]:
    """The pool, or None for one process. Must be opened before a database and a thread are.

    Raises UsageError where the provider's connections are too few for so many processes.
    """
    if count == 1:
        yield None
        return
    open_provider(settings, processes=count).close()  # its modules are imported before the fork
    server = ForkServer(partial(run_child, settings=settings, processes=count))
    pool = ProcessPool(server=server, count=count)
    with contextlib.closing(pool):
        yield pool


@dataclass(slots=True, kw_only=True)
class _Order:
    """One order, delivered by all processes."""

    pool: ProcessPool
    sender: SendingProcess
    recovery: RecoveryTimer
    tally: Tally = field(default_factory=Tally)
    owner_ids: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    busy: set[Connection] = field(default_factory=set)
    failure: Failed | None = None
    is_stopping: bool = False

    def deliver(self, order: DeliveryOrder) -> Dispatched:
        for pipe in self.pool.pipes:
            self.busy.add(pipe)
            with contextlib.suppress(OSError):  # its death is noticed below
                pipe.send(order)
        self._collect()
        if self.failure is not None:
            raise self.failure.error from RemoteTraceback(self.failure.traceback)
        if not self.problems:
            self.pool.note_end()
        return Dispatched(
            tally=self.tally, owner_ids=frozenset(self.owner_ids), problems=tuple(self.problems)
        )

    def end_early(self) -> None:
        """After a failure of our own: the messages in flight are finished, and settled if possible.

        A process that takes longer is dismissed: it ends later, and another takes its place.
        """
        self._stop()
        while self.busy and (readable := _readable(self.busy, _SECONDS_TO_END)):
            for pipe in readable:
                with contextlib.suppress(LovecampaignError):
                    self._receive(pipe)
        self.pool.dismiss(self.busy)

    def _collect(self) -> None:
        while self.busy:
            for pipe in _readable(self.busy, _SECONDS_BETWEEN_LOOKS):
                self._receive(pipe)
            if self.sender.stop.is_set():
                self._stop()
            self.recovery.run_if_due()

    def _receive(self, pipe: Connection) -> None:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            self.busy.discard(pipe)
            self.problems.append(self.pool.note_death(pipe))
            self.recovery.run()
            return
        match message:
            case ProgressReport(outcomes):
                self.sender.on_progress(outcomes)
            case LogLine(level, logger, text):
                logging.getLogger(logger).log(level, "%s", text)
            case Done(tally, owner_id):
                self.busy.discard(pipe)
                self.tally += tally
                self.owner_ids.add(owner_id)
                if tally.closed is not None or tally.quota:
                    self._stop()  # the provider takes no more from any process
            case Fenced():
                self.busy.discard(pipe)
                self.problems.append(self.pool.note_fenced(pipe))
                self.recovery.run()
            case Failed():
                self.busy.discard(pipe)
                self.failure = self.failure or message
                self._stop()

    def _stop(self) -> None:
        if self.is_stopping:
            return
        self.is_stopping = True
        for pipe in self.busy:
            with contextlib.suppress(OSError):
                pipe.send(Request.STOP)


def _make_order(
    sender: SendingProcess, jobs: Sequence[tuple[EmailJob, BatchHandle]], count: int
) -> DeliveryOrder:
    first = jobs[0][0]
    return DeliveryOrder(
        campaign=first.campaign,
        record=first.record,
        clock=sender.clock,
        contents={job.email.key: (job.content, job.is_frozen) for job, _ in jobs},
        batches=[OrderedBatch(job.email.key, handle) for job, handle in jobs],
        claim_most=_claim_most(sender, first, [handle.id for _, handle in jobs], count),
    )


def _claim_most(
    sender: SendingProcess, job: EmailJob, batch_ids: Sequence[int], count: int
) -> int | None:
    """The size of a claim that gives each process a part; None: the provider's own."""
    size, chunks = sender.provider.claim_size, _CHUNKS_EACH * count
    with sender.database.read() as connection:
        due = count_claimable(connection, batch_ids, sender.clock.now(), most=size * chunks)
    most = math.ceil(due / chunks)
    per_second = job.campaign.sending.max_per_second
    if per_second is not None and sender.provider.is_throttled:
        most = min(most, max(1, int(per_second * SECONDS_A_CHUNK / count)))
    return most if 0 < most < size else None


def _readable(pipes: Collection[Connection], seconds: float) -> list[Connection]:
    """The pipes with a message, or at their end; waits for the first one."""
    ready = wait(list(pipes), seconds)
    return [pipe for pipe in pipes if pipe in ready]


def _is_at_end(pipe: Connection) -> bool:
    """Whether the other end is closed; what it still says is of no use."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        return True
    return False
