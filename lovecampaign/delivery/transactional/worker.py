"""Who sends the mail that pages promise? A thread inside ``serve``, woken by each promise.

Confirmations leave within the second, retries when they are due. ``run`` does the same in each
of its passes, so that either may be there alone. Nothing is in memory only: what is promised
stands in the database, and a thread that dies is replaced by whoever comes next.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import Unreachable
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.loop.recovery import recover
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.cleanup import Tidying
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.delivery.transactional.welcome import send_welcomes
from lovecampaign.store.checkout.waitlist import tell_who_waits
from lovecampaign.store.sending.request_queue import find_next_asked

#: How often the queue is looked at without being woken, and dead senders are looked for.
LONGEST_NAP = timedelta(seconds=10)
CheckCampaign: TypeAlias = Callable[[Campaign], Checker]


def send_transactional(sender: Sender, campaigns: Sequence[Campaign], check: CheckCampaign) -> None:
    """One pass: confirmations and other answers first, then welcomes."""
    for campaign in campaigns:
        tell_who_waits(sender.database, campaign, sender.clock.now())
        deliver_requested(sender, campaign)
    for campaign in campaigns:
        send_welcomes(sender, campaign, check(campaign))


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalPlan:
    """What the thread works with."""

    #: Registers it as a sender for as long as the block runs.
    open_sender: Callable[[], AbstractContextManager[Sender]]
    #: The campaigns at this moment.
    campaigns: Callable[[], Sequence[Campaign]]
    check: CheckCampaign
    #: Told why nothing can be sent just now; it is tried again.
    on_outage: Callable[[Unreachable], None]
    #: Told of a mistake of ours; the thread goes on with the next pass.
    on_bug: Callable[[BaseException], object]


@dataclass(slots=True, kw_only=True)
class TransactionalWorker:
    """The thread; ``stop`` is also the sender's, so that it ends in the middle of a pass."""

    plan: TransactionalPlan
    stop: threading.Event = field(default_factory=threading.Event)
    _woken: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _tidying: Tidying = field(default_factory=Tidying)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Send for as long as the block runs."""
        self.start()
        try:
            yield
        finally:
            self.end()

    def wake(self) -> None:
        """Something was asked for: look now."""
        self._woken.set()

    def is_alive(self) -> bool:
        """Whether mail that is asked for is going to be sent."""
        return self._thread is not None and self._thread.is_alive()

    def end(self, timeout_seconds: float = 5.0) -> None:
        """Finish what is in the air, and stop."""
        self.stop.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self.stop.is_set():
            try:
                with self.plan.open_sender() as sender:
                    self._work(sender)
            except Unreachable as error:
                self.plan.on_outage(error)
            except Exception as error:  # noqa: BLE001 - a thread that ends would answer nobody
                self.plan.on_bug(error)
            # The claims of the sender that failed are recovered by its successor.
            self.stop.wait(0 if self.stop.is_set() else LONGEST_NAP.total_seconds())

    def _work(self, sender: Sender) -> None:
        while not self.stop.is_set():
            self._woken.clear()
            recover(sender)
            send_transactional(sender, self.plan.campaigns(), self.plan.check)
            self._tidying.tidy(sender)
            self._nap(sender)

    def _nap(self, sender: Sender) -> None:
        now = sender.clock.now()
        with sender.database.read() as connection:
            next_try = find_next_asked(connection, now)
        wanted = LONGEST_NAP if next_try is None else min(next_try - now, LONGEST_NAP)
        self._woken.wait(max(0.05, wanted.total_seconds()))
