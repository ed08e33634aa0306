"""SQL for the one of several due emails that a subscriber gets: always the newest.

Emails fall due together after a pause, or when no pass ran for a while. Of the launch, only the
newest goes out and the others are ``late``. Of the day emails, the day's own takes the local day,
and an overdue one finds it taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.schedule.slots import closes_at, is_early_access, launch_expires
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.requirements import Condition, all_met
from lovecampaign.store.tables import DeliveryState, Instant, delivery, email, subscriber
from lovecampaign.store.tables.slots import slot

#: Quiet hours move an email by a day at most, and a zone's calendar by another.
_DAYS_OF_DELAY = 2
_own_slot, _own_row, _own_email = (
    slot.alias("own"),
    delivery.alias("own_row"),
    email.alias("own_email"),
)
_newer_email = email.alias("newer")


def newer_launch_emails(campaign: Campaign, one: Email) -> tuple[Email, ...]:
    """The launch emails that would replace this one if both are due."""
    if one.role is not Role.LAUNCH or one.instant is None:
        return ()
    return tuple(
        other
        for other in campaign.launch_emails
        if other.instant and other.instant > one.instant and not other.is_broken
    )


def is_over(eligibility: Eligibility) -> Condition:
    """Whether it is early access and the doors are open: it is late even if tried again."""
    campaign, one = eligibility.campaign, eligibility.email
    if one.role is not Role.LAUNCH or not is_early_access(campaign, one):
        return sa.false()
    return eligibility.instant >= sa.literal(campaign.launch.at, Instant)


def is_replaced(eligibility: Eligibility) -> Condition:
    """Whether a newer launch email is due for the subscriber, too."""
    now = eligibility.now
    newer = [
        each
        for each in newer_launch_emails(eligibility.campaign, eligibility.email)
        if now is None or (each.instant and each.instant <= now)
    ]
    return sa.or_(sa.false(), *(_is_due(replace(eligibility, email=each)) for each in newer))


def has_own_letter(eligibility: Eligibility, due_keys: Collection[str]) -> Condition:
    """Whether a newer day email is due for the subscriber: it takes the day.

    Needs the slots of all day emails in the temporary table; ``due_keys`` are due in a zone.
    """
    newer = _newer_day_emails(eligibility.campaign, eligibility.email)
    rivals = [each for each in newer if each.key in due_keys]
    return sa.or_(sa.false(), *(_is_open(replace(eligibility, email=each)) for each in rivals))


def _newer_day_emails(campaign: Campaign, one: Email) -> Iterator[Email]:
    if not one.is_one_a_day:
        return
    first, last = (
        0,
        len(campaign.day_emails) and max(each.number or 0 for each in campaign.day_emails),
    )
    if one.role is Role.DAY:
        first = (one.number or 0) + 1
        last = first + _DAYS_OF_DELAY + campaign.sending.late_after // timedelta(days=1)
    for each in campaign.day_emails:
        if first <= (each.number or 0) <= last and each.key != one.key and not each.is_broken:
            yield each


def _is_due(newer: Eligibility) -> Condition:
    campaign, one, now = newer.campaign, newer.email, newer.instant
    expires = min(filter(None, (launch_expires(campaign, one), closes_at(campaign, one))))
    return sa.and_(
        now >= sa.literal(one.instant, Instant),
        now < sa.literal(expires, Instant),
        newer.is_addressed,
        all_met(newer.requirements),
        _joined_in_time(newer),
        sa.not_(_is_cancelled(newer)),
    )


def _joined_in_time(newer: Eligibility) -> Condition:
    if RecipientGroup.BOUGHT in newer.email.to:
        return sa.true()
    insiders = newer.campaign.insiders
    until = newer.email.instant
    if newer.email.is_insiders_only and insiders is not None:
        until = insiders.until
    return sa.or_(
        newer.joined_at < sa.literal(until, Instant), newer.joined_at < newer.founders_until
    )


def _is_open(newer: Eligibility) -> Condition:
    """Whether a day email is due, in time, and neither sent nor skipped yet."""
    other, row, its_email = _own_slot, _own_row, _own_email
    now = newer.instant
    is_timed = sa.exists().where(
        other.c.email_key == newer.email.key,
        other.c.zone == subscriber.c.timezone,
        newer.joined_at >= other.c.joined_from,
        newer.joined_at < other.c.joined_before,
        other.c.reason.is_(None),
        other.c.due <= now,
        other.c.expires_at > now,
    )
    is_settled = sa.exists().where(
        its_email.c.campaign_id == newer.campaign_id,
        its_email.c.key == newer.email.key,
        row.c.email_id == its_email.c.id,
        row.c.subscriber_id == subscriber.c.id,
        row.c.state != DeliveryState.PLANNED.value,
    )
    is_for_them = sa.and_(newer.passes_tags, newer.has_finished)
    return sa.and_(is_timed, is_for_them, sa.not_(is_settled), sa.not_(_is_cancelled(newer)))


def _is_cancelled(newer: Eligibility) -> Condition:
    return sa.exists().where(
        _newer_email.c.campaign_id == newer.campaign_id,
        _newer_email.c.key == newer.email.key,
        _newer_email.c.cancelled_at.is_not(None),
    )
