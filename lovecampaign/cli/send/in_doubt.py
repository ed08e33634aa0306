"""The verb ``in-doubt``: deliveries with an unknown outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import click
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.resources.campaigns import campaign_argument, campaign_option, load_usable
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.errors import ExitCode, LovecampaignError, UsageError
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.settle_by_event import settle_all_in_doubt_by_events
from lovecampaign.store.reports.recent_problems import (
    find_ids_in_doubt,
    resend_ids,
    settle_ids_as_sent,
)
from lovecampaign.store.sending.in_doubt import YOUNGEST_TO_RESEND, OpenDelivery, list_in_doubt
from lovecampaign.store.sending.transactional_queue import ClaimedMail, list_transactional_in_doubt


class TooRecentToResend(LovecampaignError):
    """The provider may still report the outcome, so resending is refused for now."""

    exit_code = ExitCode.RUN_AGAIN


@verb_group("in-doubt", fallback="list")
def in_doubt() -> None:
    """List or settle deliveries with an unknown outcome.

    They may have arrived, so they are never sent again on their own.
    """


@verb("list", in_doubt)
@campaign_argument
def list_all(invocation: Invocation, campaign_name: str | None) -> Result:
    """List them (the same as in-doubt alone)."""
    campaign = load_usable(invocation, campaign_name).campaign
    with opened_database(invocation) as database:
        settle_all_in_doubt_by_events(database, invocation.now)
        with database.read() as connection:
            deliveries = list_in_doubt(connection, campaign.id)
            asked = list_transactional_in_doubt(connection, campaign.id)
    data = {
        "deliveries": [
            {"id": one.id, "key": one.email_key, "email": one.address, "claimed_at": one.claimed_at}
            for one in deliveries
        ],
        "asked": [
            {"kind": one.kind, "email": one.address, "claimed_at": one.claimed_at} for one in asked
        ],
    }
    if not deliveries and not asked:
        return Result(
            data=data,
            text="Nothing is in doubt.",
            next_command=f"lovecampaign status {campaign.slug}",
        )
    settles = "in-doubt resolve --as sent" if deliveries else f"status {campaign.slug}"
    return Result(
        data=data,
        text="\n\n".join(_tables(campaign, deliveries, asked)),
        next_command=f"lovecampaign {settles}",
    )


def _tables(
    campaign: Campaign, deliveries: Sequence[OpenDelivery], asked: Sequence[ClaimedMail]
) -> Iterator[str]:
    claimed = f"claimed ({campaign.timezone})"
    if deliveries:
        rows = [
            (str(one.id), one.email_key, one.address, local_time(one.claimed_at, campaign.timezone))
            for one in deliveries
        ]
        yield format_table(("id", "email", "to", claimed), rows)
    if asked:
        mails = [
            (one.kind.value, one.address, local_time(one.claimed_at, campaign.timezone))
            for one in asked
        ]
        yield "\n".join(
            [
                "Requested on a page. Nothing to settle: a person who misses it can ask again.",
                format_table(("mail", "to", claimed), mails),
            ]
        )


@verb("resolve", in_doubt)
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option(
    "--as",
    "outcome",
    type=click.Choice(["sent", "resend"]),
    help="sent: they arrived. resend: send them again, at the risk of duplicates.",
)
@campaign_option
def resolve(
    invocation: Invocation, ids: tuple[int, ...], outcome: str | None, campaign_name: str | None
) -> Result:
    """Settle some of them, or all.

    Without IDs, all of the campaign. resend refuses deliveries younger than ten minutes: the
    provider may still report their outcome.
    """
    if outcome is None:
        raise UsageError(
            "--as is missing: did they arrive?",
            hint="add --as sent, or --as resend if you know that they did not arrive",
        )
    campaign = load_usable(invocation, campaign_name).campaign
    with opened_database(invocation) as database:
        settle_all_in_doubt_by_events(database, invocation.now)
        with database.write() as connection:
            chosen = _choose(connection, campaign, ids)
            settle = settle_ids_as_sent if outcome == "sent" else _send_again
            number = settle(connection, chosen, invocation.now)
    words = "settled as sent" if outcome == "sent" else "due again"
    return Result(
        data={"outcome": outcome, "resolved": number, "ids": sorted(chosen)},
        text=f"{count_of(number, 'delivery')} {words}.",
        next_command=f"lovecampaign {'status' if outcome == 'sent' else 'send'} {campaign.slug}",
    )


def _choose(connection: Connection, campaign: Campaign, ids: Sequence[int]) -> Sequence[int]:
    """All of the campaign, or the named ones; raises UsageError for others."""
    record = read_campaign(connection, campaign.id)
    chosen = find_ids_in_doubt(connection, record.id if record else 0, ids or None)
    unknown = sorted(set(ids).difference(chosen))
    if unknown:
        raise UsageError(
            f"not in doubt here: {', '.join(map(str, unknown))}",
            hint="to see what is, type: lovecampaign in-doubt",
        )
    return chosen


def _send_again(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    resent = resend_ids(connection, ids, now)
    if resent.too_young:
        minutes = int(YOUNGEST_TO_RESEND.total_seconds() // 60)
        raise TooRecentToResend(
            f"{count_of(resent.too_young, 'delivery')} in doubt for less than {minutes} minutes: "
            "the provider may still report the outcome",
            hint="wait, or name the IDs of older ones",
        )
    return resent.number
