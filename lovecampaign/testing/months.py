"""Builds a campaign in memory, without files, for tests of schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypedDict, Unpack

from lovecampaign.campaign.model.campaign import (
    CATCH_UP,
    DEFAULT_DAYS,
    Audience,
    Campaign,
    CatchUp,
    Copy,
    Email,
    Insiders,
    Kind,
    LateJoiners,
    Launch,
    RecipientGroup,
    Role,
    Sender,
)
from lovecampaign.campaign.model.deal import Deal, Money, WhenGone
from lovecampaign.campaign.model.sending import Brake, ClockChoice, QuietHours, Sending
from lovecampaign.schedule.instants import to_utc

SENDER = Sender(
    name="Ana from Bloom",
    email="ana@news.bloom.example",
    reply_to="hello@bloom.example",
    postal_address="Bloom SAS, 12 rue des Lilas, 75020 Paris, France",
    unsubscribe_to="hello@bloom.example",
)

#: Launch emails: day of the month and recipients.
LAUNCH_EMAILS: Mapping[str, tuple[int, frozenset[RecipientGroup]]] = {
    "early-access": (27, frozenset({RecipientGroup.INSIDERS})),
    "launch": (28, frozenset({RecipientGroup.AUDIENCE})),
    "last-call": (31, frozenset({RecipientGroup.INSIDERS, RecipientGroup.NOT_BOUGHT})),
    "thanks": (32, frozenset({RecipientGroup.BOUGHT})),
}


class MonthOptions(TypedDict, total=False):
    """The options of a test's month, all optional."""

    timezone: str  #: the team's, default Europe/Paris
    clock: ClockChoice
    late_joiners: LateJoiners
    quiet_hours: QuietHours | None  #: default none
    late_after: timedelta  #: default 20 hours
    at: time  #: default 09:00
    times: Mapping[int, time]  #: other times of day, by number of the day
    skip: Sequence[int]
    pinned: Sequence[int]
    must_have: Sequence[int]  #: default 1, 9 and 21


def build_month(start: date = date(2027, 2, 1), **choices: Unpack[MonthOptions]) -> Campaign:
    """A month of 27 days and a launch at 10:00 of day 28."""
    timezone = choices.get("timezone", "Europe/Paris")
    opens = to_utc(start + timedelta(days=DEFAULT_DAYS), time(10), timezone)
    skip = choices.get("skip", ())
    return Campaign(
        id=f"test-{start}",
        name="Test Month",
        slug="test-month",
        folder=Path("campaigns/test-month"),
        workspace=Path(),
        file="campaigns/test-month/campaign.yaml",
        language="en",
        timezone=timezone,
        start=start,
        sender=SENDER,
        audience=Audience(list="readers"),
        insiders=Insiders(list="insiders", until=opens),
        sending=_sending(timezone, choices),
        late_joiners=choices.get("late_joiners", LateJoiners.FROM_TODAY),
        catch_up=CatchUp(must_have=tuple(choices.get("must_have", (1, 9, 21)))),
        skip=frozenset(skip),
        launch=Launch(day=DEFAULT_DAYS + 1, at=opens, deal="insider"),
        deals={"insider": _deal(opens)},
        emails=(*_days(start, choices), *_launch_emails(start, timezone), _catch_up()),
    )


def build_day(number: int, start: date, at: time, *, is_pinned: bool = False) -> Email:
    """The email of one day."""
    return Email(
        key=f"day-{number:02d}",
        role=Role.DAY,
        kind=Kind.VALUE,
        subject=f"Day {number}",
        preheader="Two minutes.",
        template="letter",
        copy=Copy(text="Hello.\n", file=f"campaigns/test-month/days/{number:02d}-day.md"),
        number=number,
        date=start + timedelta(days=number - 1),
        at=at,
        pinned=is_pinned,
    )


def utc(text: str) -> datetime:
    """``2027-02-01 08:00``, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _sending(timezone: str, choices: MonthOptions) -> Sending:
    return Sending(
        at=choices.get("at", time(9)),
        clock=choices.get("clock", ClockChoice.SUBSCRIBER),
        unknown_timezone=timezone,
        quiet_hours=choices.get("quiet_hours"),
        late_after=choices.get("late_after", timedelta(hours=20)),
        max_per_second=50.0,
        brake=Brake(
            complaints=Fraction(1, 1000),
            hard_bounces=Fraction(2, 100),
            unsubscribes=Fraction(15, 1000),
        ),
    )


def _days(start: date, choices: MonthOptions) -> Iterator[Email]:
    times, at = choices.get("times", {}), choices.get("at", time(9))
    for number in range(1, DEFAULT_DAYS + 1):
        if number not in choices.get("skip", ()):
            is_pinned = number in choices.get("pinned", ())
            yield build_day(number, start, times.get(number, at), is_pinned=is_pinned)


def _launch_emails(start: date, timezone: str) -> list[Email]:
    return [
        Email(
            key=key,
            role=Role.LAUNCH,
            kind=Kind.LAUNCH,
            subject=key,
            preheader="The doors are open.",
            template="launch",
            copy=Copy(text="Hello.\n", file=f"campaigns/test-month/launch/{key}.md"),
            number=number,
            instant=to_utc(start + timedelta(days=number - 1), time(10), timezone),
            to=to,
        )
        for key, (number, to) in LAUNCH_EMAILS.items()
    ]


def _catch_up() -> Email:
    return Email(
        key=CATCH_UP,
        role=Role.CATCH_UP,
        kind=Kind.VALUE,
        subject="What you missed",
        preheader="The best so far.",
        template="letter",
        copy=Copy(text="Hello.\n", file="campaigns/test-month/catch-up.md"),
    )


def _deal(launch: datetime) -> Deal:
    return Deal(
        key="insider",
        title="Bloom for life, at the insiders' price",
        price=Money(amount=Decimal(59), currency="EUR", text="59 EUR"),
        instead_of=Money(amount=Decimal(99), currency="EUR", text="99 EUR"),
        price_from=(launch + timedelta(days=4)).date(),
        link="https://bloom.example/buy?code={code}",
        opens=launch - timedelta(days=1),
        closes=launch + timedelta(days=3, hours=14),
        quantity=500,
        claim_for=timedelta(minutes=30),
        when_gone=WhenGone.STOP,
    )
