"""Which message would a reader get? From a reader to what rendering needs of them."""

from __future__ import annotations

from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.delivery.display.test_send import preview_recipient
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.month import day_zone
from lovecampaign.store.sending.claimed import Person
from lovecampaign.web.preview.readers.readers import Reader

#: Looks like a real one in headers, and opens nothing.
DELIVERY_ID = "preview-opens-nothing0"


def address(
    campaign: Campaign, email: Email, content: Content, reader: Reader, public_url: str
) -> Recipient:
    """The recipient that rendering takes: a test send's, at the time at which it would go out."""
    seen = preview_recipient(campaign, email, content, as_person(reader), public_url)
    return seen._replace(
        delivery_id=DELIVERY_ID,
        first_claimed_at=_moment(campaign, email, reader),
    )


def as_person(reader: Reader) -> Person:
    """The reader as a test send knows people."""
    return Person(
        subscriber=reader.subscriber,
        address_key=reader.subscriber.email,
        zone=reader.zone,
        joined_at=reader.joined_at if reader.is_in_audience else None,
    )


def _moment(campaign: Campaign, email: Email, reader: Reader) -> datetime:
    """What the Date header says; quiet hours and late joining apart."""
    if email.instant is not None:
        return email.instant
    day, at = email.date or campaign.start, email.at or campaign.sending.at
    return to_utc(day, at, day_zone(campaign, reader.zone))
