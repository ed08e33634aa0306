"""The slots of a worker: each delivers one batch at a time, through a sender of its own."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.engine.batch_job import BatchJob, BatchReport
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.prepare.readiness import Checker

#: Opens a sender with a provider of its own; its argument is called at each outcome.
OpenSender = Callable[[Callable[[int], None]], AbstractContextManager[SendingProcess]]


@dataclass(slots=True, kw_only=True)
class WorkerSlot:
    """A sender that is kept from job to job, and opened anew after a failure."""

    open_sender: OpenSender
    find_campaign: Callable[[str], Campaign | None]
    checker: Callable[[SendingProcess, Campaign], Checker]
    #: Rises with each job and each outcome; the watchdog looks whether it moves.
    progress: int = 0
    is_busy: bool = False
    _open: contextlib.ExitStack | None = None
    _job: BatchJob | None = None

    @property
    def sender(self) -> SendingProcess | None:
        """None while it is closed."""
        return self._job.sender if self._job is not None else None

    def open(self) -> BatchJob:
        """Connect to the provider and register; raises Unreachable."""
        if self._job is None:
            stack = contextlib.ExitStack()
            sender = stack.enter_context(self.open_sender(self._count))
            self._open = stack
            self._job = BatchJob(
                sender=sender,
                recovery=RecoveryTimer(sender),
                find_campaign=self.find_campaign,
                checker=lambda campaign: self.checker(sender, campaign),
            )
        return self._job

    def run(self, batch_id: int) -> BatchReport | None:
        """Deliver a batch; after a failure the claims stay for recovery."""
        self.is_busy = True
        self.progress += 1
        try:
            return self.open().run(batch_id)
        except BaseException:
            self.close()
            raise
        finally:
            self.is_busy = False

    def close(self) -> None:
        """End the sender; while an exception is handled, its row and journal stay."""
        stack, self._open, self._job = self._open, None, None
        if stack is not None:
            with contextlib.suppress(Exception):  # the first failure counts
                stack.__exit__(*sys.exc_info())

    def _count(self, number: int) -> None:
        self.progress += number


@dataclass(slots=True, kw_only=True)
class WorkerSlots:
    """The slots of one process; a job waits for a free one."""

    all: Sequence[WorkerSlot]
    _free: queue.SimpleQueue[WorkerSlot] = field(default_factory=queue.SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for slot in self.all:
            self._free.put(slot)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Open all of them, so that a fault shows at the start; close them at the end."""
        try:
            for slot in self.all:
                slot.open()
            yield
        finally:
            for slot in self.all:
                slot.close()

    @contextlib.contextmanager
    def take(self) -> Iterator[WorkerSlot]:
        slot = self._free.get()
        try:
            yield slot
        finally:
            self._free.put(slot)

    @property
    def senders(self) -> list[SendingProcess]:
        """Those that are open."""
        return [sender for slot in self.all if (sender := slot.sender) is not None]
