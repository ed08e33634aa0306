"""Stay, and send each email as it falls due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import Refused, Unreachable
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.cleanup import Tidying
from lovecampaign.delivery.transactional.worker import send_transactional

#: How often senders look for what dead ones left, and for edits of the files.
MAX_SLEEP = timedelta(seconds=10)

#: Reads a campaign anew; the last good one while its files hold mistakes.
Reload = Callable[[], Campaign]
#: Sleeps until an instant at the latest.
Sleep = Callable[[Sender, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What ``run`` was asked to do."""

    campaigns: Sequence[Reload]
    checker: Callable[[Campaign], Checker]
    choices: PassOptions
    #: None: until it is stopped.
    until: datetime | None
    #: Told what each pass did, also where it found nothing to do.
    on_report: Callable[[SendReport], None]
    #: Told why nothing can be sent just now; it will be tried again.
    on_outage: Callable[[Unreachable], None]


def run(
    open_sender: Callable[[], AbstractContextManager[Sender]], plan: RunPlan, sleep: Sleep
) -> None:
    """Pass after pass until ``until``, or until somebody sets the sender's ``stop``.

    A database or provider that goes away is waited for. Raises Unreachable where it isn't
    there at the start, and Refused where the provider does not let us in.
    """
    has_begun = False
    while True:
        try:
            with open_sender() as sender:
                has_begun = True
                _run_passes(sender, plan, sleep)
                return
        except Refused:
            raise
        except Unreachable as error:
            if not has_begun:
                raise
            plan.on_outage(error)
        # The claims of the sender that failed are recovered by its successor.
        sleep(sender, sender.clock.now() + MAX_SLEEP)
        if _is_over(sender, plan):
            return


def sleep_until(sender: Sender, until: datetime) -> None:
    """Sleep by the real clock, ten seconds at most."""
    wanted = until - sender.clock.now()
    sender.wait(min(wanted, MAX_SLEEP).total_seconds())


def _run_passes(sender: Sender, plan: RunPlan, sleep: Sleep) -> None:
    tidying = Tidying()
    while True:
        next_dues = [_pass(sender, plan, reload) for reload in plan.campaigns]
        tidying.tidy(sender)
        if _is_over(sender, plan):
            return
        known = [due for due in (*next_dues, plan.until) if due is not None]
        sleep(sender, min(known, default=sender.clock.now() + MAX_SLEEP))
        if sender.stop.is_set():
            return


def _pass(sender: Sender, plan: RunPlan, reload: Reload) -> datetime | None:
    campaign = reload()
    report = send_due(sender, campaign, plan.choices, plan.checker(campaign))
    plan.on_report(report)
    if report.closed is not None:
        raise report.closed
    send_transactional(sender, [campaign], plan.checker)
    return report.next_due


def _is_over(sender: Sender, plan: RunPlan) -> bool:
    if sender.stop.is_set():
        return True
    return plan.until is not None and sender.clock.now() >= plan.until
