"""Turns a reader of the preview into a recipient for rendering and for test sends."""

from __future__ import annotations

from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.delivery.display.test_send import preview_recipient
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.month import day_zone
from lovecampaign.store.sending.claimed import Member
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber

#: A valid id for headers, which opens no page.
DELIVERY_ID = "preview-opens-nothing0"


def make_recipient(
    campaign: Campaign, email: Email, content: Content, reader: PreviewSubscriber, public_url: str
) -> Recipient:
    """The recipient of a test send, at the time at which the email would go out."""
    seen = preview_recipient(campaign, email, content, make_person(reader), public_url)
    return seen._replace(
        note=dict(reader.notes).get(email.key, ""),
        delivery_id=DELIVERY_ID,
        first_claimed_at=_moment(campaign, email, reader),
    )


def make_person(reader: PreviewSubscriber) -> Member:
    """The reader as the person of a test send."""
    return Member(
        subscriber=reader.subscriber,
        address_key=reader.subscriber.email,
        zone=reader.zone,
        joined_at=reader.joined_at if reader.is_in_audience else None,
    )


def _moment(campaign: Campaign, email: Email, reader: PreviewSubscriber) -> datetime:
    """For the Date header; without quiet hours and late joining."""
    if email.instant is not None:
        return email.instant
    day, at = email.date or campaign.start, email.at or campaign.sending.at
    return to_utc(day, at, day_zone(campaign, reader.zone))
