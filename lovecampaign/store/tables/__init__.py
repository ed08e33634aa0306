"""All tables, and the column types that they are made of."""

from lovecampaign.store.database.types import (
    EPOCH,
    MICROSECOND,
    BigKey,
    Instant,
    LocalDay,
    from_microseconds,
    metadata,
    to_microseconds,
)
from lovecampaign.store.tables.access import ended_session, guess
from lovecampaign.store.tables.campaigns import (
    buyer,
    campaign,
    deal_code,
    email,
    frozen_content,
    preference,
)
from lovecampaign.store.tables.deals import deal_claim, deal_extension, deal_stock, deal_waiting
from lovecampaign.store.tables.desk import (
    desk_answer,
    desk_case,
    desk_exception,
    desk_letter,
    desk_step,
)
from lovecampaign.store.tables.gifts import gift_taken, named_today, personal_note
from lovecampaign.store.tables.import_log import IMPORT_COUNTS, import_change, import_log
from lovecampaign.store.tables.incoming import inbox_cursor, incoming_attachment, incoming_mail
from lovecampaign.store.tables.ledger import (
    PLANNED,
    DeliveryState,
    batch,
    delivery,
    event,
    owner,
    pace,
    provider_hold,
    transactional,
)
from lovecampaign.store.tables.stories import STORY_MAIL, day_done, story
from lovecampaign.store.tables.subscribers import (
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
    "IMPORT_COUNTS",
    "MICROSECOND",
    "PLANNED",
    "STORY_MAIL",
    "BigKey",
    "DeliveryState",
    "Instant",
    "LocalDay",
    "batch",
    "buyer",
    "campaign",
    "consent",
    "day_done",
    "deal_claim",
    "deal_code",
    "deal_extension",
    "deal_stock",
    "deal_waiting",
    "delivery",
    "desk_answer",
    "desk_case",
    "desk_exception",
    "desk_letter",
    "desk_step",
    "email",
    "ended_session",
    "event",
    "forgotten",
    "from_microseconds",
    "frozen_content",
    "gift_taken",
    "guess",
    "import_change",
    "import_log",
    "inbox_cursor",
    "incoming_attachment",
    "incoming_mail",
    "membership",
    "metadata",
    "named_today",
    "owner",
    "pace",
    "personal_note",
    "preference",
    "provider_hold",
    "setting",
    "story",
    "subscriber",
    "subscriber_tag",
    "suppression",
    "to_microseconds",
    "transactional",
]
