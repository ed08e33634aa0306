"""Tables of the ledger: senders, batches, deliveries, transactional mail and events."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from lovecampaign.store.database.types import (
    BigKey,
    Instant,
    LocalDay,
    Nonce,
    metadata,
    partial_index,
)
from lovecampaign.store.tables.campaigns import campaign, email
from lovecampaign.store.tables.subscribers import subscriber


class DeliveryState(StrEnum):
    """The state of a delivery (ARCHITECTURE.md, "The ledger")."""

    PLANNED = "planned"  #: due, not claimed; also between two tries
    CLAIMED = "claimed"  #: a sender holds it: it may be on the wire
    SENT = "sent"  #: the provider accepted it
    FAILED = "failed"  #: it will not be tried again
    IN_DOUBT = "in_doubt"  #: it may have been sent: only the operator or an event settles it
    SKIPPED = "skipped"  #: not for this subscriber, for the stored reason
    CANCELLED = "cancelled"  #: by the operator


#: A process that claims; its lock shows whether it is alive.
owner = sa.Table(
    "owner",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: Changes with every boot of the machine: a journal of another boot is not trusted.
    sa.Column("boot_id", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("journal", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    #: When it ended normally, or was recovered.
    sa.Column("ended_at", Instant),
    #: Of the machine or container; NULL before migration 0023.
    sa.Column("host", sa.Text),
    #: The last heartbeat of a worker; NULL for other senders.
    sa.Column("seen_at", Instant),
)

#: A provider at our own sending limit: no process sends through it until then.
provider_hold = sa.Table(
    "provider_hold",
    metadata,
    #: ``Provider.name``.
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("until", Instant, nullable=False),
    #: The server's words, without addresses.
    sa.Column("reason", sa.Text, nullable=False),
)

#: The token bucket of a campaign's pace through a provider, for all processes and machines.
pace = sa.Table(
    "pace",
    metadata,
    #: ``Provider.name``.
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("campaign_id", BigKey, primary_key=True, autoincrement=False),
    #: By the database's clock: from here on no message has a permit yet.
    sa.Column("free_at", Instant, nullable=False),
)

#: Up to 10,000 deliveries of one email with one due instant; the unit that an engine takes.
batch = sa.Table(
    "batch",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("email_id", BigKey, sa.ForeignKey(email.c.id), nullable=False),
    sa.Column("due", Instant, nullable=False),
    #: Raised each time the batch is taken: a claim with an older epoch finds nothing (fencing
    #: token).
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Instant, nullable=False),
    #: The tz database that its due time was computed with; NULL before migration 0023.
    sa.Column("tz_version", sa.Text),
    sa.Index(None, "email_id"),
)

#: Only the subscriber has a foreign key, as subscribers may be deleted by hand. All other ids come
#: from rows that the same transaction has just read: checking those four as well took PostgreSQL
#: longer than finding and writing the rows (11 of 25 µs each).
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, nullable=False),
    sa.Column("email_id", BigKey, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    #: NULL for rows that were skipped before they were planned.
    sa.Column("batch_id", BigKey),
    sa.Column("state", sa.Text, nullable=False),
    #: Why it was skipped (SkipReason) or failed (``gave_up``, a fault).
    sa.Column("reason", sa.Text),
    #: The provider's words, or ours, without addresses.
    sa.Column("detail", sa.Text),
    sa.Column("due", Instant, nullable=False),
    #: From here on it is late; NULL: never.
    sa.Column("expires_at", Instant),
    #: When it may be claimed: ``due``, or later after a transient outcome.
    sa.Column("next_try_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    #: The subscriber's local date at the claim, for emails that go out once a day.
    sa.Column("local_day", LocalDay),
    sa.Column("owner_id", BigKey),
    #: The Date header, on every try.
    sa.Column("first_claimed_at", Instant),
    sa.Column("claimed_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("provider_message_id", sa.Text),
    #: In its tokens beside the id (:mod:`lovecampaign.core.tokens`); NULL before migration 0003.
    sa.Column("nonce", sa.BigInteger, default=Nonce()),
    sa.UniqueConstraint("email_id", "subscriber_id"),
    sqlite_autoincrement=True,  # ids of deleted rows never come again
)
#: For conditions. Not a bind parameter: SQLite could not use the index of planned rows then, and
#: would scan all rows.
PLANNED: sa.ColumnElement[str] = sa.literal_column(f"'{DeliveryState.PLANNED.value}'")
#: The index that ensures one email a day, as database errors name it.
ONE_A_DAY = "uq_delivery_one_a_day"
_has_local_day = delivery.c.local_day.is_not(None)
_is_planned = delivery.c.state == DeliveryState.PLANNED.value
_is_claimed = delivery.c.state == DeliveryState.CLAIMED.value
_is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value
sa.Index(
    ONE_A_DAY,
    delivery.c.subscriber_id,
    delivery.c.campaign_id,
    delivery.c.local_day,
    unique=True,
    # Whole on PostgreSQL, where foreign keys are looked up in it for each deleted subscriber; two
    # rows without a day never conflict there either. SQLite names a partial index in its errors.
    sqlite_where=_has_local_day,
)
partial_index(
    "ix_delivery_planned",
    delivery.c.batch_id,
    delivery.c.id,
    where=_is_planned,
)
partial_index(
    "ix_delivery_claimed",
    delivery.c.owner_id,
    where=_is_claimed,
)
partial_index(
    "ix_delivery_in_doubt",
    delivery.c.email_id,
    where=_is_in_doubt,
)

#: Transactional mail: confirmations, links by mail, personal replies.
transactional = sa.Table(
    "transactional",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id)),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("next_try_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("owner_id", BigKey, sa.ForeignKey(owner.c.id)),
    sa.Column("claimed_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("provider_message_id", sa.Text),
    #: When its link was used: it works once.
    sa.Column("used_at", Instant),
    #: As of a delivery.
    sa.Column("nonce", sa.BigInteger, default=Nonce()),
    #: The mailbox of the address (``+tags`` and dots) that is asked to confirm a sign-up, for
    #: the limit of such messages; NULL for other messages and after erasure.
    sa.Column("mailbox", sa.Text),
    sa.Index(None, "state", "next_try_at"),
    sa.Index(None, "subscriber_id", "created_at"),
    sqlite_autoincrement=True,
)
partial_index(
    "ix_transactional_mailbox",
    transactional.c.mailbox,
    transactional.c.created_at,
    where=transactional.c.mailbox.is_not(None),
)

#: Later facts about deliveries, from providers and subscribers. Never deleted.
event = sa.Table(
    "event",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: The provider's own id of the event, unique; ours start with ``lc:``.
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("delivery_id", BigKey, sa.ForeignKey(delivery.c.id)),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id)),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index(None, "delivery_id"),
    sa.Index(None, "subscriber_id"),
)
