"""Tables of subscribers: memberships, consents, suppressions and erasure."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata, partial_index

#: Values of this database: the key of the hashes of forgotten addresses, SMTP servers to which
#: nothing is sent ahead.
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
    #: The address by casefold and IDNA; ``forgotten:ID`` after erasure.
    sa.Column("address_key", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False, server_default=""),
    sa.Column("last_name", sa.Text, nullable=False, server_default=""),
    #: IANA name; '' where unknown.
    sa.Column("timezone", sa.Text, nullable=False, server_default=""),
    #: A language tag, ``fr``; NULL where unknown.
    sa.Column("locale", sa.Text),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("last_active_at", Instant),
    sa.Column("forgotten_at", Instant),
    #: The import that added the row; NULL for a form, or by hand. So in the next three tables.
    sa.Column("import_id", BigKey),
    sa.Index(None, "timezone"),
)

subscriber_tag = sa.Table(
    "subscriber_tag",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Column("import_id", BigKey),
)

#: Members of lists. Rows stay after an unsubscribe: the suppression records it.
membership = sa.Table(
    "membership",
    metadata,
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("joined_at", Instant, nullable=False),
    #: NULL until it is confirmed (double opt-in).
    sa.Column("confirmed_at", Instant),
    #: When the newest consent for this list expires (CASL's implied consent); NULL: never.
    sa.Column("consent_expires_at", Instant),
    sa.Column("import_id", BigKey),
    sa.Index(None, "subscriber_id"),
)
partial_index(
    "ix_membership_unconfirmed",
    membership.c.joined_at,
    where=membership.c.confirmed_at.is_(None),
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
    #: Client of the confirmation, which need not be that of the form.
    sa.Column("confirmed_ip", sa.Text, nullable=False, server_default=""),
    sa.Column("confirmed_user_agent", sa.Text, nullable=False, server_default=""),
    sa.Column("expires_at", Instant),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("import_id", BigKey),
    sa.Index(None, "subscriber_id"),
)

#: Addresses that get no more mail; keyed by address, since some never were subscribers.
suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("address_key", sa.Text, nullable=False),
    #: The suppressed list; '' is every list.
    sa.Column("list", sa.Text, nullable=False, server_default=""),
    #: The key of the one campaign that it holds for, after soft bounces; '' is all.
    sa.Column("only_campaign", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("at", Instant, nullable=False),
    #: Set when the subscriber returned by themselves (undo, a new confirmation).
    sa.Column("lifted_at", Instant),
    #: The mailbox of the address (``+tags`` and dots), where only the operator lifts it.
    sa.Column("mailbox", sa.Text),
)
partial_index(
    "uq_suppression_active",
    suppression.c.address_key,
    suppression.c.list,
    suppression.c.only_campaign,
    suppression.c.reason,
    unique=True,
    where=suppression.c.lifted_at.is_(None),
)

partial_index(
    "ix_suppression_mailbox",
    suppression.c.mailbox,
    where=suppression.c.mailbox.is_not(None),
)

#: HMACs of forgotten addresses, so that an import cannot bring them back.
forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
