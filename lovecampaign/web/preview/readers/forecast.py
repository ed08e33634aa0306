"""What will a reader get, when, and why? For made-up readers from the files alone.

People of the database are asked about by
:mod:`~lovecampaign.store.reports.person_timeline`, as ``plan --for`` does;
here the same rules are applied to somebody who stands in no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot, closes_at, find_slot, plan_zone
from lovecampaign.store.reports.person_timeline import TimelineEntry
from lovecampaign.store.reports.recipients import Addressee
from lovecampaign.store.tables import DeliveryState
from lovecampaign.web.preview.readers.readers import Reader


class Fate(StrEnum):
    """What becomes of an email for one reader, as pages show it."""

    COMES = "comes"  #: will be sent
    SENT = "sent"
    STAYS_AWAY = "stays away"  #: addressed to them, and held back for a reason
    NOT_FOR_THEM = "not for them"  #: speaks to other people
    IN_TROUBLE = "in trouble"  #: failed, or nobody knows whether it arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One email in one reader's month."""

    email: Email
    fate: Fate
    due: datetime | None
    why: str

    @property
    def is_for_them(self) -> bool:
        return self.fate in (Fate.COMES, Fate.SENT, Fate.IN_TROUBLE)


#: Why somebody does not get an email, in words.
REASONS: Mapping[SkipReason, str] = {
    SkipReason.LATE: "its moment is too long past",
    SkipReason.DAY_TAKEN: "another email has this day: one a day is enough",
    SkipReason.IN_DIGEST: "the catch-up email brings it",
    SkipReason.SUPPRESSED: "they left, or their address takes no mail",
    SkipReason.NOT_CONFIRMED: "they have not confirmed, or their consent ran out",
    SkipReason.PAUSED_BY_READER: "they asked for a break",
    SkipReason.LAUNCH_ONLY: "they asked to hear only about the launch",
    SkipReason.TAG: "their tags leave them out",
    SkipReason.BOUGHT: "they have bought already",
    SkipReason.JOINED_AFTER: "they joined after it",
    SkipReason.CANCELLED: "it was called off",
    SkipReason.DEAL_CLOSED: "its deal has closed by then",
    SkipReason.SOLD_OUT: "nothing is left of its deal",
}
_FATES: Mapping[DeliveryState, Fate] = {
    DeliveryState.PLANNED: Fate.COMES,
    DeliveryState.CLAIMED: Fate.COMES,
    DeliveryState.SENT: Fate.SENT,
    DeliveryState.FAILED: Fate.IN_TROUBLE,
    DeliveryState.IN_DOUBT: Fate.IN_TROUBLE,
    DeliveryState.SKIPPED: Fate.STAYS_AWAY,
    DeliveryState.CANCELLED: Fate.STAYS_AWAY,
}


def foretell(campaign: Campaign, reader: Reader) -> tuple[Coming, ...]:
    """The month of a made-up reader, in the campaign's order.

    The month is looked at as a whole: nothing in it is past, and whoever joined after its first
    day joined late.
    """
    began = to_utc(campaign.start, time(), campaign.timezone)
    slots = plan_zone(campaign, reader.zone, began)
    return tuple(
        _foretell_one(campaign, email, reader, find_slot(slots[email.key], reader.joined_at))
        for email in campaign.scheduled_emails
    )


def retell(campaign: Campaign, entry: TimelineEntry, reader: Reader) -> Coming | None:
    """An entry of the database's own timeline; None for an email that is no longer there."""
    email = campaign.find_email(entry.key)
    if email is None:
        return None
    if entry.state is None:
        return _not_for_them(email)
    fate = _FATES[entry.state]
    return Coming(email=email, fate=fate, due=entry.due, why=_why(campaign, entry, email, reader))


def retell_addressee(campaign: Campaign, email: Email, found: Addressee) -> Coming:
    """What the database says of one person of an email."""
    if found.reason and found.reason in list(SkipReason):
        why = _why_not(email, SkipReason(found.reason))
    elif found.state is DeliveryState.PLANNED and email.role is Role.DAY:
        why = f"{_clock_time(campaign, email)} on {_whose_clock(campaign, found.zone)}"
    else:
        why = (found.reason or "").replace("_", " ")
    return Coming(email=email, fate=_FATES[found.state], due=found.due, why=why)


def _foretell_one(campaign: Campaign, email: Email, reader: Reader, slot: Slot) -> Coming:
    if not _is_addressed(email, reader):
        return _not_for_them(email)
    due = slot.due_for(reader.joined_at)
    reason = _standing_reason(campaign, email, reader) or slot.reason
    closes = closes_at(campaign, email)
    if reason is None and closes is not None and due >= closes:
        reason = SkipReason.DEAL_CLOSED
    if reason is not None:
        return Coming(email=email, fate=Fate.STAYS_AWAY, due=due, why=_why_not(email, reason))
    why = _why_then(campaign, email, reader, is_delayed=slot.due > slot.moment)
    return Coming(email=email, fate=Fate.COMES, due=due, why=why)


def _is_addressed(email: Email, reader: Reader) -> bool:
    if email.is_insiders_only and not reader.subscriber.is_insider:
        return False
    if email.role is not Role.LAUNCH and not reader.is_in_audience:
        return False
    return reader.is_buyer or RecipientGroup.BOUGHT not in email.to


def _standing_reason(campaign: Campaign, email: Email, reader: Reader) -> SkipReason | None:
    if not _passes_tags(campaign, email, reader):
        return SkipReason.TAG
    if reader.is_buyer and RecipientGroup.NOT_BOUGHT in email.to:
        return SkipReason.BOUGHT
    return None


def _passes_tags(campaign: Campaign, email: Email, reader: Reader) -> bool:
    """As :class:`~lovecampaign.store.eligibility.eligibility.Standing` does for the database."""
    tags, without = reader.subscriber.tags, set(email.tags.without_tags)
    without |= campaign.audience.tags.without_tags
    if email.role is Role.LAUNCH:
        without |= campaign.launch.without_tags
    wanted = campaign.audience.tags.with_tags
    if email.role is Role.LAUNCH and reader.subscriber.is_insider:
        wanted = frozenset()
    return (
        not tags & without
        and (not wanted or bool(tags & wanted))
        and (not email.tags.with_tags or bool(tags & email.tags.with_tags))
    )


def _not_for_them(email: Email) -> Coming:
    if RecipientGroup.BOUGHT in email.to:
        why = "for those who bought"
    elif email.is_insiders_only:
        why = "for insiders only"
    else:
        why = "for the readers' list"
    return Coming(email=email, fate=Fate.NOT_FOR_THEM, due=None, why=why)


def _why_not(email: Email, reason: SkipReason) -> str:
    if reason is SkipReason.JOINED_AFTER and email.role is Role.CATCH_UP:
        return "they were there from the start: nothing to catch up on"
    return REASONS[reason]


def _why(campaign: Campaign, entry: TimelineEntry, email: Email, reader: Reader) -> str:
    if entry.reason and entry.reason in list(SkipReason):
        words = _why_not(email, SkipReason(entry.reason))
    elif entry.state is DeliveryState.PLANNED:
        words = _why_then(campaign, email, reader, is_delayed=False)
    else:
        words = str(entry.reason or entry.state or "").replace("_", " ")
    return f"{words} ({entry.detail})" if entry.detail else words


def _why_then(campaign: Campaign, email: Email, reader: Reader, *, is_delayed: bool) -> str:
    if is_delayed:
        return "waits for the end of quiet hours"
    if email.role is Role.CATCH_UP:
        return "joined late: the days not to be missed, in one"
    if email.role is Role.DAY:
        return f"{_clock_time(campaign, email)} on {_whose_clock(campaign, reader.zone)}"
    if email.is_insiders_only:
        return "on the insiders’ list; one instant for all of them"
    return "thanks for buying" if RecipientGroup.BOUGHT in email.to else "one instant for everyone"


def _clock_time(campaign: Campaign, email: Email) -> str:
    return f"{email.at or campaign.sending.at:%H:%M}"


def _whose_clock(campaign: Campaign, zone: str) -> str:
    follows_reader = campaign.sending.clock.value == "subscriber"
    return f"their clock ({zone})" if follows_reader else f"the team's ({campaign.timezone})"
