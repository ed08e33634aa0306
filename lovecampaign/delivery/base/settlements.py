"""Turns an outcome into a settlement: sent, failed, in doubt, or retried with back-off."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Protocol

from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.render.model.errors import RenderError
from lovecampaign.store.ledger.take_back import RetryTimes
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.tables import DeliveryState

#: After the first, second and third try; each further delay is the last one.
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MAX_ATTEMPTS = 8
#: Spreads retries over a tenth of the delay, so that they do not all come in one second.
JITTER = 0.1
GAVE_UP = "gave_up"
#: After a reply about a domain none of its recipients is tried.
DOMAIN_REST = timedelta(minutes=15)
_SOFT_BOUNCES = frozenset({FaultKind.MAILBOX, FaultKind.DESTINATION})


class AttemptedDelivery(Protocol):
    """A claim of this process, or one that a dead process left."""

    @property
    def id(self) -> int: ...
    @property
    def subscriber_id(self) -> int: ...
    @property
    def attempts(self) -> int: ...
    @property
    def expires_at(self) -> datetime | None: ...


def decide_settlement(
    tried: AttemptedDelivery, outcome: Outcome, now: datetime, chance: random.Random
) -> Settlement:
    """The settlement of a delivery after an outcome."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Settlement(
                delivery_id=tried.id,
                subscriber_id=tried.subscriber_id,
                state=DeliveryState.SENT,
                provider_message_id=outcome.provider_message_id,
            )
        case OutcomeKind.UNKNOWN:
            return mark_in_doubt(tried, outcome.detail or "the answer never came")
        case OutcomeKind.PERMANENT:
            return Settlement(
                delivery_id=tried.id,
                subscriber_id=tried.subscriber_id,
                state=DeliveryState.FAILED,
                reason=outcome.fault.value if outcome.fault else None,
                detail=outcome.detail,
                is_hard_bounce=outcome.fault is FaultKind.RECIPIENT,
                is_soft_bounce=outcome.fault in _SOFT_BOUNCES,
            )
        case OutcomeKind.TRANSIENT:
            return _retry(tried, outcome, now, chance)


def mark_in_doubt(tried: AttemptedDelivery, why: str) -> Settlement:
    """It may have arrived: never sent again without the operator's decision."""
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.IN_DOUBT,
        detail=why,
    )


def put_back(tried: AttemptedDelivery, due: datetime, detail: str | None = None) -> Settlement:
    """Nothing was taken: due from then on, and the try does not count."""
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.PLANNED,
        detail=detail,
        next_try_at=due,
        is_untried=True,
    )


def put_back_rejected(tried: AttemptedDelivery, now: datetime, detail: str) -> Settlement:
    """A rejection that is about us. The try counts; after the second one, others go first."""
    again = retry_times(now)
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.PLANNED,
        detail=detail,
        next_try_at=again.later if tried.attempts > 1 else again.now,
    )


def retry_times(now: datetime) -> RetryTimes:
    """For rejections that are about us."""
    return RetryTimes(now=now, later=now + DOMAIN_REST)


def render_failure(delivery_id: str, error: RenderError) -> Outcome:
    """The outcome of a message that cannot be rendered for this recipient."""
    return Outcome(
        delivery_id=delivery_id,
        kind=OutcomeKind.PERMANENT,
        fault=FaultKind.SUBSCRIBER if error.is_about_subscriber else FaultKind.MESSAGE,
        detail=error.message,
    )


def _retry(
    tried: AttemptedDelivery, outcome: Outcome, now: datetime, chance: random.Random
) -> Settlement:
    if outcome.fault is FaultKind.CONFIGURATION and not outcome.is_about_one:
        return put_back(tried, now, outcome.detail)
    if outcome.fault is FaultKind.QUOTA or outcome.is_held:
        wait = timedelta(seconds=outcome.retry_after_seconds or 0.0)
        return put_back(tried, now + wait, outcome.detail)
    is_about_domain = outcome.fault is FaultKind.DESTINATION
    rest = DOMAIN_REST.total_seconds() if is_about_domain else 0.0
    wait_seconds = max(rest, outcome.retry_after_seconds or 0.0)
    at = next_try(tried.attempts, now, tried.expires_at, chance, wait_seconds)
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.PLANNED if at else DeliveryState.FAILED,
        reason=None if at else GAVE_UP,
        detail=outcome.detail,
        next_try_at=at,
        # A domain that does not answer counts once it is given up.
        is_soft_bounce=outcome.fault is FaultKind.MAILBOX or (at is None and is_about_domain),
    )


def next_try(
    attempts: int,
    now: datetime,
    expires_at: datetime | None,
    chance: random.Random,
    min_seconds: float = 0.0,
) -> datetime | None:
    """The instant of the next try after ``attempts`` tries, a whole second; None: give up.

    Gives up after eight tries, and where the next one would be too late. ``min_seconds`` is the
    wait that the provider asked for.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = DELAYS[min(attempts, len(DELAYS)) - 1]
    wait = max(delay * (1 + chance.uniform(0, JITTER)), timedelta(seconds=min_seconds))
    at = now + wait
    if at.microsecond:  # rounded up: JSON shows whole seconds, and it is not due before
        at = at.replace(microsecond=0) + timedelta(seconds=1)
    return None if expires_at is not None and at >= expires_at else at
