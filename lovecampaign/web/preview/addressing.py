"""Which message would a reader get? From a reader to what rendering needs of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from lovecampaign.campaign.model import Campaign, Email, Role
from lovecampaign.delivery.personal import TEST_TOKEN, Addressing
from lovecampaign.render.content import Content
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.samples import sample_recipients
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.month import day_zone
from lovecampaign.schedule.slots import digest_keys
from lovecampaign.store.claimed import Person
from lovecampaign.tokens import TokenSigner
from lovecampaign.web.preview.readers import Reader

#: Looks like a real one in headers, and opens nothing.
DELIVERY_ID = "preview-opens-nothing0"


def address(
    campaign: Campaign, email: Email, content: Content, reader: Reader, public_url: str
) -> Recipient:
    """The recipient that rendering takes; the links lead to pages that say "this is a test"."""
    sample = sample_recipients(campaign, email, content)[0]
    return replace(
        sample,
        subscriber=reader.subscriber,
        zone=reader.zone,
        delivery_id=DELIVERY_ID,
        first_claimed_at=_moment(campaign, email, reader),
        links=replace(
            _addressing(campaign, email, public_url).links(TEST_TOKEN),
            confirm=f"{public_url}/confirm/{TEST_TOKEN}",
        ),
        deal_code=sample.deal_code if _has_code(email, reader) else None,
        digest=_digest(campaign, email, reader) or sample.digest,
    )


def as_person(reader: Reader) -> Person:
    """The reader as a test send knows people."""
    return Person(
        subscriber=reader.subscriber,
        address_key=reader.subscriber.email,
        zone=reader.zone,
        joined_at=reader.joined_at,
    )


def _has_code(email: Email, reader: Reader) -> bool:
    """Whoever looks at an insiders' email sees it with a code, though they would not get it."""
    return reader.subscriber.is_insider or email.is_insiders_only


def _moment(campaign: Campaign, email: Email, reader: Reader) -> datetime:
    """What the Date header says; quiet hours and late joining apart."""
    if email.instant is not None:
        return email.instant
    day, at = email.date or campaign.start, email.at or campaign.sending.at
    return to_utc(day, at, day_zone(campaign, reader.zone))


def _digest(campaign: Campaign, email: Email, reader: Reader) -> tuple[str, ...]:
    """What of the month is in a late joiner's catch-up; for others, the whole of it is shown."""
    if email.role is not Role.CATCH_UP:
        return ()
    began = datetime.combine(campaign.start, time(), UTC)
    return digest_keys(campaign, reader.zone, reader.joined_at, began)


def _addressing(campaign: Campaign, email: Email, public_url: str) -> Addressing:
    return Addressing(
        campaign=campaign,
        email=email,
        signer=TokenSigner(("nothing is signed here",)),
        public_url=public_url,
        founders_until=None,
    )
