"""Which letter of today does a newcomer get inside their welcome?

Who confirms after today's letter has gone out would wait until tomorrow for the first gift. So the
welcome holds the letter of the day, in the words in which others have had it: frozen, and never an
unfinished one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lovecampaign.campaign.model import Campaign, LateJoiners
from lovecampaign.delivery.personal import Addressing
from lovecampaign.delivery.sender import Sender
from lovecampaign.delivery.work import EmailWork
from lovecampaign.render.content import Content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import local_day
from lovecampaign.schedule.slots import find_slot, plan_zone
from lovecampaign.store.campaigns import find_frozen
from lovecampaign.store.claimed import Person

#: No zone's date is further from another's.
_NEAR = timedelta(days=2)
#: With these, a letter that was missed comes later by itself, or is not wanted.
_COMES_ANOTHER_WAY = frozenset({LateJoiners.FROM_DAY_1, LateJoiners.WAIT})


@dataclass(frozen=True, kw_only=True)
class WelcomeAddressing(Addressing):
    """As for any email, with the letter of the day for whoever joined too late to get it."""

    #: Keys of days that have gone out to others.
    gone_out: frozenset[str]

    def digest(self, person: Person) -> tuple[str, ...]:
        if person.joined_at is None:
            return ()
        left_out = self.cancelled | self._not_for(person.subscriber.tags)
        key = missed_today(self.campaign, person.zone, person.joined_at, self.founders_until)
        return (key,) if key in self.gone_out - left_out else ()


def missed_today(
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


def with_gifts(sender: Sender, work: EmailWork) -> EmailWork:
    """The welcome with the letters of these days at hand."""
    gifts = _letters_of_these_days(sender, work)
    if not gifts:
        return work
    return replace(
        work, renderer=_renderer(sender, work, gifts), addressing=_addressing(work, gifts)
    )


def _letters_of_these_days(sender: Sender, work: EmailWork) -> Mapping[str, Content]:
    today = sender.clock.now().date()
    near = [day for day in work.campaign.day_emails if day.date and abs(day.date - today) <= _NEAR]
    found = {}
    with sender.database.read() as connection:
        for day in near:
            frozen = find_frozen(connection, work.record.email_ids[day.key])
            if frozen is not None:
                found[day.key] = Content.from_json(frozen.content)
    return found


def _renderer(sender: Sender, work: EmailWork, gifts: Mapping[str, Content]) -> EmailRenderer:
    images = {path: one for gift in gifts.values() for path, one in gift.images.items()}
    content = replace(
        work.content,
        parts={key: gift.words for key, gift in gifts.items()},
        images={**images, **work.content.images},
    )
    return EmailRenderer(
        work.campaign,
        work.email,
        content,
        public_url=sender.settings.public_url,
        media_url=sender.settings.media_url,
    )


def _addressing(work: EmailWork, gifts: Mapping[str, Content]) -> WelcomeAddressing:
    usual = work.addressing
    return WelcomeAddressing(
        campaign=usual.campaign,
        email=usual.email,
        signer=usual.signer,
        public_url=usual.public_url,
        founders_until=usual.founders_until,
        cancelled=usual.cancelled,
        gone_out=frozenset(gifts),
    )
