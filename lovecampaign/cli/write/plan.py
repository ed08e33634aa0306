"""The verb ``plan``: recipients, times and skip reasons of each email."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import click

from lovecampaign.campaign.model.campaign import INVITATION, Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.format import count_of, format_reasons, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import Cell, format_table
from lovecampaign.cli.resources.campaigns import campaign_argument, load_usable
from lovecampaign.cli.resources.facts import load_others, require_same_start
from lovecampaign.cli.resources.file_arguments import read_new_file
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.resources.timeline import (
    Timeline,
    find_timeline,
    format_timeline,
    timeline_json,
)
from lovecampaign.cli.write.ramp import format_ramp, ramp_json, ramp_problems
from lovecampaign.core.errors import UsageError
from lovecampaign.schedule.reasons import Change
from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.campaign_report import CampaignReport, EmailReport, report_campaign
from lovecampaign.store.reports.overlaps import count_overlaps
from lovecampaign.store.reports.ramp import Ramp, report_ramp
from lovecampaign.store.tables import DeliveryState

#: Key, title and start of a calendar event.
Event: TypeAlias = tuple[str, str, datetime]
_NOT_SENT = (DeliveryState.SKIPPED, DeliveryState.CANCELLED)


@verb("plan")
@campaign_argument
@click.option("--for", "address", metavar="EMAIL", help="Show the month of one person.")
@click.option(
    "--ics", type=read_new_file, metavar="FILE", help="Write the month as a calendar file too."
)
@click.option(
    "--against",
    metavar="REV|DIR",
    help="Show what has changed for people since a git revision, or against a folder.",
)
@click.option(
    "--fail-on",
    "failing",
    type=click.Choice([change.value for change in Change]),
    multiple=True,
    help="With --against: end with exit code 1 if anyone is affected in this way.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="With --against; github: annotations of a pull request, without addresses.",
)
def plan(
    invocation: Invocation,
    /,
    campaign_name: str | None,
    address: str | None,
    ics: Path | None,
    **comparison: Any,
) -> Result:
    """Show who gets what and when, and who does not and why.

    It sends nothing and changes nothing. Times are in the team's time zone; with --for, in the
    person's own.
    """
    wanted = _EditQuestion(**comparison)
    if wanted.form == "json":
        invocation.output.as_json = True
    wanted.require_sense(alone=address is None and ics is None)
    campaign = load_usable(invocation, campaign_name).campaign
    with opened_database(invocation) as database:
        require_same_start(database, campaign, invocation.now)
        if wanted.against is not None:
            return _compare(database, campaign, wanted, invocation.now)
        if address is not None:
            timeline = find_timeline(database, campaign, address, invocation.now)
            events = _timeline_events(campaign, timeline)
            return _show_timeline(timeline, _write_calendar(campaign, events, invocation.now, ics))
        report = report_campaign(database, campaign, invocation.now)
        ramp = report_ramp(database, campaign, invocation.now)
        report = replace(report, emails=[_until_last_wave(one, ramp) for one in report.emails])
        overlaps = count_overlaps(database, campaign, load_others(campaign), invocation.now)
    written = _write_calendar(campaign, _campaign_events(campaign, report), invocation.now, ics)
    following = f"send {campaign.slug} --dry-run"
    if not any(one.recipients for one in report.emails):
        following = f"subscribers import people.csv --list {campaign.audience.list}"
    return Result(
        data={
            "campaign": campaign.slug,
            "emails": [_as_json(campaign, one) for one in report.emails],
            "overlaps": overlaps,
            "invitation": ramp_json(ramp) if ramp else None,
        },
        text="\n".join(
            [
                _format(campaign, report),
                *(format_ramp(campaign, ramp) if ramp else ()),
                *_overlap_lines(overlaps),
                *written,
            ]
        ),
        problems=list(ramp_problems(campaign, ramp)) if ramp else [],
        next_command=f"lovecampaign {following}",
    )


def _until_last_wave(report: EmailReport, ramp: Ramp | None) -> EmailReport:
    """The invitation's last due time is that of its last wave."""
    if report.key != INVITATION or ramp is None or not ramp.waves:
        return report
    return replace(report, last_due=ramp.waves[-1].at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EditQuestion:
    """The options of a comparison, as typed."""

    against: str | None
    failing: Sequence[str]
    form: str

    def require_sense(self, *, alone: bool) -> None:
        if self.against is None and (self.failing or self.form == "github"):
            raise UsageError(
                "--fail-on and --format github describe an edit",
                hint="add --against HEAD to compare with the last commit",
            )
        if self.against is not None and not alone:
            raise UsageError(
                "--against shows all people", hint="leave out --for and --ics, or --against"
            )


def _compare(
    database: Database, campaign: Campaign, wanted: _EditQuestion, now: datetime
) -> Result:
    from lovecampaign.cli.resources.versions import opened_version
    from lovecampaign.cli.write.edit_report import report_edit
    from lovecampaign.store.reports.edit_effects import compare_versions

    version = wanted.against or ""
    with opened_version(campaign, version) as before:
        effects = compare_versions(database, before, campaign, now)
    failing = frozenset(Change(word) for word in wanted.failing)
    return report_edit(campaign, version, effects, failing, as_github=wanted.form == "github")


def _overlap_lines(overlaps: Mapping[str, int]) -> Iterator[str]:
    for other, number in overlaps.items():
        verb_form = "gets" if number == 1 else "get"
        yield f"{count_of(number, 'person')} {verb_form} a letter of {other} on the same day."


def _show_timeline(timeline: Timeline, written: Sequence[str]) -> Result:
    address = timeline.profile.email
    return Result(
        data=timeline_json(timeline),
        text="\n".join([address, format_timeline(timeline), *written]),
        next_command=f"lovecampaign explain {address}",
    )


def _as_json(campaign: Campaign, report: EmailReport) -> Mapping[str, object]:
    day = campaign.date_of(_email(campaign, report.key))
    return {
        "key": report.key,
        "date": day.isoformat() if day else None,
        "weekday": f"{day:%A}" if day else None,
        "first_due": report.first_due,
        "last_due": report.last_due,
        "recipients": report.recipients,
        "skipped": report.skipped,
    }


def _email(campaign: Campaign, key: str) -> Email:
    return next(email for email in campaign.scheduled_emails if email.key == key)


def _format(campaign: Campaign, report: CampaignReport) -> str:
    rows = [_row(campaign, one) for one in report.emails]
    headings = ("email", f"first ({campaign.timezone})", "last", "people", "skipped")
    return f"{campaign.name}\n{format_table(headings, rows)}"


def _row(campaign: Campaign, report: EmailReport) -> Sequence[Cell]:
    zone = campaign.timezone
    first = local_time(report.first_due, zone) if report.first_due else None
    last = local_time(report.last_due, zone) if report.last_due else None
    return report.key, first, last, report.recipients, format_reasons(report.skipped)


def _write_calendar(
    campaign: Campaign, events: Iterable[Event], now: datetime, file: Path | None
) -> Sequence[str]:
    """Write the calendar file, if one was asked for; returns lines for the result."""
    if file is None:
        return []
    from lovecampaign.schedule.icalendar import format_calendar

    all_events = list(events)
    file.write_bytes(format_calendar(campaign.name, campaign.id, now, all_events))
    return [f"{count_of(len(all_events), 'event')} written to {file}"]


def _timeline_events(campaign: Campaign, timeline: Timeline) -> Iterator[Event]:
    """The emails that one person got and will get."""
    for entry in timeline.entries:
        if entry.due is not None and entry.state not in _NOT_SENT:
            yield _event(campaign, entry.key, entry.due)


def _campaign_events(campaign: Campaign, report: CampaignReport) -> Iterator[Event]:
    """Every email with a due time; a cancelled one only if it has recipients."""
    cancelled = report.record.cancelled if report.record else frozenset()
    for one in report.emails:
        if one.first_due is not None and (one.recipients or one.key not in cancelled):
            yield _event(campaign, one.key, one.first_due)


def _event(campaign: Campaign, key: str, at: datetime) -> Event:
    from lovecampaign.render.plain.event_title import event_title  # only where it is asked for

    return key, event_title(campaign, _email(campaign, key)), at
