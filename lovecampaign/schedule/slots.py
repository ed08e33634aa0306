"""The slots of all emails of a campaign, for one zone.

Slots are computed from the campaign's files and not stored, so an edit of a time or a zone holds
for everything that is not claimed yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email, Invitation, RecipientGroup, Role
from lovecampaign.schedule.days import (
    campaign_join_windows,
    day_slots,
    find_digests,
    keys_in_digest,
)
from lovecampaign.schedule.quiet import (
    GRACE,
    after_quiet_hours,
    extend_past_quiet_hours,
    quiet_hours_of,
)
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slot import EVER_AFTER, EVER_BEFORE, Slot, SlotTime, fill_gaps

__all__ = [
    "Slot",
    "closes_at",
    "digest_keys",
    "due_window",
    "find_slot",
    "is_early_access",
    "launch_expires",
    "plan_zone",
    "typical_late_joining",
]


def plan_zone(
    campaign: Campaign, zone: str, founders_until: datetime | None
) -> Mapping[str, tuple[Slot, ...]]:
    """The slots of all scheduled emails for subscribers in ``zone``, by key, in campaign order.

    Welcome and confirm are not included: they are not scheduled. ``founders_until`` is the
    instant of the campaign's first real claim; None before it, when all current subscribers
    count as joined before day 1.
    """
    founders = founders_until or EVER_AFTER
    by_day = day_slots(campaign, zone, founders)
    return {
        email.key: (
            by_day[email.key]
            if email.is_one_a_day
            else (_invitation_slot(campaign.invitation, email, zone, campaign),)
            if campaign.invitation and email.role is Role.INVITATION
            else launch_slots(campaign, email, zone, founders)
        )
        for email in campaign.scheduled_emails
    }


def _invitation_slot(invitation: Invitation, email: Email, zone: str, campaign: Campaign) -> Slot:
    """The first wave, until day 1; whenever a subscriber joined."""
    due = after_quiet_hours(invitation.at, zone, quiet_hours_of(campaign, email))
    return Slot(moment=invitation.at, due=due, expires=max(invitation.ends, due + GRACE))


def find_slot(slots: Iterable[Slot], joined_at: datetime) -> Slot:
    """The slot for a joining time."""
    return next(slot for slot in slots if slot.holds(joined_at))


def due_window(slots: Iterable[Slot]) -> tuple[datetime, datetime] | None:
    """The first and the last due time of the email; None if it has no recipients."""
    dues = [slot.due for slot in slots if slot.reason is None]
    return (min(dues), max(dues)) if dues else None


def digest_keys(
    campaign: Campaign, zone: str, joined_at: datetime, founders_until: datetime | None
) -> tuple[str, ...]:
    """The emails that the catch-up email contains for a joining time: the missed must-have days,
    in order, and that day's own email. Empty without a catch-up email.
    """
    if founders_until is None:
        return ()
    windows = campaign_join_windows(campaign, zone, founders_until)
    return keys_in_digest(campaign, windows, founders_until, joined_at)


def typical_late_joining(
    campaign: Campaign, zone: str, founders_until: datetime
) -> datetime | None:
    """When the typical reader of the catch-up email joins: the middle one of its digests.

    None without a catch-up email.
    """
    windows = campaign_join_windows(campaign, zone, founders_until)
    digests = tuple(find_digests(campaign, windows, founders_until))
    return digests[len(digests) // 2].start if digests else None


def launch_slots(
    campaign: Campaign, email: Email, zone: str, founders_until: datetime
) -> tuple[Slot, ...]:
    """Slots of a launch email: one instant for everyone, and one end."""
    time = _launch_time(campaign, email, zone)
    return fill_gaps(_pieces(campaign, email, time, founders_until), time, SkipReason.JOINED_AFTER)


def closes_at(campaign: Campaign, email: Email) -> datetime | None:
    """When the email's deal closes: from then on it is never sent."""
    deal = campaign.deal_of(email)
    return deal.closes if deal else None


def launch_expires(campaign: Campaign, email: Email) -> datetime:
    """When a launch email is late; early access is when the doors open for everyone."""
    if email.instant is None:
        raise ValueError(f"{email.key} has no instant")
    expires = email.instant + campaign.launch.late_after
    return min(expires, campaign.launch.at) if is_early_access(campaign, email) else expires


def late_insiders_get_email_now(
    campaign: Campaign, zone: str, now: datetime, founders_until: datetime | None
) -> bool:
    """Whether an email to insiders is due already, and is sent to a subscriber who joins now."""
    for email in campaign.scheduled_emails:
        if not email.is_insiders_only:
            continue
        closes = closes_at(campaign, email)
        slots = launch_slots(campaign, email, zone, founders_until or EVER_AFTER)
        slot = next(slot for slot in slots if slot.holds(now))
        is_open = closes is None or now < closes
        is_late = slot.expires is not None and slot.expires <= now
        if slot.reason is None and slot.due_for(now) <= now and is_open and not is_late:
            return True
    return False


def _launch_time(campaign: Campaign, email: Email, zone: str) -> SlotTime:
    if email.instant is None:
        raise ValueError(f"{email.key} has no instant")
    quiet_hours = quiet_hours_of(campaign, email)
    due = after_quiet_hours(email.instant, zone, quiet_hours)
    expires = extend_past_quiet_hours(launch_expires(campaign, email), zone, quiet_hours)
    expires = max(expires, due + GRACE)
    if is_early_access(campaign, email):
        expires = min(expires, campaign.launch.at)
    return SlotTime(moment=email.instant, due=due, expires=expires)


def is_early_access(campaign: Campaign, email: Email) -> bool:
    """Whether insiders hear before the doors open for everyone, and never after that."""
    doors = campaign.launch.at
    return email.is_insiders_only and email.instant is not None and email.instant < doors


def _at_joining(campaign: Campaign, email: Email, time: SlotTime) -> SlotTime:
    """The times for insiders who join late: they are due at joining, and end with it."""
    last = max(time.moment, campaign.insiders.until if campaign.insiders else time.moment)
    expires = last + campaign.launch.late_after
    is_early = is_early_access(campaign, email)
    return replace(time, expires=min(expires, campaign.launch.at) if is_early else expires)


def _pieces(
    campaign: Campaign, email: Email, time: SlotTime, founders_until: datetime
) -> Iterator[Slot]:
    if RecipientGroup.BOUGHT in email.to:  # buyers get it whenever they joined
        yield time.slot(EVER_BEFORE, EVER_AFTER)
        return
    moment = time.moment
    if email.is_insiders_only and campaign.insiders is not None:
        until = campaign.insiders.until  # joining the insiders after that is too late
        in_time = max(min(moment, until), founders_until)
        yield time.slot(EVER_BEFORE, in_time)
        yield _at_joining(campaign, email, time).slot(in_time, until, is_due_at_joining=True)
        return
    yield time.slot(EVER_BEFORE, max(moment, founders_until))
