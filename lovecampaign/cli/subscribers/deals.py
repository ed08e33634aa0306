"""The verb ``deals``: stock, codes, redemption and personal extensions."""

from __future__ import annotations

import csv
import getpass
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

import click

from lovecampaign.audience.cells import escape_formula
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.campaign.schema.time_parsers import CampaignDates, parse_point
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_address, read_name
from lovecampaign.cli.output.format import count_of, local_time, time_and_zone
from lovecampaign.cli.output.result import Result, to_json
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.resources.campaigns import campaign_argument, campaign_option, load_usable
from lovecampaign.cli.resources.open import RecordedCampaign, opened_database, recorded_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.core.zones import load_zone
from lovecampaign.delivery.desk.team import find_colleague, find_me
from lovecampaign.store.checkout.claims import read_deal_visitor
from lovecampaign.store.checkout.deal_report import (
    AssignedCode,
    DealReport,
    iterate_assigned_codes,
    report_deals,
)
from lovecampaign.store.checkout.redeem import redeem_code
from lovecampaign.store.deal_stock.extensions import Extension, extend_deal
from lovecampaign.store.deal_stock.stock import RecordedDeal
from lovecampaign.store.dialogue.desk.cases import find_open_case
from lovecampaign.store.dialogue.desk.exceptions import NewException, record_exception
from lovecampaign.store.subscribers.records import read_address_record

_BY_HAND = "operator"
_CODE_COLUMNS = [field.name for field in fields(AssignedCode)]


@verb_group("deals", fallback="list")
def deals() -> None:
    """Show stock and codes of deals; give one person more time.

    "left" is the quantity minus bought units, current claims, and units that are kept for people
    from the waitlist.
    """


@verb("list", deals)
@campaign_argument
def list_all(invocation: Invocation, campaign_name: str | None) -> Result:
    """Show how much of each deal is left (the same as deals alone)."""
    campaign = load_usable(invocation, campaign_name).campaign
    with opened_database(invocation) as database:
        reports = report_deals(database, campaign, invocation.now)
    if not reports:
        return Result(
            data={"deals": []},
            text=f"{campaign.slug} has no deals.",
            next_command=f"lovecampaign check {campaign.slug}",
        )
    return Result(
        data={"deals": [_deal_json(report) for report in reports]},
        text="\n".join([_format_stock(reports, campaign.timezone), *_format_notes(reports)]),
        next_command="lovecampaign deals codes",
    )


@verb("codes", deals)
@campaign_option
def codes(invocation: Invocation, campaign_name: str | None) -> Result:
    """Print all codes as CSV: the owner, and when it was claimed and redeemed."""
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.connection() as connection,
        connection.begin(),
    ):
        given = iterate_assigned_codes(connection, recorded.record.id)
        if invocation.output.as_json:
            return Result(data={"codes": list(given)})
        for line in _csv_lines(given):
            invocation.output.show_raw(line)
    return Result(next_command="lovecampaign deals redeem CODE")


@verb("redeem", deals)
@click.argument("code", type=read_name)
@campaign_option
def redeem(invocation: Invocation, code: str, campaign_name: str | None) -> Result:
    """Record that a code was used: its owner has bought.

    A second time changes nothing.
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.write() as connection,
    ):
        redemption = redeem_code(
            connection, code, at=invocation.now, by=_BY_HAND, campaign_id=recorded.record.id
        )
    at = time_and_zone(redemption.redeemed_at, recorded.campaign.timezone)
    state = "is recorded as used" if redemption.is_new else f"was used already, {at}"
    return Result(
        data={
            "code": redemption.code,
            "key": redemption.deal,
            "redeemed_at": redemption.redeemed_at,
            "new": redemption.is_new,
        },
        text=f"{redemption.code} {state}.",
        next_command=f"lovecampaign deals {recorded.campaign.slug}",
    )


@verb("extend", deals)
@click.argument("email")
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="As in campaign.yaml: 'day 33 18:00', or 2027-03-05T18:00+01:00.",
)
@click.option("--why", required=True, type=read_name, metavar="TEXT", help="Recorded with it.")
@click.option("--as", "named", type=read_name, metavar="NAME", help="Who you are, for a case.")
@campaign_option
def extend(
    invocation: Invocation,
    email: str,
    *,
    until: str,
    why: str,
    named: str | None,
    campaign_name: str | None,
) -> Result:
    """Give one insider more time for the deal.

    Their emails and their page show the new end. It cannot be undone. With an open case it is
    recorded there as an exception.
    """
    with recorded_campaign(invocation, campaign_name) as recorded:
        deal = _insider_deal(recorded.campaign)
        ends = _read_until(until, recorded.campaign)
        given = Extension(subscriber_id=_find_person(recorded, email), until=ends, why=why)
        _extend(recorded, deal, given, email, invocation.now)
        case_id = _note_exception(recorded, deal, given, named, invocation.now)
    return Result(
        data={"email": email, "key": deal.key, "until": ends, "why": why, "case": case_id},
        text=f"{email} has {deal.key} until {time_and_zone(ends, recorded.campaign.timezone)}.",
        next_command=f"lovecampaign explain {email}",
    )


def _extend(
    recorded: RecordedCampaign, deal: Deal, given: Extension, email: str, now: datetime
) -> None:
    deal_record = RecordedDeal(
        campaign=recorded.campaign, campaign_id=recorded.record.id, deal=deal
    )
    with recorded.database.write() as connection:
        visitor = read_deal_visitor(connection, deal_record, given.subscriber_id, now)
        if not visitor.is_insider:
            raise UsageError(
                f"{email} is not an insider, so the deal is not for them",
                hint=f"to see why, type: lovecampaign explain {email}",
            )
        extend_deal(connection, recorded.record.id, deal, given, now)


def _note_exception(
    recorded: RecordedCampaign, deal: Deal, given: Extension, named: str | None, now: datetime
) -> int | None:
    """Record it in the subscriber's open case; returns its id."""
    campaign = recorded.campaign
    by = find_colleague(campaign, named).name if named else find_me(campaign, getpass.getuser())
    with recorded.database.write() as connection:
        case = find_open_case(connection, given.subscriber_id)
        if case is None:
            return None
        new = NewException(
            case_id=case.id,
            campaign_id=recorded.record.id,
            rule=f"the closing time of the deal {deal.key}",
            because=given.why,
            cost=Decimal(0),
            currency="",
            by=by,
        )
        record_exception(connection, new, None, now)
        return case.id


def _insider_deal(campaign: Campaign) -> Deal:
    if campaign.insider_deal is None:
        raise UsageError(f"{campaign.slug} has no deal for insiders", hint="set one in launch.deal")
    return campaign.insider_deal


def _read_until(text: str, campaign: Campaign) -> datetime:
    try:
        point = parse_point(text)
    except BadValue as error:
        raise UsageError(f"--until: {error.message}", hint=error.hint) from error
    dates = CampaignDates(
        zone=campaign.timezone,
        start=campaign.start,
        start_at=campaign.sending.at,
        launch_day=campaign.launch.day,
        launch_at=campaign.launch.at.astimezone(load_zone(campaign.timezone)).time(),
    )
    return dates.resolve(point)


def _find_person(recorded: RecordedCampaign, email: str) -> int:
    profile = read_address_record(recorded.database, read_address(email)).profile
    if profile is None:
        raise UsageError(
            f"{email} is not a subscriber here", hint=f"type: lovecampaign subscribers show {email}"
        )
    return profile.id


def _format_stock(reports: Sequence[DealReport], zone: str) -> str:
    rows = [
        (
            report.deal.key,
            report.stock.quantity,
            report.stock.reserved,
            report.stock.redeemed,
            report.stock.left,
            report.stock.waiting,
            local_time(report.deal.opens, zone),
            local_time(report.deal.closes, zone),
        )
        for report in reports
    ]
    headings = ("deal", "quantity", "reserved", "redeemed", "left", "waiting")
    return format_table((*headings, f"opens ({zone})", "closes"), rows)


def _format_notes(reports: Sequence[DealReport]) -> Iterable[str]:
    """Purchases beyond the quantity (they count all the same), and codes that are left."""
    for report in reports:
        if report.stock.over:
            yield (
                f"{report.deal.key}: {report.stock.over:,} more bought than there are: paid with a "
                "code after its claim had lapsed, or without one, when all were taken"
            )
    for report in reports:
        if report.spare_codes is not None:
            spare = count_of(report.spare_codes, "code")
            yield f"{report.deal.codes_file}: {spare} not given out yet"


def _deal_json(report: DealReport) -> Mapping[str, object]:
    return {
        "key": report.deal.key,
        "quantity": report.stock.quantity,
        "reserved": report.stock.reserved,
        "redeemed": report.stock.redeemed,
        "left": report.stock.left,
        "opens": report.deal.opens,
        "closes": report.deal.closes,
        "waiting": report.stock.waiting,
        "spare_codes": report.spare_codes,
    }


def _csv_lines(codes: Iterable[AssignedCode]) -> Iterable[str]:
    """A heading and a line for each code, with the values of its JSON."""
    yield _csv_line(_CODE_COLUMNS)
    for code in codes:
        cells = [getattr(code, name) or "" for name in _CODE_COLUMNS]
        yield _csv_line(
            [escape_formula(c if isinstance(c, str) else str(to_json(c))) for c in cells]
        )


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # RFC 4180, section 2
    return line.getvalue()
