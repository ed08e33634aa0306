"""Adds the email of the day to a welcome.

A subscriber who confirms after today's email was sent would wait until tomorrow for the first one.
So the welcome contains the email of the day, in its frozen content as others got it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, LateJoiners
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.sender import EmailJob, SendingProcess
from lovecampaign.render.model.content import Content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import local_day
from lovecampaign.schedule.slots import find_slot, plan_zone
from lovecampaign.store.ledger.frozen_content import FrozenContent, find_frozen_at
from lovecampaign.store.sending.claimed import Member

#: Dates of two time zones differ by less.
_NEAR = timedelta(days=2)
#: With these, a missed email comes later by itself, or is not wanted.
_COMES_ANOTHER_WAY = frozenset({LateJoiners.FROM_DAY_1, LateJoiners.WAIT})


@dataclass(frozen=True, kw_only=True)
class WelcomeRecipientBuilder(RecipientBuilder):
    """Puts the email of the day into the digest of those who joined too late for it."""

    #: Keys of days that were sent to others.
    sent_days: frozenset[str]

    @classmethod
    def of(cls, base: RecipientBuilder, sent_days: Iterable[str]) -> Self:
        return cls(
            campaign=base.campaign,
            email=base.email,
            signer=base.signer,
            public_url=base.public_url,
            founders_until=base.founders_until,
            cancelled=base.cancelled,
            sent_days=frozenset(sent_days),
        )

    def digest(self, person: Member) -> tuple[str, ...]:
        if person.joined_at is None:
            return ()
        excluded = self.cancelled | self._not_for(person.subscriber.tags)
        key = find_missed_day(self.campaign, person.zone, person.joined_at, self.founders_until)
        return (key,) if key in self.sent_days - excluded else ()


def find_missed_day(
    campaign: Campaign, zone: str, joined_at: datetime, founders_until: datetime | None
) -> str | None:
    """The day email that was due before joining on the same day, if it comes no other way."""
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


def include_recent_days(sender: SendingProcess, job: EmailJob) -> EmailJob:
    """The welcome with the content of the recent days, for its digest."""
    now, ids = sender.clock.now(), job.record.email_ids
    with sender.database.read() as connection:
        days = find_recent_days(connection, job.campaign, ids, now)
    if not days:
        return job
    renderer = EmailRenderer(
        job.campaign, job.email, with_parts(job.content, days), media_url=sender.settings.media_url
    )
    recipient_builder = WelcomeRecipientBuilder.of(job.recipient_builder, days)
    return replace(job, renderer=renderer, recipient_builder=recipient_builder)


def find_recent_days(
    connection: Connection, campaign: Campaign, email_ids: Mapping[str, int], at: datetime
) -> Mapping[str, FrozenContent]:
    """By key: the frozen content, at an instant, of the days around it."""
    contents = {}
    for day in campaign.day_emails:
        if day.key in email_ids and day.date and abs(day.date - at.date()) <= _NEAR:
            frozen = find_frozen_at(connection, email_ids[day.key], at)
            if frozen is not None and frozen.frozen_at <= at:
                contents[day.key] = frozen
    return contents


def with_parts(content: Content, days: Mapping[str, FrozenContent]) -> Content:
    """The welcome's content, with that of these days and their images."""
    contents = {key: Content.from_json(day.content) for key, day in days.items()}
    translations = {
        language: _with_contents(
            one, {key: day.translations.get(language, day) for key, day in contents.items()}
        )
        for language, one in content.translations.items()
    }
    return replace(_with_contents(content, contents), translations=translations)


def _with_contents(content: Content, days: Mapping[str, Content]) -> Content:
    images = {path: one for day in days.values() for path, one in day.images.items()}
    return replace(
        content,
        parts={key: day.words for key, day in days.items()},
        images={**images, **content.images},
        gifts={path: key for day in (content, *days.values()) for path, key in day.gifts.items()},
    )
