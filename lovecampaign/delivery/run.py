"""``run``: sends each email as it falls due, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import ProviderRefused, Unreachable
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.desk.morning import queue_morning_mail
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.worker import (
    clean_up,
    cleanup_interval,
    send_transactional,
)

#: Between two checks for claims of dead processes, and for edits of the files.
MAX_SLEEP = timedelta(seconds=10)

#: Reloads a campaign; returns the last valid one while its files have mistakes.
Reload = Callable[[], Campaign]
#: Sleeps until an instant at the latest.
Sleep = Callable[[SendingProcess, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What ``run`` was asked to do."""

    campaigns: Sequence[Reload]
    checker: Callable[[Campaign], Checker]
    options: PassOptions
    #: None: until it is stopped.
    until: datetime | None
    #: Called after each pass, also where nothing was due.
    on_report: Callable[[SendReport], None]
    #: Called when nothing can be sent now; it will be tried again.
    on_outage: Callable[[Unreachable], None]


def run(
    open_sender: Callable[[], AbstractContextManager[SendingProcess]], plan: RunPlan, sleep: Sleep
) -> None:
    """Pass after pass until ``until``, or until the sender's ``stop`` is set.

    Waits for a database or provider that goes down. Raises Unreachable where it cannot be reached
    at the start, and ProviderRefused where the provider rejects us.
    """
    has_begun = False
    while True:
        try:
            with open_sender() as sender:
                has_begun = True
                _run_passes(sender, plan, sleep)
                return
        except ProviderRefused:
            raise
        except Unreachable as error:
            if not has_begun:
                raise
            plan.on_outage(error)
        # The next sender recovers the claims of this one.
        sleep(sender, sender.clock.now() + MAX_SLEEP)
        if _is_over(sender, plan):
            return


def sleep_until(sender: SendingProcess, until: datetime) -> None:
    """Sleep by the real clock, ten seconds at most."""
    wanted = until - sender.clock.now()
    sender.wait(min(wanted, MAX_SLEEP).total_seconds())


def _run_passes(sender: SendingProcess, plan: RunPlan, sleep: Sleep) -> None:
    cleanup = cleanup_interval(sender)
    while True:
        next_dues = [_pass(sender, plan, reload) for reload in plan.campaigns]
        clean_up(sender, cleanup)
        if _is_over(sender, plan):
            return
        known = [due for due in (*next_dues, plan.until) if due is not None]
        sleep(sender, min(known, default=sender.clock.now() + MAX_SLEEP))
        if sender.stop.is_set():
            return


def _pass(sender: SendingProcess, plan: RunPlan, reload: Reload) -> datetime | None:
    campaign = reload()
    report = send_due(sender, campaign, plan.options, plan.checker(campaign))
    plan.on_report(report)
    if report.closed is not None:
        raise report.closed
    queue_morning_mail(sender.database, campaign, sender.clock.now())
    send_transactional(sender, [campaign], plan.checker)
    return report.next_due


def _is_over(sender: SendingProcess, plan: RunPlan) -> bool:
    if sender.stop.is_set():
        return True
    return plan.until is not None and sender.clock.now() >= plan.until
