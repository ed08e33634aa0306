"""Tables of incoming mail."""

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
    #: As the mail has it: ``<1@mail.example>``.
    sa.Column("message_id", sa.Text, nullable=False, server_default=""),
    #: The mails that it answers, oldest first: References, else In-Reply-To.
    sa.Column("references", sa.Text, nullable=False, server_default=""),
    sa.Column("from_name", sa.Text, nullable=False, server_default=""),
    #: Where an answer goes: Reply-To, else From.
    sa.Column("reply_to", sa.Text, nullable=False, server_default=""),
    #: Our address that it was written to.
    sa.Column("to_address", sa.Text, nullable=False, server_default=""),
    #: A letter's HTML as it came, cut at a limit: a stranger's markup.
    sa.Column("html", sa.Text, nullable=False, server_default=""),
    sa.Index(None, "address_key"),
    sa.Index(None, "delivery_id"),
    sa.Index(None, "subscriber_id"),
    sa.Index(None, "message_id"),
)

#: Files that came with a letter. They are a stranger's: kept, and never opened.
incoming_attachment = sa.Table(
    "incoming_attachment",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("mail_id", BigKey, sa.ForeignKey(incoming_mail.c.id), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    #: ``image/jpeg``, as the mail says.
    sa.Column("type", sa.Text, nullable=False),
    #: Bytes.
    sa.Column("size", sa.BigInteger, nullable=False),
    #: NULL: larger than the limit, or erased.
    sa.Column("content", sa.LargeBinary),
    sa.Index(None, "mail_id"),
)

#: How far a mailbox was read. It moves after the mail was taken in.
inbox_cursor = sa.Table(
    "inbox_cursor",
    metadata,
    #: Its name without the password.
    sa.Column("mailbox", sa.Text, primary_key=True),
    #: UIDVALIDITY (RFC 3501, section 2.3.1.1); 0 of a Maildir.
    sa.Column("validity", sa.BigInteger, nullable=False),
    #: The last UID that was taken in; of a Maildir, the last change's time in nanoseconds.
    sa.Column("position", sa.BigInteger, nullable=False),
    #: When a read last reached the end; NULL: never yet.
    sa.Column("read_at", Instant),
)
