"""Who gets what and when, and who does not? The verb ``plan``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.cli.campaigns import campaign_argument, load_usable
from lovecampaign.cli.counted import require_same_start
from lovecampaign.cli.invocation import Invocation, verb
from lovecampaign.cli.new_file import read_new_file
from lovecampaign.cli.opening import opened_database
from lovecampaign.cli.result import Result
from lovecampaign.cli.table import Cell, format_table
from lovecampaign.cli.timeline import find_timeline, format_timeline, timeline_json
from lovecampaign.cli.words import count_of, local_time
from lovecampaign.clock import format_instant
from lovecampaign.store.report import CampaignReport, EmailReport, report_campaign


@verb("plan")
@campaign_argument
@click.option("--for", "address", metavar="EMAIL", help="The month of one person.")
@click.option(
    "--ics",
    type=read_new_file,
    metavar="FILE",
    help="Write the month as a calendar file too.",
)
def plan(
    invocation: Invocation, campaign: str | None, address: str | None, ics: Path | None
) -> Result:
    """Show who gets what and when, and who does not and why.

    It sends nothing and changes nothing. Times are on the team's clock; --for shows them on the
    reader's own.
    """
    found = load_usable(invocation, campaign).campaign
    with opened_database(invocation) as database:
        require_same_start(database, found, invocation.now)
        if address is not None:
            timeline = find_timeline(database, found, address, invocation.now)
            return Result(
                data=timeline_json(timeline),
                text=f"{timeline.profile.email}\n{format_timeline(timeline)}",
                next_command=f"lovecampaign explain {timeline.profile.email}",
            )
        report = report_campaign(database, found, invocation.now)
    lines = [_format(found, report)]
    if ics is not None:
        lines.append(f"{_write_calendar(found, report, invocation.now, ics)} written to {ics}")
    return Result(
        data={"campaign": found.slug, "emails": [_as_json(found, one) for one in report.emails]},
        text="\n".join(lines),
        next_command=_next_command(found, report),
    )


def _as_json(campaign: Campaign, report: EmailReport) -> Mapping[str, object]:
    day = _date_of(campaign, report)
    return {
        "key": report.key,
        "date": day.isoformat() if day else None,
        "weekday": f"{day:%A}" if day else None,
        "first_due": format_instant(report.first_due) if report.first_due else None,
        "last_due": format_instant(report.last_due) if report.last_due else None,
        "recipients": report.recipients,
        "skipped": dict(report.skipped),
    }


def _date_of(campaign: Campaign, report: EmailReport) -> date | None:
    """The date on the campaign's calendar; the digest has none."""
    email = _email(campaign, report)
    if email.instant is not None:
        return email.instant.astimezone(ZoneInfo(campaign.timezone)).date()
    return email.date


def _email(campaign: Campaign, report: EmailReport) -> Email:
    return next(email for email in campaign.scheduled_emails if email.key == report.key)


def _format(campaign: Campaign, report: CampaignReport) -> str:
    rows = [_row(campaign, one) for one in report.emails]
    headings = ("email", f"first ({campaign.timezone})", "last", "people", "skipped")
    return f"{campaign.name}\n{format_table(headings, rows)}"


def _row(campaign: Campaign, report: EmailReport) -> Sequence[Cell]:
    zone = campaign.timezone
    first = local_time(report.first_due, zone) if report.first_due else None
    last = local_time(report.last_due, zone) if report.last_due else None
    return report.key, first, last, report.recipients, format_reasons(report.skipped)


def format_reasons(skipped: Mapping[str, int]) -> str:
    """``3 suppressed, 1 tag``; the most frequent first."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in ordered)


def _write_calendar(campaign: Campaign, report: CampaignReport, now: datetime, file: Path) -> str:
    from lovecampaign.schedule.calendar_file import format_calendar

    events = list(_events(campaign, report))
    file.write_bytes(format_calendar(campaign.name, campaign.id, now, events))
    return count_of(len(events), "event")


def _events(campaign: Campaign, report: CampaignReport) -> Iterator[tuple[str, str, datetime]]:
    """Every email that has a moment; one that was called off only where somebody has it."""
    cancelled = report.record.cancelled if report.record else frozenset()
    for one in report.emails:
        if one.first_due is not None and (one.recipients or one.key not in cancelled):
            email = _email(campaign, one)
            yield one.key, f"{one.key}: {email.subject}", one.first_due


def _next_command(campaign: Campaign, report: CampaignReport) -> str:
    if any(one.recipients for one in report.emails):
        return f"lovecampaign send {campaign.slug} --dry-run"
    return f"lovecampaign subscribers import people.csv --list {campaign.audience.list}"
