"""``/dashboard/CAMPAIGN``: the month's calendar, one email's numbers, pause and resume."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Email, Role
from lovecampaign.schedule.instants import local_day
from lovecampaign.store.ledger.campaigns import BY_HAND, pause, record_campaign, resume
from lovecampaign.store.reports.campaign_report import EmailReport
from lovecampaign.store.reports.fleet import WorkerRecord, list_workers
from lovecampaign.store.tables import DeliveryState
from lovecampaign.web.calendar import build_calendar, sign_up_emails
from lovecampaign.web.serve.dashboard.figures import (
    SHOWN_EVENTS,
    EmailFigures,
    Figures,
    Forecast,
    is_over,
)
from lovecampaign.web.serve.dashboard.view import CampaignView, DashboardState, dashboard_page
from lovecampaign.web.serve.handler.request_context import NotFound
from lovecampaign.web.serve.handler.site import Site

#: Two lines of a day in the calendar.
MAX_SUBJECT_LENGTH = 60
MAX_REASON_LENGTH = 200
_JINJA = re.compile(r"{{.*?}}|{%.*?%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSummary:
    """One email's numbers, as the calendar shows them."""

    email: Email
    #: Shortened, and without merge fields.
    subject: str
    #: In the team's time zone; None for emails sent at sign-up.
    day: date | None
    #: Future recipients by today's rules; None while they are being counted.
    planned: int | None
    sent: int
    failed: int
    skipped: int
    in_doubt: int
    is_cancelled: bool


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [
        dashboard_page(site, state, "", get=show_month),
        dashboard_page(site, state, "/letters/{key}", get=show_email),
        dashboard_page(site, state, "/pause", post=pause_campaign),
        dashboard_page(site, state, "/resume", post=resume_campaign),
    ]


def show_month(view: CampaignView) -> Response:
    """The calendar; without numbers while they are counted for the first time."""
    figures, forecast = _count(view)
    summaries = {one.email.key: one for one in _summarize(view, figures, forecast)}
    said = view.request.query("said")
    return view.show(
        "month.html",
        "month",
        said=said if said in {"paused", "resumed"} else "",
        weeks=build_calendar(view.campaign),
        letters=summaries,
        at_any_time=[one for one in sign_up_emails(view.campaign) if one.key in summaries],
        figures=figures,
        is_counting=figures is None or forecast is None,
        workers=_list_workers(view),
        today=local_day(view.request.now, view.campaign.timezone),
    )


def _list_workers(view: CampaignView) -> Sequence[WorkerRecord]:
    with view.request.site.database.read() as connection:
        return list_workers(connection)


def show_email(view: CampaignView) -> Response:
    """One email: its numbers, skip and failure reasons, and events."""
    key = view.request.part("key")
    figures, forecast = _count(view)
    summaries = sorted(
        _summarize(view, figures, forecast),
        key=lambda one: (one.day is None, one.day or date.max),
    )
    keys = [one.email.key for one in summaries]
    if key not in keys:
        raise NotFound
    place = keys.index(key)
    counts = _figures_of(figures, key)
    return view.show(
        "email.html",
        "month",
        letter=summaries[place],
        before=keys[place - 1] if place else None,
        after=keys[place + 1] if place + 1 < len(keys) else None,
        figures=figures,
        skipped=_skip_reasons(counts, forecast.get(key) if forecast else None),
        failed=counts.failed.most_common(),
        events={kind: counts.events[kind] for kind in SHOWN_EVENTS if counts.events[kind]},
        is_counting=figures is None or forecast is None,
    )


def pause_campaign(view: CampaignView) -> Response:
    """Idempotent. No further claims; messages being sent are finished."""
    why = " ".join(view.request.form.get("why", "").split())[:MAX_REASON_LENGTH] or BY_HAND
    campaign_id = _campaign_id(view)
    with view.request.site.database.write() as connection:
        pause(connection, campaign_id, view.request.now, why.replace("\0", ""))
    return view.redirect("", said="paused")


def resume_campaign(view: CampaignView) -> Response:
    """Idempotent. Emails that became due meanwhile are sent, unless they are too late."""
    campaign_id = _campaign_id(view)
    with view.request.site.database.write() as connection:
        resume(connection, campaign_id)
    return view.redirect("", said="resumed")


def _campaign_id(view: CampaignView) -> int:
    """A campaign can be paused before its first send."""
    record = view.record or record_campaign(view.request.site.database, view.campaign)
    return record.id


def _count(view: CampaignView) -> tuple[Figures | None, Forecast | None]:
    return view.state.counters.get(view.campaign, view.record, view.request.now)


def _summarize(
    view: CampaignView, figures: Figures | None, forecast: Forecast | None
) -> Iterator[EmailSummary]:
    for email in view.campaign.emails:
        if email.role is Role.CONFIRM:  # transactional: not in the ledger
            continue
        counts = _figures_of(figures, email.key)
        report = forecast.get(email.key) if forecast else None
        is_known = forecast is not None or is_over(view.campaign, email, view.request.now)
        subject = _JINJA.sub("…", email.subject)
        yield EmailSummary(
            email=email,
            subject=textwrap.shorten(subject, MAX_SUBJECT_LENGTH, placeholder="…"),
            day=view.campaign.date_of(email),
            planned=_planned(counts, report) if is_known else None,
            sent=counts.states[DeliveryState.SENT],
            failed=counts.states[DeliveryState.FAILED],
            skipped=sum(_skip_reasons(counts, report).values()),
            in_doubt=counts.states[DeliveryState.IN_DOUBT],
            is_cancelled=view.record is not None and email.key in view.record.cancelled,
        )


def _planned(counts: EmailFigures, report: EmailReport | None) -> int:
    """Includes messages that are being sent."""
    states = report.counts if report else counts.states
    return states.get(DeliveryState.PLANNED, 0) + states.get(DeliveryState.CLAIMED, 0)


def _skip_reasons(counts: EmailFigures, report: EmailReport | None) -> Counter[str]:
    """Until the email is over, with future skips by today's rules."""
    return Counter(report.skipped) if report else counts.skipped


def _figures_of(figures: Figures | None, key: str) -> EmailFigures:
    return (figures.emails.get(key) if figures else None) or EmailFigures()
