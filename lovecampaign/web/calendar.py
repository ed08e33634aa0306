"""The month as a calendar: weeks of days, with bars for deals and early access."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.zones import load_zone
from lovecampaign.schedule.instants import to_utc

WEEK = timedelta(days=7)
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarBar:
    """The part of a span of days that is in one week."""

    #: ``deal`` or ``early``, for the style.
    sort: str
    title: str
    #: Columns of the week, from 1 to 7, inclusive.
    first: int
    last: int
    #: False where it began in an earlier week, or continues in a later one.
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One date."""

    date: date
    #: Of the campaign, from 1; None before it begins.
    number: int | None
    emails: tuple[Email, ...]
    is_skipped: bool

    @property
    def is_empty(self) -> bool:
        return not self.emails and not self.is_skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWeek:
    days: tuple[CalendarDay, ...]
    bars: tuple[CalendarBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A span of days, before it is divided into bars by week."""

    sort: str
    title: str
    first: date
    last: date


def build_calendar(campaign: Campaign) -> tuple[CalendarWeek, ...]:
    """Every week, starting on Monday, from day 1 to the last email or close of a deal."""
    by_date = _emails_by_date(campaign)
    spans = list(_spans(campaign))
    last = max([*by_date, *(span.last for span in spans), campaign.start])
    monday = campaign.start - timedelta(days=campaign.start.weekday())
    weeks = []
    while monday <= last:
        dates = [monday + timedelta(days=step) for step in range(7)]
        days = tuple(_day(campaign, each, by_date.get(each, ())) for each in dates)
        weeks.append(CalendarWeek(days=days, bars=tuple(_bars(spans, dates))))
        monday += WEEK
    return tuple(weeks)


def emails_on(campaign: Campaign, day: date) -> tuple[Email, ...]:
    """The emails of a date, in the order of their times."""
    return tuple(_emails_by_date(campaign).get(day, ()))


def sign_up_emails(campaign: Campaign) -> tuple[Email, ...]:
    """The emails beside the month: after a sign-up, and the invitation in its waves before it."""
    return tuple(
        email
        for email in campaign.emails
        if campaign.date_of(email) is None or email.role is Role.INVITATION
    )


def first_instants(campaign: Campaign) -> Iterator[tuple[str, str, datetime]]:
    """Key, title and instant in the campaign's time zone, for an iCalendar file."""
    from lovecampaign.render.plain.event_title import event_title  # on use

    for email in campaign.emails:
        day = campaign.date_of(email)
        if day is not None:
            at = email.at or campaign.sending.at
            instant = email.instant or to_utc(day, at, campaign.timezone)
            yield email.key, event_title(campaign, email), instant


def _emails_by_date(campaign: Campaign) -> dict[date, list[Email]]:
    by_date: dict[date, list[Email]] = defaultdict(list)
    for email in campaign.emails:
        day = campaign.date_of(email)
        if day is not None:
            by_date[day].append(email)
    for emails in by_date.values():
        # Emails of the day first: their time is each subscriber's own.
        emails.sort(key=lambda email: (email.role is not Role.DAY, email.instant or _ANY_TIME))
    return by_date


def _day(campaign: Campaign, day: date, emails: Sequence[Email]) -> CalendarDay:
    number = (day - campaign.start).days + 1
    return CalendarDay(
        date=day,
        number=number if number > 0 else None,
        emails=tuple(emails),
        is_skipped=number in campaign.skip,
    )


def _spans(campaign: Campaign) -> Iterator[_Span]:
    zone = load_zone(campaign.timezone)
    for deal in campaign.deals.values():
        opens, closes = deal.opens.astimezone(zone), deal.closes.astimezone(zone)
        title = f"{deal.title}: {deal.price}, until {closes:%a} {closes.day} {closes:%b %H:%M}"
        yield _Span(sort="deal", title=title, first=opens.date(), last=_last_date(closes))
    opening = campaign.launch.at.astimezone(zone)
    early = [email.instant for email in campaign.launch_emails if email.is_insiders_only]
    begins = min((one for one in early if one is not None), default=None)
    if begins is not None and begins < campaign.launch.at:
        title = f"early access for insiders, until {opening:%a %H:%M}"
        first = begins.astimezone(zone).date()
        yield _Span(sort="early", title=title, first=first, last=_last_date(opening))


def _last_date(end: datetime) -> date:
    """The date of an end; midnight belongs to the day before."""
    return (end - timedelta.resolution).date()


def _bars(spans: Sequence[_Span], dates: Sequence[date]) -> Iterator[CalendarBar]:
    monday, sunday = dates[0], dates[-1]
    for span in spans:
        if span.first <= sunday and span.last >= monday:
            yield CalendarBar(
                sort=span.sort,
                title=span.title,
                first=max(span.first, monday).weekday() + 1,
                last=min(span.last, sunday).weekday() + 1,
                begins=span.first >= monday,
                ends=span.last <= sunday,
            )
