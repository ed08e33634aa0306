"""Table of incoming mail."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata
from lovecampaign.store.tables.ledger import delivery
from lovecampaign.store.tables.subscribers import subscriber

#: Mail that came back. A forgotten subscriber's rows stay, without words and addresses.
incoming_mail = sa.Table(
    "incoming_mail",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: A hash: the same mail by two ways is one.
    sa.Column("key", sa.Text, nullable=False, unique=True),
    #: ``MailKind``.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    #: Of the recipient that a report speaks of, else of the writer; '' where there is none.
    sa.Column("address_key", sa.Text, nullable=False),
    #: That it answers or reports on; of a letter from another address, a guess.
    sa.Column("delivery_id", BigKey, sa.ForeignKey(delivery.c.id)),
    #: NULL: unmatched.
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id)),
    sa.Column("subject", sa.Text, nullable=False),
    #: A letter's own words.
    sa.Column("text", sa.Text, nullable=False),
    #: The server's words, without addresses.
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index(None, "address_key"),
    sa.Index(None, "delivery_id"),
    sa.Index(None, "subscriber_id"),
)
