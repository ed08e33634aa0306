"""How does ``serve`` send the mail that its pages promise?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.output.style import trouble
from lovecampaign.cli.resources.campaigns import Usable, load_folder
from lovecampaign.cli.resources.checking import email_checker
from lovecampaign.core.errors import Unreachable
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.delivery.transactional.worker import TransactionalPlan, TransactionalWorker
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database


def make_post(
    invocation: Invocation,
    database: Database,
    provider: Provider,
    campaigns: Callable[[], Sequence[Campaign]],
    note_bug: Callable[[BaseException], Path],
) -> TransactionalWorker:
    """The thread that sends confirmations and welcomes; it is not started yet."""
    settings, stop = invocation.settings(), threading.Event()

    def open_one() -> AbstractContextManager[SendingProcess]:
        return open_sender(settings, database, provider, invocation.clock, stop=stop)

    def check(campaign: Campaign) -> Checker:
        return email_checker(_usable(campaign), invocation, settings, provider)

    plan = TransactionalPlan(
        open_sender=open_one,
        campaigns=campaigns,
        check=check,
        on_outage=_teller(invocation),
        on_bug=note_bug,
    )
    return TransactionalWorker(plan=plan, stop=stop)


def _usable(campaign: Campaign) -> Usable:
    """Read again only where an email has mistakes, to say which."""
    if any(email.is_broken for email in campaign.emails):
        return load_folder(campaign.folder, campaign.workspace)
    return Usable(campaign=campaign, problems=())


def _teller(invocation: Invocation) -> Callable[[Unreachable], None]:
    """Says each trouble once, however often it is met again."""
    last = ""

    def tell(error: Unreachable) -> None:
        nonlocal last
        if error.message != last:
            last = error.message
            invocation.output.show_aside(f"{trouble('mail is waiting')}: {error.message}")

    return tell
