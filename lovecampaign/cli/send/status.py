"""The verb ``status``: counts per email and state, and the next due time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.format import count_of, local_time, time_and_zone
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import green, red
from lovecampaign.cli.output.table import Cell, format_table
from lovecampaign.cli.resources.campaigns import campaign_argument, load_usable
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.delivery.desk.overview import Overview, read_overview
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.campaign_report import (
    CampaignReport,
    EmailReport,
    report_campaign,
    report_removed,
)
from lovecampaign.store.reports.fleet import WorkerRecord, list_workers
from lovecampaign.store.sending.due import find_next_due
from lovecampaign.store.tables import DeliveryState

#: A worker without a heartbeat for so long is rescued by others.
SILENT_SECONDS = 20
#: Counts in the order of a delivery's life.
COUNTED = (
    DeliveryState.PLANNED,
    DeliveryState.CLAIMED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.SKIPPED,
    DeliveryState.IN_DOUBT,
    DeliveryState.CANCELLED,
)


@verb("status")
@campaign_argument
def status(invocation: Invocation, campaign_name: str | None) -> Result:
    """Show how far each email is, and what comes next.

    Also whether the campaign is paused, and why. "planned" counts people who would get an email
    by today's rules and have not been claimed yet. Emails that were sent and then removed stay.
    """
    campaign = load_usable(invocation, campaign_name).campaign
    with opened_database(invocation) as database:
        report = report_campaign(database, campaign, invocation.now)
        keys = {email.key for email in campaign.scheduled_emails}
        with database.read() as connection:
            next_due = find_next_due(connection, campaign, report.record, keys, invocation.now)
            desk = read_overview(connection, lambda _key: campaign, invocation.now)
            workers = list_workers(connection)
        removed = report_removed(database, campaign, report.record)
    report = replace(report, emails=[*report.emails, *removed])
    record = report.record
    return Result(
        data={
            "campaign": campaign.slug,
            "paused": bool(record and record.is_paused),
            "pause_reason": record.pause_reason if record else None,
            "next_due": next_due,
            "emails": [_as_json(campaign, one) for one in report.emails],
            "desk": {
                "letters": len(desk.letters),
                "cases": len(desk.cases),
                "overdue": desk.overdue_count,
            },
            "workers": workers,
        },
        text="\n".join(
            [
                _format_table(campaign, report),
                *_facts(campaign, report, next_due, invocation.now),
                *(_describe_worker(one, datetime.now(UTC)) for one in workers),
            ]
        ),
        problems=list(_overdue(desk)),
        next_command=_next_command(campaign, report),
    )


def _overdue(desk: Overview) -> Iterator[Problem]:
    """A warning for promises of the desk that were not kept."""
    letters, cases = len(desk.overdue_letters), len(desk.overdue_cases)
    for count, noun, command in (
        (letters, "letter", "replies"),
        (cases, "case", "cases --overdue"),
    ):
        if count:
            yield Problem(
                code="overdue",
                message=f"{count_of(count, noun)} of the desk: the promised time has passed",
                hint=f"type: lovecampaign {command}",
                severity=Severity.WARNING,
            )


def counts_of(report: EmailReport) -> Mapping[DeliveryState, int]:
    """Counts by state; ``skipped`` and ``cancelled`` include forecasts."""
    cancelled = report.skipped.get(SkipReason.CANCELLED, 0)
    foreseen = {
        DeliveryState.SKIPPED: sum(report.skipped.values()) - cancelled,
        DeliveryState.CANCELLED: cancelled,
    }
    return {state: report.counts.get(state, 0) for state in COUNTED} | foreseen


def _as_json(campaign: Campaign, report: EmailReport) -> Mapping[str, object]:
    email = campaign.find_email(report.key)
    return {
        "key": report.key,
        "subject": email.subject if email else "",
        "removed": report.is_removed,
        "first_due": report.first_due,
        "last_due": report.last_due,
        **{state.value: number for state, number in counts_of(report).items()},
    }


def _format_table(campaign: Campaign, report: CampaignReport) -> str:
    """Columns for planned and sent, and for other states that occur."""
    counts = [counts_of(one) for one in report.emails]
    always = (DeliveryState.PLANNED, DeliveryState.SENT)
    shown = [state for state in COUNTED if state in always or any(each[state] for each in counts)]
    headings = [state.value.replace("_", " ") for state in shown]
    rows: list[Sequence[Cell]] = [
        (
            f"{one.key} (removed)" if one.is_removed else one.key,
            local_time(one.first_due, campaign.timezone) if one.first_due else None,
            *(each[state] for state in shown),
        )
        for one, each in zip(report.emails, counts, strict=True)
    ]
    return format_table(("email", f"first ({campaign.timezone})", *headings), rows)


def _facts(
    campaign: Campaign, report: CampaignReport, next_due: datetime | None, now: datetime
) -> list[str]:
    facts = []
    if report.record and report.record.is_paused:
        facts.append(red(f"Paused: {report.record.pause_reason}"))
    if waiting := [one.key for one in report.emails if _is_overdue(one, now)]:
        facts.append(f"Due and not sent yet: {', '.join(waiting)}")
    if next_due is not None:
        facts.append(green(f"Next due: {time_and_zone(next_due, campaign.timezone)}"))
    return facts or ["Nothing more is due."]


def _describe_worker(worker: WorkerRecord, now: datetime) -> str:
    seconds = max(0, round((now - worker.seen_at).total_seconds()))
    words = f"Worker {worker.pid} on {worker.host}: last heartbeat {seconds:,} s ago"
    return red(words) if seconds > SILENT_SECONDS else words


def _is_overdue(report: EmailReport, now: datetime) -> bool:
    """Whether the due time has passed in every zone while deliveries are still planned."""
    is_past = report.last_due is not None and report.last_due <= now
    return is_past and report.counts.get(DeliveryState.PLANNED, 0) > 0


def _next_command(campaign: Campaign, report: CampaignReport) -> str:
    if report.record and report.record.is_paused:
        return f"lovecampaign resume {campaign.slug}"
    if any(one.counts.get(DeliveryState.IN_DOUBT) for one in report.emails):
        return f"lovecampaign in-doubt {campaign.slug}"
    return f"lovecampaign send {campaign.slug}"
