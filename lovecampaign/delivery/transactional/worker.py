"""Worker for transactional mail: a thread inside ``serve``, woken by each request.

Confirmations are sent within a second, retries when they are due. ``run`` does the same in each
pass, so that either may run alone. All state is in the database: after a crash the next process
continues.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.interval import Interval
from lovecampaign.delivery.base.holds import find_quota, why_mail_waits
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.loop.recovery import recover
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.delivery.transactional.welcome import send_welcomes
from lovecampaign.store.checkout.waitlist import notify_campaign_waitlist
from lovecampaign.store.sending.transactional_queue import find_next_transactional
from lovecampaign.store.subscribers.expire_unconfirmed import delete_unconfirmed
from lovecampaign.store.subscribers.wal_truncation import truncate_wal_if_due

#: Between two checks of the queue, and for dead processes, without being woken.
MAX_SLEEP = timedelta(seconds=10)
#: Between two deletions of unconfirmed subscribers.
CLEANUP_SECONDS = 3600.0
CheckCampaign: TypeAlias = Callable[[Campaign], Checker]


def send_transactional(
    sender: SendingProcess, campaigns: Sequence[Campaign], check: CheckCampaign
) -> Mapping[str, str]:
    """One pass: confirmations and other replies first, then welcomes.

    Returns why mail waits, by campaign key.
    """
    for campaign in campaigns:
        notify_campaign_waitlist(sender.database, campaign, sender.clock.now())
        now = sender.clock.now()
        rests = now < sender.mail_rests.get(campaign.id, now)
        if not rests and why_mail_waits(sender, campaign.id) is None:
            deliver_requested(sender, campaign)
    for campaign in campaigns:
        if not find_quota(sender):
            send_welcomes(sender, campaign, check(campaign))
    held = ((campaign.id, why_mail_waits(sender, campaign.id)) for campaign in campaigns)
    return {key: reason for key, reason in held if reason is not None}


def cleanup_interval(sender: SendingProcess) -> Interval:
    """For :func:`clean_up`; follows the sender's clock."""
    return Interval(CLEANUP_SECONDS, lambda: sender.clock.now().timestamp())


def clean_up(sender: SendingProcess, interval: Interval) -> None:
    """Delete subscribers who asked to join 30 days ago and never confirmed.

    What was erased leaves SQLite's WAL, if that was not possible before.
    """
    truncate_wal_if_due(sender.database)
    if interval.is_due():
        delete_unconfirmed(sender.database, sender.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalPlan:
    """The worker's configuration."""

    #: Registers the process as a sender while the block runs.
    open_sender: Callable[[], AbstractContextManager[SendingProcess]]
    #: The campaigns at this moment.
    campaigns: Callable[[], Sequence[Campaign]]
    check: CheckCampaign
    #: Called when nothing can be sent now; it is tried again.
    on_outage: Callable[[Unreachable], None]
    #: Called with an unexpected exception; the thread continues with the next pass.
    on_bug: Callable[[BaseException], object]


@dataclass(slots=True, kw_only=True)
class TransactionalWorker:
    """The thread; it shares ``stop`` with its sender, so that it ends within a pass."""

    plan: TransactionalPlan
    stop: threading.Event = field(default_factory=threading.Event)
    _woken: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    #: Why no mail goes out at all, and why that of a campaign waits, as of the last pass.
    _outage: str | None = None
    _held: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="transactional", daemon=True)
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
        """Mail was requested: check the queue now."""
        self._woken.set()

    def is_alive(self) -> bool:
        """Whether requested mail will be sent."""
        return self._thread is not None and self._thread.is_alive()

    def why_waiting(self, campaign_key: str | None = None) -> str | None:
        """Why requested mail waits, of one campaign or of any; None: it goes out."""
        if self._outage is not None:
            return self._outage
        held = self._held
        return held.get(campaign_key) if campaign_key else next(iter(held.values()), None)

    def end(self, timeout_seconds: float = 5.0) -> None:
        """Finish the messages in flight, and stop."""
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
                self._outage = error.message
                self.plan.on_outage(error)
            except Exception as error:  # noqa: BLE001 - the thread must not end
                self.plan.on_bug(error)
            # The next sender recovers the claims of this one.
            self.stop.wait(0 if self.stop.is_set() else MAX_SLEEP.total_seconds())

    def _work(self, sender: SendingProcess) -> None:
        cleanup = cleanup_interval(sender)
        while not self.stop.is_set():
            self._woken.clear()
            recover(sender)
            self._held = send_transactional(sender, self.plan.campaigns(), self.plan.check)
            self._outage = None
            clean_up(sender, cleanup)
            self._sleep(sender)

    def _sleep(self, sender: SendingProcess) -> None:
        now = sender.clock.now()
        with sender.database.read() as connection:
            next_try = find_next_transactional(connection, now)
        wanted = MAX_SLEEP if next_try is None else min(next_try - now, MAX_SLEEP)
        self._woken.wait(max(0.05, wanted.total_seconds()))
