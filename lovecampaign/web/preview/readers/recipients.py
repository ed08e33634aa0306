"""One page of an email's recipients from the database, and of those who do not get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store.reports.addressees import Addressee
from lovecampaign.web.preview.readers.filters import DayFilter
from lovecampaign.web.preview.readers.forecast import EmailForecast, forecast_for_addressee
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """One subscriber and the forecast of the email for them."""

    person: Addressee
    coming: EmailForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPage:
    """A page of one email's list."""

    entries: Sequence[RecipientRow]
    #: The next page; None: this is the last.
    further: DayFilter | None
    is_from_the_start: bool


def read_recipients(
    people: SubscriberLookup, campaign: Campaign, email: Email, now: datetime, choice: DayFilter
) -> RecipientPage:
    """The page of one email's list that the query asks for."""
    asked = choice.for_email(email.key)
    page = people.addressees(campaign, email, now, asked, PAGE_SIZE)
    after = page.next_after
    return RecipientPage(
        entries=[
            RecipientRow(person=each, coming=forecast_for_addressee(campaign, email, each))
            for each in page.people
        ],
        further=None if after is None else choice.behind(email.key, after),
        is_from_the_start=asked.after == 0,
    )
