"""Who of the database gets an email, and who does not? What a day's page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store.reports.recipients import Addressee
from lovecampaign.web.preview.readers.filters import DayFilter
from lovecampaign.web.preview.readers.forecast import Coming, retell_addressee
from lovecampaign.web.preview.readers.people import People

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """One person and what becomes of the email for them."""

    person: Addressee
    coming: Coming


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPage:
    """A page of one email's people."""

    entries: Sequence[RecipientRow]
    #: Where the list goes on; None: there is nobody behind these.
    further: DayFilter | None
    is_from_the_start: bool


def read_recipients(
    people: People, campaign: Campaign, email: Email, now: datetime, choice: DayFilter
) -> RecipientPage:
    """The people of one email that the address asks for."""
    asked = choice.for_email(email.key)
    found = people.addressees(campaign, email, now, asked, PAGE_SIZE)
    behind = found.next_after
    return RecipientPage(
        entries=[
            RecipientRow(person=each, coming=retell_addressee(campaign, email, each))
            for each in found.people
        ],
        further=None if behind is None else choice.behind(email.key, behind),
        is_from_the_start=asked.after == 0,
    )
