"""How do the deals stand, who has which code, and who gets more time? The verb ``deals``."""

from __future__ import annotations

from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.campaign.schema.time_parsers import parse_point, resolve
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.words import time_and_zone
from lovecampaign.cli.resources.campaigns import campaign_argument, campaign_option, load_usable
from lovecampaign.cli.resources.control import Recorded, recorded
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.resources.timeline import read_address
from lovecampaign.cli.subscribers.deal_output import (
    code_json,
    csv_lines,
    deal_json,
    format_stock,
    say_spare_codes,
    say_too_many,
)
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import UsageError
from lovecampaign.store.checkout.redeem import redeem_code
from lovecampaign.store.checkout.report import given_codes, report_deals
from lovecampaign.store.checkout.visitor import read_visitor
from lovecampaign.store.deal_stock.extensions import Extension, extend_deal
from lovecampaign.store.deal_stock.stock import RecordedDeal
from lovecampaign.store.subscribers.records import read_address_record

_BY_HAND = "operator"


@verb_group("deals", fallback="list")
def deals() -> None:
    """See stock and codes of the insiders' deal; help one person.

    What is left is the quantity without what was bought, what is claimed at this moment, and what
    is kept for those who waited.
    """


@verb("list", deals)
@campaign_argument
def list_all(invocation: Invocation, campaign: str | None) -> Result:
    """Show how much of each deal is left (the same as deals alone)."""
    found = load_usable(invocation, campaign).campaign
    with opened_database(invocation) as database:
        reports = report_deals(database, found, invocation.now)
    if not reports:
        return Result(
            data={"deals": []},
            text=f"{found.slug} has no deals.",
            next_command=f"lovecampaign check {found.slug}",
        )
    return Result(
        data={"deals": [deal_json(report) for report in reports]},
        text="\n".join(
            [
                format_stock(reports, found.timezone),
                *say_too_many(reports),
                *say_spare_codes(reports),
            ]
        ),
        next_command="lovecampaign deals codes",
    )


@verb("codes", deals)
@campaign_option
def codes(invocation: Invocation, campaign: str | None) -> Result:
    """Print as CSV who has which code, and what became of it."""
    with (
        recorded(invocation, campaign) as found,
        found.database.connection() as connection,
        connection.begin(),
    ):
        given = given_codes(connection, found.record.id)
        if invocation.output.as_json:
            return Result(data={"codes": [code_json(one) for one in given]})
        for line in csv_lines(given):
            invocation.output.raw(line)
    return Result(next_command="lovecampaign deals redeem CODE")


@verb("redeem", deals)
@click.argument("code", type=read_name)
@campaign_option
def redeem(invocation: Invocation, code: str, campaign: str | None) -> Result:
    """Note that a code was used: its owner has bought.

    A second time changes nothing.
    """
    with recorded(invocation, campaign) as found, found.database.write() as connection:
        redemption = redeem_code(
            connection, code, at=invocation.now, by=_BY_HAND, campaign_id=found.record.id
        )
    at = time_and_zone(redemption.redeemed_at, found.campaign.timezone)
    news = "is noted as used" if redemption.is_new else f"was used already, {at}"
    return Result(
        data={
            "code": redemption.code,
            "key": redemption.deal,
            "redeemed_at": format_instant(redemption.redeemed_at),
            "new": redemption.is_new,
        },
        text=f"{redemption.code} {news}.",
        next_command=f"lovecampaign deals {found.campaign.slug}",
    )


@verb("extend", deals)
@click.argument("email")
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="As in campaign.yaml: 'day 33 18:00', or 2027-03-05T18:00+01:00.",
)
@click.option("--why", required=True, type=read_name, metavar="TEXT", help="Kept beside it.")
@campaign_option
def extend(
    invocation: Invocation, email: str, *, until: str, why: str, campaign: str | None
) -> Result:
    """Give one insider more time for the deal.

    Their letters, their page and what is still sent to them follow it. It is never taken back.
    """
    with recorded(invocation, campaign) as found:
        deal = _insider_deal(found.campaign)
        ends = _read_until(until, found.campaign)
        given = Extension(subscriber_id=_find_person(found, email), until=ends, why=why)
        _extend(found, deal, given, email, invocation.now)
    return Result(
        data={"email": email, "key": deal.key, "until": format_instant(ends), "why": why},
        text=f"{email} has {deal.key} until {time_and_zone(ends, found.campaign.timezone)}.",
        next_command=f"lovecampaign explain {email}",
    )


def _extend(found: Recorded, deal: Deal, given: Extension, email: str, now: datetime) -> None:
    theirs = RecordedDeal(campaign=found.campaign, campaign_id=found.record.id, deal=deal)
    with found.database.write() as connection:
        visitor = read_visitor(connection, theirs, given.subscriber_id, now)
        if not visitor.is_insider:
            raise UsageError(
                f"{email} is no insider, so the deal is not theirs to have longer",
                hint=f"to see why, type: lovecampaign explain {email}",
            )
        extend_deal(connection, found.record.id, deal, given, now)


def _insider_deal(campaign: Campaign) -> Deal:
    if campaign.insider_deal is None:
        raise UsageError(
            f"{campaign.slug} has no deal for insiders", hint="name one in launch.deal"
        )
    return campaign.insider_deal


def _read_until(text: str, campaign: Campaign) -> datetime:
    try:
        point = parse_point(text)
    except BadValue as error:
        raise UsageError(f"--until: {error.message}", hint=error.hint) from error
    return resolve(
        point, start=campaign.start, zone=campaign.timezone, launch_day=campaign.launch.day
    )


def _find_person(found: Recorded, email: str) -> int:
    profile = read_address_record(found.database, read_address(email)).profile
    if profile is None:
        raise UsageError(
            f"nobody here has the address {email}",
            hint=f"type: lovecampaign subscribers show {email}",
        )
    return profile.id
