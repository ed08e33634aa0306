"""Which letter of today does a newcomer get inside their welcome?

Who confirms after today's letter has gone out would wait until tomorrow for the first gift. So the
welcome holds the letter of the day, in the words in which others have had it: frozen, and never an
unfinished one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, LateJoiners
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.base.work import EmailJob
from lovecampaign.render.model.content import Content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import local_day
from lovecampaign.schedule.slots import find_slot, plan_zone
from lovecampaign.store.ledger.frozen_content import FrozenContent, find_frozen_at
from lovecampaign.store.sending.claimed import Person

#: No zone's date is further from another's.
_NEAR = timedelta(days=2)
#: With these, a letter that was missed comes later by itself, or is not wanted.
_COMES_ANOTHER_WAY = frozenset({LateJoiners.FROM_DAY_1, LateJoiners.WAIT})


@dataclass(frozen=True, kw_only=True)
class WelcomeRecipientBuilder(RecipientBuilder):
    """As for any email, with the letter of the day for whoever joined too late to get it."""

    #: Keys of days that have gone out to others.
    gone_out: frozenset[str]

    @classmethod
    def of(cls, usual: RecipientBuilder, gone_out: Iterable[str]) -> Self:
        return cls(
            campaign=usual.campaign,
            email=usual.email,
            signer=usual.signer,
            public_url=usual.public_url,
            founders_until=usual.founders_until,
            cancelled=usual.cancelled,
            gone_out=frozenset(gone_out),
        )

    def digest(self, person: Person) -> tuple[str, ...]:
        if person.joined_at is None:
            return ()
        left_out = self.cancelled | self._not_for(person.subscriber.tags)
        key = find_missed_day(self.campaign, person.zone, person.joined_at, self.founders_until)
        return (key,) if key in self.gone_out - left_out else ()


def find_missed_day(
    campaign: Campaign, zone: str, joined_at: datetime, founders_until: datetime | None
) -> str | None:
    """The day email whose moment on the day of joining had passed, where no other way brings it."""
    if campaign.late_joiners in _COMES_ANOTHER_WAY or founders_until is None:
        return None
    in_digest = campaign.catch_up.must_have if campaign.catch_up else ()
    today, slots = local_day(joined_at, zone), plan_zone(campaign, zone, founders_until)
    for email in campaign.day_emails:
        slot = find_slot(slots[email.key], joined_at)
        is_missed = slot.reason is not None and slot.due <= joined_at
        comes_again = campaign.late_joiners is LateJoiners.CATCH_UP and email.number in in_digest
        if email.date == today and is_missed and not comes_again:
            return email.key
    return None


def include_recent_days(sender: Sender, work: EmailJob) -> EmailJob:
    """The welcome with the letters of these days at hand."""
    now, ids = sender.clock.now(), work.record.email_ids
    with sender.database.read() as connection:
        gifts = find_recent_days(connection, work.campaign, ids, now)
    if not gifts:
        return work
    renderer = EmailRenderer(
        work.campaign,
        work.email,
        with_parts(work.content, gifts),
        media_url=sender.settings.media_url,
    )
    addressing = WelcomeRecipientBuilder.of(work.addressing, gifts)
    return replace(work, renderer=renderer, addressing=addressing)


def find_recent_days(
    connection: Connection, campaign: Campaign, email_ids: Mapping[str, int], at: datetime
) -> Mapping[str, FrozenContent]:
    """By key: what the days around an instant had said by then to those who had got them."""
    found = {}
    for day in campaign.day_emails:
        if day.key in email_ids and day.date and abs(day.date - at.date()) <= _NEAR:
            frozen = find_frozen_at(connection, email_ids[day.key], at)
            if frozen is not None and frozen.frozen_at <= at:
                found[day.key] = frozen
    return found


def with_parts(content: Content, gifts: Mapping[str, FrozenContent]) -> Content:
    """The welcome's words, with those of these days and their pictures at hand."""
    letters = {key: Content.from_json(gift.content) for key, gift in gifts.items()}
    images = {path: one for letter in letters.values() for path, one in letter.images.items()}
    return replace(
        content,
        parts={key: letter.words for key, letter in letters.items()},
        images={**images, **content.images},
    )
