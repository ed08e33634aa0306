"""Which tables are there? The index of all of them, with the words that they are made of."""

from lovecampaign.store.campaign_tables import (
    buyer,
    campaign,
    deal_code,
    email,
    frozen_content,
    preference,
)
from lovecampaign.store.columns import (
    EPOCH,
    MICROSECOND,
    BigKey,
    Day,
    Instant,
    from_microseconds,
    metadata,
    to_microseconds,
)
from lovecampaign.store.deal_tables import (
    deal_claim,
    deal_extension,
    deal_stock,
    deal_waiting,
)
from lovecampaign.store.ledger_tables import (
    PLANNED,
    DeliveryState,
    batch,
    delivery,
    event,
    owner,
    transactional,
)
from lovecampaign.store.people_tables import (
    consent,
    forgotten,
    membership,
    setting,
    subscriber,
    subscriber_tag,
    suppression,
)

__all__ = [
    "EPOCH",
    "MICROSECOND",
    "PLANNED",
    "BigKey",
    "Day",
    "DeliveryState",
    "Instant",
    "batch",
    "buyer",
    "campaign",
    "consent",
    "deal_claim",
    "deal_code",
    "deal_extension",
    "deal_stock",
    "deal_waiting",
    "delivery",
    "email",
    "event",
    "forgotten",
    "from_microseconds",
    "frozen_content",
    "membership",
    "metadata",
    "owner",
    "preference",
    "setting",
    "subscriber",
    "subscriber_tag",
    "suppression",
    "to_microseconds",
    "transactional",
]
