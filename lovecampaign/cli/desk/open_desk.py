"""The open desk of a workspace: its database, campaigns, and the person at the terminal."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.resources.lists import load_all
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.core.errors import ExitCode, LovecampaignError, UsageError
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.delivery.base.holds import why_mail_waits
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.desk.campaigns import DeskCampaigns
from lovecampaign.delivery.desk.team import find_colleague, find_me
from lovecampaign.delivery.desk.write import Writing
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.store.database.engine import Database

#: ``--as``, where several share a login.
as_option = click.option(
    "--as", "named", type=read_name, metavar="NAME", help="Who you are; default: by your login."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk:
    """Everything that a command of the desk works with."""

    invocation: Invocation
    database: Database
    campaigns: DeskCampaigns

    def writing(
        self, key: str | None, person: int | None, owner: str, text: str, *, accepts_phrases: bool
    ) -> Writing:
        """A text to a person; ``key``: the campaign that it is about."""
        campaign, campaign_id = self.campaigns.recorded_sender(self.database, key, person)
        return Writing(
            campaign=campaign,
            campaign_id=campaign_id,
            owner=owner,
            text=text,
            accepts_phrases=accepts_phrases,
        )

    def me(self, named: str | None) -> str:
        """The name of the person at the terminal."""
        campaign = self.campaigns.newest
        if named is not None:
            return find_colleague(campaign, named).name
        return find_me(campaign, getpass.getuser())

    def local(self, instant: datetime | None) -> str | None:
        return local_time(instant, self.campaigns.newest.timezone) if instant else None

    def deliver(self, campaign: Campaign) -> str | None:
        """Send what is queued now; returns why it waits, for ``run``, ``send`` or ``serve``."""
        settings = self.invocation.settings()
        try:
            with (
                opened_provider(self.invocation, settings, self.database) as provider,
                open_sender(settings, self.database, provider, self.invocation.clock) as sender,
            ):
                reason = why_mail_waits(sender, campaign.id)
                if reason is None:
                    deliver_requested(sender, campaign)
                return reason
        except LovecampaignError as error:
            return error.message


@contextlib.contextmanager
def opened_desk(invocation: Invocation) -> Iterator[OpenDesk]:
    loaded = [campaign for campaign in load_all(invocation) if campaign]
    if not loaded:
        raise UsageError("no campaign here can be read", hint="type: lovecampaign check")
    with opened_database(invocation) as database:
        yield OpenDesk(invocation=invocation, database=database, campaigns=DeskCampaigns(loaded))


def waiting_problem(state: str, reason: str | None) -> Problem:
    """Of an answer that was not sent at once."""
    if state == "in_doubt":
        return Problem(
            code="in_doubt",
            message="the answer may have been sent: the connection broke",
            hint="ask your provider; then answer again, or close the letter",
        )
    if state == "failed":
        return Problem(code="failed", message="the answer was rejected", hint="see: replies show")
    return Problem(
        code="queued",
        message=f"it waits in the queue{f': {reason}' if reason else ''}",
        hint="lovecampaign run, send or serve sends it",
        severity=Severity.WARNING,
    )


def exit_code_for(state: str) -> ExitCode:
    """Queued is done: it is stored, and goes out by itself."""
    codes = {"failed": ExitCode.PROBLEMS, "in_doubt": ExitCode.RUN_AGAIN}
    return codes.get(state, ExitCode.DONE)
