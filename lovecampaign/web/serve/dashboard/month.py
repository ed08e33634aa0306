"""``/dashboard/CAMPAIGN``: how does the month go, day by day and letter by letter?"""

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
from lovecampaign.store.reports.campaign_report import EmailReport
from lovecampaign.store.tables import DeliveryState
from lovecampaign.web.calendar import build_calendar, sign_up_emails
from lovecampaign.web.serve.dashboard.figures import (
    SHOWN_EVENTS,
    EmailFigures,
    Figures,
    Forecast,
    is_over,
)
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.handler import NotFound
from lovecampaign.web.serve.handler.site import Site

#: Two lines of a day in the calendar.
LONGEST_SUBJECT = 60
_THEIRS = re.compile(r"{{.*?}}|{%.*?%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One email's numbers, as the calendar shows them."""

    email: Email
    #: Shortened, and without what is each reader's own.
    subject: str
    #: On the team's calendar; None for what goes out when somebody signs up.
    day: date | None
    #: Who will get it, by today's rules; None while that is being counted.
    planned: int | None
    sent: int
    failed: int
    skipped: int
    in_doubt: int
    is_cancelled: bool


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [
        desk_page(site, office, "", get=show_month),
        desk_page(site, office, "/letters/{key}", get=show_letter),
    ]


def show_month(desk: Desk) -> Response:
    """The calendar; without numbers where they are being counted for the first time."""
    figures, forecast = _ask(desk)
    letters = {one.email.key: one for one in _letters(desk, figures, forecast)}
    return desk.show(
        "month.html",
        "month",
        said=_said(desk),
        weeks=build_calendar(desk.campaign),
        letters=letters,
        at_any_time=[one for one in sign_up_emails(desk.campaign) if one.key in letters],
        figures=figures,
        is_counting=figures is None or forecast is None,
        today=local_day(desk.visit.now, desk.campaign.timezone),
    )


def show_letter(desk: Desk) -> Response:
    """One email: its numbers, why people do not get it, and what was reported of it."""
    key = desk.visit.part("key")
    figures, forecast = _ask(desk)
    letters = sorted(_letters(desk, figures, forecast), key=_by_day)
    keys = [one.email.key for one in letters]
    if key not in keys:
        raise NotFound
    place = keys.index(key)
    mine = _figures_of(figures, key)
    return desk.show(
        "letter.html",
        "month",
        letter=letters[place],
        before=keys[place - 1] if place else None,
        after=keys[place + 1] if place + 1 < len(keys) else None,
        figures=figures,
        skipped=_reasons(mine, forecast.get(key) if forecast else None),
        failed=mine.failed.most_common(),
        events={kind: mine.events[kind] for kind in SHOWN_EVENTS if mine.events[kind]},
        is_counting=figures is None or forecast is None,
    )


def _ask(desk: Desk) -> tuple[Figures | None, Forecast | None]:
    return desk.office.counters.ask(desk.campaign, desk.record, desk.visit.now)


def _letters(desk: Desk, figures: Figures | None, forecast: Forecast | None) -> Iterator[Letter]:
    for email in desk.campaign.emails:
        if email.role is Role.CONFIRM:  # mail that was asked for; the ledger has none of it
            continue
        mine = _figures_of(figures, email.key)
        report = forecast.get(email.key) if forecast else None
        is_known = forecast is not None or is_over(desk.campaign, email, desk.visit.now)
        yield Letter(
            email=email,
            subject=_short(email.subject),
            day=desk.campaign.date_of(email),
            planned=_planned(mine, report) if is_known else None,
            sent=mine.states[DeliveryState.SENT],
            failed=mine.states[DeliveryState.FAILED],
            skipped=sum(_reasons(mine, report).values()),
            in_doubt=mine.states[DeliveryState.IN_DOUBT],
            is_cancelled=desk.record is not None and email.key in desk.record.cancelled,
        )


def _short(subject: str) -> str:
    return textwrap.shorten(_THEIRS.sub("…", subject), LONGEST_SUBJECT, placeholder="…")


def _planned(mine: EmailFigures, report: EmailReport | None) -> int:
    """With those who are on the wire at this moment."""
    counts = report.counts if report else mine.states
    return counts.get(DeliveryState.PLANNED, 0) + counts.get(DeliveryState.CLAIMED, 0)


def _reasons(mine: EmailFigures, report: EmailReport | None) -> Counter[str]:
    """Why people do not get it: by today's rules too, as long as it is not over."""
    return Counter(report.skipped) if report else mine.skipped


def _figures_of(figures: Figures | None, key: str) -> EmailFigures:
    return (figures.emails.get(key) if figures else None) or EmailFigures()


def _by_day(letter: Letter) -> tuple[bool, date]:
    return letter.day is None, letter.day or date.max


def _said(desk: Desk) -> str:
    """What came of a form before: a word that we know, never what stands in the address."""
    said = desk.visit.query("said")
    return said if said in {"paused", "resumed"} else ""
