"""What became of deliveries whose outcome nobody knows? The verb ``in-doubt``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import click
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.output.words import count_of, local_time
from lovecampaign.cli.resources.campaigns import campaign_argument, campaign_option, load_usable
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import ExitCode, LovecampaignError, UsageError
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.settle_by_event import settle_doubts_by_events
from lovecampaign.store.reports.recent_problems import find_doubts, resend_doubts, settle_doubts
from lovecampaign.store.sending.in_doubt import YOUNGEST_TO_RESEND
from lovecampaign.store.sending.open_claims import OpenDelivery, list_in_doubt
from lovecampaign.store.sending.request_queue import ClaimedMail, list_asked_in_doubt


class TooYoung(LovecampaignError):
    """The provider may still tell what became of a delivery: waiting may be all it takes."""

    exit_code = ExitCode.RUN_AGAIN


@verb_group("in-doubt", fallback="list")
def in_doubt() -> None:
    """List or settle deliveries whose outcome nobody knows.

    They are never sent again without being asked for: they may have arrived.
    """


@verb("list", in_doubt)
@campaign_argument
def list_all(invocation: Invocation, campaign: str | None) -> Result:
    """List them (the same as in-doubt alone)."""
    found = load_usable(invocation, campaign).campaign
    with opened_database(invocation) as database:
        settle_doubts_by_events(database, invocation.now)
        with database.read() as connection:
            deliveries = list_in_doubt(connection, found.id)
            asked = list_asked_in_doubt(connection, found.id)
    data = {
        "deliveries": [_as_json(one) for one in deliveries],
        "asked": [_asked_as_json(one) for one in asked],
    }
    if not deliveries and not asked:
        return Result(
            data=data,
            text="Nothing is in doubt.",
            next_command=f"lovecampaign status {found.slug}",
        )
    settles = "in-doubt resolve --as sent" if deliveries else f"status {found.slug}"
    return Result(
        data=data,
        text="\n\n".join(_tables(found, deliveries, asked)),
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
                "Asked for on a page. There is nothing to settle: who misses it asks again.",
                format_table(("mail", "to", claimed), mails),
            ]
        )


@verb("resolve", in_doubt)
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option(
    "--as",
    "outcome",
    type=click.Choice(["sent", "resend"]),
    help="sent: they arrived. resend: send them once more, at the risk of doubles.",
)
@campaign_option
def resolve(
    invocation: Invocation, ids: tuple[int, ...], outcome: str | None, campaign: str | None
) -> Result:
    """Say what became of some, or of all.

    Without IDs, all of the campaign. resend refuses deliveries younger than ten minutes: the
    provider may still tell what became of them.
    """
    if outcome is None:
        raise UsageError("what became of them?", hint="add --as sent, or --as resend")
    found = load_usable(invocation, campaign).campaign
    with opened_database(invocation) as database:
        settle_doubts_by_events(database, invocation.now)
        with database.write() as connection:
            chosen = _choose(connection, found, ids)
            settle = settle_doubts if outcome == "sent" else _send_again
            number = settle(connection, chosen, invocation.now)
    words = "settled as sent" if outcome == "sent" else "due again"
    return Result(
        data={"outcome": outcome, "resolved": number, "ids": sorted(chosen)},
        text=f"{count_of(number, 'delivery')} {words}.",
        next_command=f"lovecampaign {'status' if outcome == 'sent' else 'send'} {found.slug}",
    )


def _as_json(delivery: OpenDelivery) -> Mapping[str, object]:
    return {
        "id": delivery.id,
        "key": delivery.email_key,
        "email": delivery.address,
        "claimed_at": format_instant(delivery.claimed_at),
    }


def _asked_as_json(mail: ClaimedMail) -> Mapping[str, object]:
    return {
        "kind": mail.kind.value,
        "email": mail.address,
        "claimed_at": format_instant(mail.claimed_at),
    }


def _choose(connection: Connection, campaign: Campaign, ids: Sequence[int]) -> Sequence[int]:
    """All of the campaign's, or those that were named; raises UsageError for any other."""
    record = read_campaign(connection, campaign.id)
    chosen = find_doubts(connection, record.id if record else 0, ids or None)
    unknown = sorted(set(ids).difference(chosen))
    if unknown:
        raise UsageError(
            f"not in doubt here: {', '.join(map(str, unknown))}",
            hint="to see what is, type: lovecampaign in-doubt",
        )
    return chosen


def _send_again(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    resent = resend_doubts(connection, ids, now)
    if resent.too_young:
        minutes = int(YOUNGEST_TO_RESEND.total_seconds() // 60)
        raise TooYoung(
            f"{count_of(resent.too_young, 'delivery')} in doubt for less than {minutes} minutes: "
            "the provider may still tell",
            hint="wait, or name the IDs of older ones",
        )
    return resent.number
