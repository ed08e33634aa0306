"""How does the operator hold, release and redo? ``pause``, ``resume``, ``cancel``, ``retry``.

All take effect at once, also on senders that run, and typing them twice changes nothing more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.words import count_of
from lovecampaign.cli.resources.campaigns import (
    campaign_argument,
    campaign_option,
    find_scheduled,
    load_usable,
)
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger import campaigns as ledger
from lovecampaign.store.ledger.campaigns import BY_HAND, CampaignRecord, record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.sending.in_doubt import make_due
from lovecampaign.store.tables import DeliveryState

_RETRIED = {
    "failed": (DeliveryState.FAILED, None),
    "late": (DeliveryState.SKIPPED, SkipReason.LATE.value),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A campaign and its rows in an open database."""

    campaign: Campaign
    record: CampaignRecord
    database: Database


@contextlib.contextmanager
def recorded(invocation: Invocation, name: str | None) -> Iterator[Recorded]:
    """The campaign, which the ledger knows from now on at the latest."""
    campaign = load_usable(invocation, name).campaign
    with opened_database(invocation) as database:
        record = record_campaign(database, campaign)
        yield Recorded(campaign=campaign, record=record, database=database)


@verb("pause")
@campaign_argument
@click.option("--why", type=read_name, metavar="TEXT", default=BY_HAND, help="Shown by status.")
def pause(invocation: Invocation, campaign: str | None, why: str) -> Result:
    """Stop sending at once, until resume.

    What is on the wire is finished; nothing more is claimed.
    """
    with recorded(invocation, campaign) as found, found.database.write() as connection:
        has_changed = ledger.pause(connection, found.record.id, invocation.now, why)
    reason = why if has_changed else found.record.pause_reason
    return _told(found, f"paused, {reason}", is_paused=True, has_changed=has_changed)


@verb("resume")
@campaign_argument
def resume(invocation: Invocation, campaign: str | None) -> Result:
    """Go on after a pause.

    What became due meanwhile goes out with the next send, unless it is too late for its reader.
    """
    with recorded(invocation, campaign) as found, found.database.write() as connection:
        has_changed = ledger.resume(connection, found.record.id)
    words = "goes on" if has_changed else "was not paused"
    return _told(found, words, is_paused=False, has_changed=has_changed)


@verb("cancel")
@click.argument("key")
@campaign_option
def cancel(invocation: Invocation, key: str, campaign: str | None) -> Result:
    """Call one email off for everyone who does not have it yet.

    It cannot be called on again.
    """
    with recorded(invocation, campaign) as found:
        email = find_scheduled(found.campaign, key)
        number = _count_planned(found, email, invocation.now)
        with found.database.write() as connection:
            ledger.cancel_email(connection, found.record.email_ids[email.key], invocation.now)
    was_cancelled = email.key in found.record.cancelled
    return Result(
        data={
            "campaign": found.campaign.slug,
            "key": email.key,
            "cancelled": number,
            "changed": not was_cancelled,
        },
        text=_say_cancelled(email.key, number, was_cancelled=was_cancelled),
        next_command=f"lovecampaign status {found.campaign.slug}",
    )


def _count_planned(found: Recorded, email: Email, now: datetime) -> int:
    """Who would have got it: rows of the ledger, and everybody else by today's rules."""
    report = report_campaign(found.database, found.campaign, now, [email])
    return report.emails[0].counts.get(DeliveryState.PLANNED, 0)


def _say_cancelled(key: str, number: int, *, was_cancelled: bool) -> str:
    if was_cancelled:
        return f"{key} was called off already."
    if not number:
        return f"{key} is called off; nobody was waiting for it."
    return f"{key} is called off; {count_of(number, 'person')} will not get it."


@verb("retry")
@click.argument("key")
@click.option(
    "--state",
    type=click.Choice(list(_RETRIED)),
    required=True,
    help="What is tried again: what failed for good, or what was skipped as too late.",
)
@campaign_option
def retry(invocation: Invocation, key: str, state: str, campaign: str | None) -> Result:
    """Make what failed or was too late due now.

    The next send takes it.
    """
    with recorded(invocation, campaign) as found:
        email = find_scheduled(found.campaign, key)
        wanted, reason = _RETRIED[state]
        with found.database.write() as connection:
            email_id = found.record.email_ids[email.key]
            number = make_due(connection, email_id, wanted, reason, invocation.now)
    return Result(
        data={
            "campaign": found.campaign.slug,
            "key": email.key,
            "state": state,
            "retried": number,
        },
        text=f"{email.key}: {count_of(number, 'delivery')} due now.",
        next_command=f"lovecampaign send {found.campaign.slug}",
    )


def _told(found: Recorded, words: str, *, is_paused: bool, has_changed: bool) -> Result:
    slug = found.campaign.slug
    following = "resume" if is_paused else "send"
    return Result(
        data={"campaign": slug, "paused": is_paused, "changed": has_changed},
        text=f"{slug} {'is ' if is_paused else ''}{words}.",
        next_command=f"lovecampaign {following} {slug}",
    )
