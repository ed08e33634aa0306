"""Forecasts: what one subscriber gets, when, and why, in words for the preview's pages.

The data of sample subscribers comes from
:mod:`~lovecampaign.web.preview.readers.sample_dispositions`, that of real subscribers from
:mod:`~lovecampaign.store.reports.subscriber_timeline`, as for ``plan --for``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.addressees import Addressee
from lovecampaign.store.tables import DeliveryState
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber
from lovecampaign.web.preview.readers.sample_dispositions import (
    SampleDisposition,
    find_dispositions,
)

if TYPE_CHECKING:
    from lovecampaign.store.reports.subscriber_timeline import TimelineEntry


class ForecastStatus(StrEnum):
    """The status of one email for one subscriber, as pages show it."""

    COMES = "comes"  #: will be sent
    SENT = "sent"
    SKIPPED = "skipped"  #: for a reason
    NOT_FOR_THEM = "not for them"  #: addressed to other subscribers
    NOT_SENT = "not sent"  #: failed or in doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailForecast:
    """One email in the month of one subscriber."""

    email: Email
    status: ForecastStatus
    due: datetime | None
    why: str

    @property
    def is_for_them(self) -> bool:
        return self.status in (ForecastStatus.COMES, ForecastStatus.SENT, ForecastStatus.NOT_SENT)


#: Skip reasons in words.
REASONS: Mapping[SkipReason, str] = {
    SkipReason.LATE: "it is too late for it",
    SkipReason.DAY_TAKEN: "another email has this day: one a day is enough",
    SkipReason.IN_DIGEST: "the catch-up email brings it",
    SkipReason.SUPPRESSED: "they unsubscribed, or their address gets no mail",
    SkipReason.NOT_CONFIRMED: "they have not confirmed, or their consent has expired",
    SkipReason.PAUSED_BY_READER: "they asked for a break",
    SkipReason.LAUNCH_ONLY: "they asked for the launch emails only",
    SkipReason.NOT_ACTIVE: "no sign of life from them for long",
    SkipReason.HAS_CHOSEN: "they have chosen already, or joined by a form",
    SkipReason.TAG: "their tags exclude them",
    SkipReason.NOT_FINISHED: "they have done too few of the small tasks",
    SkipReason.BOUGHT: "they have bought already",
    SkipReason.WAITING_FOR_ANSWER: "we owe them an answer first",
    SkipReason.NOT_YET_GIVEN: "they got too few letters that give",
    SkipReason.JOINED_AFTER: "they joined after it",
    SkipReason.CANCELLED: "it was cancelled",
    SkipReason.DEAL_CLOSED: "its deal has closed by then",
    SkipReason.SOLD_OUT: "its deal is sold out",
}
_STATUS_OF_STATE: Mapping[DeliveryState, ForecastStatus] = {
    DeliveryState.PLANNED: ForecastStatus.COMES,
    DeliveryState.CLAIMED: ForecastStatus.COMES,
    DeliveryState.SENT: ForecastStatus.SENT,
    DeliveryState.FAILED: ForecastStatus.NOT_SENT,
    DeliveryState.IN_DOUBT: ForecastStatus.NOT_SENT,
    DeliveryState.SKIPPED: ForecastStatus.SKIPPED,
    DeliveryState.CANCELLED: ForecastStatus.SKIPPED,
}


def forecast_month(campaign: Campaign, sample: PreviewSubscriber) -> tuple[EmailForecast, ...]:
    """The month of a sample subscriber, in the campaign's order."""
    found = find_dispositions(campaign, sample)
    return tuple(
        _forecast(campaign, email, sample, found.get(email.key))
        for email in campaign.scheduled_emails
    )


def forecast_from_timeline(
    campaign: Campaign, entry: TimelineEntry, subscriber: PreviewSubscriber
) -> EmailForecast | None:
    """The forecast for an entry of the timeline; None for an email that was removed."""
    email = campaign.find_email(entry.key)
    if email is None:
        return None
    if entry.state is None:
        return _not_for_them(email)
    status = _STATUS_OF_STATE[entry.state]
    return EmailForecast(
        email=email, status=status, due=entry.due, why=_why(campaign, entry, email, subscriber)
    )


def forecast_for_addressee(campaign: Campaign, email: Email, addressee: Addressee) -> EmailForecast:
    """The forecast for one addressee of an email."""
    if addressee.reason and addressee.reason in list(SkipReason):
        why = _why_not(email, SkipReason(addressee.reason))
    elif addressee.state is DeliveryState.PLANNED and email.role is Role.DAY:
        why = f"{_clock_time(campaign, email)} on {_clock_name(campaign, addressee.zone)}"
    else:
        why = (addressee.reason or "").replace("_", " ")
    return EmailForecast(
        email=email, status=_STATUS_OF_STATE[addressee.state], due=addressee.due, why=why
    )


def _forecast(
    campaign: Campaign, email: Email, sample: PreviewSubscriber, found: SampleDisposition | None
) -> EmailForecast:
    if found is None:
        return _not_for_them(email)
    if found.reason is not None:
        why = _why_not(email, found.reason)
        status = ForecastStatus.SKIPPED
    else:
        why = _why_then(campaign, email, sample, is_delayed=found.is_delayed)
        status = ForecastStatus.COMES
    return EmailForecast(email=email, status=status, due=found.due, why=why)


def _not_for_them(email: Email) -> EmailForecast:
    if RecipientGroup.BOUGHT in email.to:
        why = "for those who bought"
    elif email.is_insiders_only:
        why = "for insiders only"
    else:
        why = "for the readers' list"
    return EmailForecast(email=email, status=ForecastStatus.NOT_FOR_THEM, due=None, why=why)


def _why_not(email: Email, reason: SkipReason) -> str:
    if reason is SkipReason.JOINED_AFTER and email.role is Role.CATCH_UP:
        return "they joined before day 1: nothing to catch up on"
    return REASONS[reason]


def _why(
    campaign: Campaign, entry: TimelineEntry, email: Email, subscriber: PreviewSubscriber
) -> str:
    if entry.reason and entry.reason in list(SkipReason):
        words = _why_not(email, SkipReason(entry.reason))
    elif entry.state is DeliveryState.PLANNED:
        words = _why_then(campaign, email, subscriber, is_delayed=False)
    else:
        words = str(entry.reason or entry.state or "").replace("_", " ")
    return f"{words} ({entry.detail})" if entry.detail else words


def _why_then(
    campaign: Campaign, email: Email, subscriber: PreviewSubscriber, *, is_delayed: bool
) -> str:
    if is_delayed:
        return "waits for the end of quiet hours"
    if email.role is Role.CATCH_UP:
        return "joined late: the must-have days in one email"
    if email.role is Role.INVITATION:
        return "in the first wave, or in that of a later day"
    if email.role is Role.DAY:
        return f"{_clock_time(campaign, email)} on {_clock_name(campaign, subscriber.zone)}"
    if email.is_insiders_only:
        return "on the insiders’ list; one instant for all of them"
    return "thanks for buying" if RecipientGroup.BOUGHT in email.to else "one instant for everyone"


def _clock_time(campaign: Campaign, email: Email) -> str:
    return f"{email.at or campaign.sending.at:%H:%M}"


def _clock_name(campaign: Campaign, zone: str) -> str:
    is_theirs = campaign.sending.clock.value == "subscriber"
    return f"their clock ({zone})" if is_theirs else f"the team's ({campaign.timezone})"
