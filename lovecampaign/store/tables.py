"""Which tables are there, and what does each row say?

Instants are stored as whole microseconds since 1970 in UTC: the same comparison and the same
arithmetic on SQLite and PostgreSQL. Closed sets are stored as the enum's text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

#: SQLite numbers rows by itself only in a column declared INTEGER.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class DeliveryState(StrEnum):
    """Where a delivery stands (DESIGN.md, "The ledger")."""

    PLANNED = "planned"  #: due, not claimed; also between two tries
    CLAIMED = "claimed"  #: a sender holds it: it may be on the wire
    SENT = "sent"  #: the provider accepted it
    FAILED = "failed"  #: it will not be tried again
    IN_DOUBT = "in_doubt"  #: it may have been sent: only a person or an event settles it
    SKIPPED = "skipped"  #: not for this person, for the reason beside it
    CANCELLED = "cancelled"  #: by the operator


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Day(TypeDecorator[date]):
    """A local date as text ``2027-02-01``."""

    impl = sa.String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


def to_microseconds(instant: datetime) -> int:
    """Raises TypeError for a datetime without an offset."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    return EPOCH + value * MICROSECOND


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# ---------------------------------------------------------------------------- people

#: Small facts of this database: the key under which forgotten addresses are hashed.
setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

subscriber = sa.Table(
    "subscriber",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: The address by casefold and IDNA; ``forgotten:ID`` once the person was forgotten.
    sa.Column("address_key", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False, server_default=""),
    sa.Column("last_name", sa.Text, nullable=False, server_default=""),
    #: IANA name; '' where nobody knows.
    sa.Column("timezone", sa.Text, nullable=False, server_default=""),
    sa.Column("locale", sa.Text),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("last_active_at", Instant),
    sa.Column("forgotten_at", Instant),
    sa.Index(None, "timezone"),
)

subscriber_tag = sa.Table(
    "subscriber_tag",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
)

#: Who stands on which list. Rows stay when people leave: a suppression says that they left.
membership = sa.Table(
    "membership",
    metadata,
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("joined_at", Instant, nullable=False),
    #: NULL until the person confirmed (double opt-in).
    sa.Column("confirmed_at", Instant),
    #: When the newest consent for this list runs out (CASL's implied consent); NULL: never.
    sa.Column("consent_expires_at", Instant),
    sa.Index(None, "subscriber_id"),
)

#: Append-only: what was agreed to, when, where and how.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("given_at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("text_version", sa.Text, nullable=False, server_default=""),
    sa.Column("text", sa.Text, nullable=False, server_default=""),
    sa.Column("form_url", sa.Text, nullable=False, server_default=""),
    sa.Column("ip", sa.Text, nullable=False, server_default=""),
    sa.Column("user_agent", sa.Text, nullable=False, server_default=""),
    sa.Column("locale", sa.Text, nullable=False, server_default=""),
    sa.Column("confirmed_at", Instant),
    sa.Column("expires_at", Instant),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Index(None, "subscriber_id"),
)

#: Addresses that get no more mail; keyed by address, since some never were subscribers.
suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("address_key", sa.Text, nullable=False),
    #: The list that was left; '' is every list.
    sa.Column("list", sa.Text, nullable=False, server_default=""),
    #: The one campaign (its text id) that it holds for, where soft bounces rest; '' is all.
    sa.Column("only_campaign", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("at", Instant, nullable=False),
    #: Set when the person came back by themselves (undo, confirming again).
    sa.Column("lifted_at", Instant),
)
sa.Index(
    "uq_suppression_active",
    suppression.c.address_key,
    suppression.c.list,
    suppression.c.only_campaign,
    suppression.c.reason,
    unique=True,
    sqlite_where=suppression.c.lifted_at.is_(None),
    postgresql_where=suppression.c.lifted_at.is_(None),
)

#: HMACs of forgotten addresses, so that an import cannot bring them back.
forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)

# ---------------------------------------------------------------------------- campaigns

campaign = sa.Table(
    "campaign",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: ``id`` in campaign.yaml.
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("start", Day, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    #: When the first delivery was claimed: who joined before is a founder.
    sa.Column("first_claim_at", Instant),
    sa.Column("paused_at", Instant),
    sa.Column("pause_reason", sa.Text),
    #: Refusals of us by policy since the last resume.
    sa.Column("policy_refusals", sa.Integer, nullable=False, server_default="0"),
    #: Failures in a row that were not about the recipient.
    sa.Column("failures_in_a_row", sa.Integer, nullable=False, server_default="0"),
    #: By the machine's own clock: the first instant that no claim has reserved yet.
    sa.Column("pace_free_at", Instant),
)

#: One templated message of a campaign, once the ledger has met it.
email = sa.Table(
    "email",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("cancelled_at", Instant),
    #: When planning last went through everybody.
    sa.Column("planned_at", Instant),
    #: What the brake watches, counted as it happens: counting rows would grow with the audience.
    sa.Column("accepted", sa.Integer, nullable=False, server_default="0"),
    sa.Column("hard_bounces", sa.Integer, nullable=False, server_default="0"),
    sa.Column("complaints", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unsubscribes", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("campaign_id", "key"),
)

#: What an email said when its first copy was claimed for real; the newest row counts.
frozen_content = sa.Table(
    "frozen_content",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("email_id", BigKey, sa.ForeignKey(email.c.id), nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("frozen_at", Instant, nullable=False),
    #: Who meant the edit (``--accept-edit``); '' for the first.
    sa.Column("accepted_by", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("email_id", "fingerprint"),
)

#: What a reader asked of one campaign.
preference = sa.Table(
    "preference",
    metadata,
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("is_launch_only", sa.Boolean, nullable=False),
    sa.Column("paused_until", Instant),
)

#: Who has bought; keyed by address, since buyers may not be subscribers.
buyer = sa.Table(
    "buyer",
    metadata,
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("address_key", sa.Text, primary_key=True),
    sa.Column("bought_at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("code", sa.Text),
)

#: Codes of deals: minted, or from the author's pool (then without a subscriber until taken).
deal_code = sa.Table(
    "deal_code",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id)),
    sa.UniqueConstraint("campaign_id", "deal", "code"),
    sa.UniqueConstraint("campaign_id", "deal", "subscriber_id"),
)

# ---------------------------------------------------------------------------- the ledger

#: A process that claims; its lock tells whether it still lives.
owner = sa.Table(
    "owner",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: Changes with every start of the machine: a journal of another boot is not believed.
    sa.Column("boot_id", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("journal", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    #: When it left in order, or was recovered.
    sa.Column("ended_at", Instant),
)

#: Up to 10,000 deliveries of one email with one due instant; the unit an engine hands out.
batch = sa.Table(
    "batch",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("email_id", BigKey, sa.ForeignKey(email.c.id), nullable=False),
    sa.Column("due", Instant, nullable=False),
    #: Raised when the batch is handed out anew: a claim with an older epoch finds nothing.
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "email_id"),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("email_id", BigKey, sa.ForeignKey(email.c.id), nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    #: NULL for rows that were skipped before they were planned.
    sa.Column("batch_id", BigKey, sa.ForeignKey(batch.c.id)),
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
    #: The reader's local date at the claim, for emails of which there is one a day.
    sa.Column("local_day", Day),
    sa.Column("owner_id", BigKey, sa.ForeignKey(owner.c.id)),
    #: The Date header, on every try.
    sa.Column("first_claimed_at", Instant),
    sa.Column("claimed_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("provider_message_id", sa.Text),
    sa.UniqueConstraint("email_id", "subscriber_id"),
)
_has_local_day = delivery.c.local_day.is_not(None)
_is_planned = delivery.c.state == DeliveryState.PLANNED.value
_is_claimed = delivery.c.state == DeliveryState.CLAIMED.value
_is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value
sa.Index(
    "uq_delivery_one_a_day",
    delivery.c.subscriber_id,
    delivery.c.campaign_id,
    delivery.c.local_day,
    unique=True,
    sqlite_where=_has_local_day,
    postgresql_where=_has_local_day,
)
sa.Index(
    "ix_delivery_planned",
    delivery.c.batch_id,
    delivery.c.id,
    sqlite_where=_is_planned,
    postgresql_where=_is_planned,
)
sa.Index(
    "ix_delivery_claimed",
    delivery.c.owner_id,
    sqlite_where=_is_claimed,
    postgresql_where=_is_claimed,
)
sa.Index(
    "ix_delivery_in_doubt",
    delivery.c.email_id,
    sqlite_where=_is_in_doubt,
    postgresql_where=_is_in_doubt,
)

#: Mail that somebody asked for: confirmations, links by mail, personal replies.
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
    sa.Index(None, "state", "next_try_at"),
)

#: Later facts about deliveries, as providers and people report them. Never deleted.
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
