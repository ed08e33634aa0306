"""Who of the database gets an email, and who does not? What a day's page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store.reports.addressees import Addressee
from lovecampaign.web.preview.readers.filters import DayChoice
from lovecampaign.web.preview.readers.forecast import EmailForecast, forecast_for_addressee
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup

SHOWN_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person and what becomes of the email for them."""

    person: Addressee
    coming: EmailForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """A page of one email's people."""

    entries: Sequence[Entry]
    #: Where the list goes on; None: there is nobody behind these.
    further: DayChoice | None
    is_from_the_start: bool


def read_roll(
    people: SubscriberLookup, campaign: Campaign, email: Email, now: datetime, choice: DayChoice
) -> Roll:
    """The people of one email that the address asks for."""
    asked = choice.for_email(email.key)
    found = people.addressees(campaign, email, now, asked, SHOWN_AT_ONCE)
    behind = found.next_after
    return Roll(
        entries=[
            Entry(person=each, coming=forecast_for_addressee(campaign, email, each))
            for each in found.people
        ],
        further=None if behind is None else choice.behind(email.key, behind),
        is_from_the_start=asked.after == 0,
    )
