"""What does an outcome mean for its delivery? From the provider's words to a settlement."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Protocol

from lovecampaign.core.message import Fault, Outcome, OutcomeKind
from lovecampaign.delivery.base.retry import GAVE_UP, next_try
from lovecampaign.render.model.errors import RenderError
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.tables import DeliveryState


class AttemptedDelivery(Protocol):
    """What a verdict needs of a delivery: a fresh claim, or one that a dead sender left."""

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
    """How a delivery goes on after an outcome."""
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
            return _fail(tried, outcome)
        case OutcomeKind.TRANSIENT:
            return _try_again(tried, outcome, now, chance)


def mark_in_doubt(tried: AttemptedDelivery, why: str) -> Settlement:
    """It may have arrived: nobody sends it again without being asked."""
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.IN_DOUBT,
        detail=why,
    )


def put_back(tried: AttemptedDelivery, now: datetime, detail: str | None = None) -> Settlement:
    """Nothing left the house: it is due as before, and the try does not count."""
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.PLANNED,
        detail=detail,
        next_try_at=now,
        is_untried=True,
    )


def render_failure(delivery_id: str, error: RenderError) -> Outcome:
    """The outcome of a message that could not be made, for what is wrong with this one person."""
    return Outcome(
        delivery_id=delivery_id,
        kind=OutcomeKind.PERMANENT,
        fault=Fault.MESSAGE,
        detail=error.message,
    )


def _fail(tried: AttemptedDelivery, outcome: Outcome) -> Settlement:
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.FAILED,
        reason=outcome.fault.value if outcome.fault else None,
        detail=outcome.detail,
        is_hard_bounce=outcome.fault is Fault.RECIPIENT,
        is_soft_bounce=outcome.fault is Fault.MAILBOX,
    )


def _try_again(
    tried: AttemptedDelivery, outcome: Outcome, now: datetime, chance: random.Random
) -> Settlement:
    if outcome.fault is Fault.CONFIGURATION and not outcome.is_about_one:
        return put_back(tried, now, outcome.detail)
    at = next_try(tried.attempts, now, tried.expires_at, chance, outcome.retry_after_seconds or 0.0)
    return Settlement(
        delivery_id=tried.id,
        subscriber_id=tried.subscriber_id,
        state=DeliveryState.PLANNED if at else DeliveryState.FAILED,
        reason=None if at else GAVE_UP,
        detail=outcome.detail,
        next_try_at=at,
        is_soft_bounce=outcome.fault is Fault.MAILBOX,
    )
