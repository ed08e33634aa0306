"""Tables of the reply desk: letters with an owner, answers, cases with their steps, exceptions."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata, partial_index
from lovecampaign.store.tables.campaigns import campaign
from lovecampaign.store.tables.incoming import incoming_mail
from lovecampaign.store.tables.subscribers import subscriber

#: One row for each letter; it waits until ``done_at``.
desk_letter = sa.Table(
    "desk_letter",
    metadata,
    sa.Column("mail_id", BigKey, sa.ForeignKey(incoming_mail.c.id), primary_key=True),
    #: The subscriber who waits; NULL for a writer whose address is no subscriber's.
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id)),
    #: Of the email that it answers; NULL: of none.
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id)),
    #: The person of the team who answers; '' for none yet.
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("taken_at", Instant),
    #: When its answer was accepted by the provider, or the letter was closed without one.
    sa.Column("done_at", Instant),
    #: Why it was closed without an answer; '' for one that was answered.
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    #: Whole, for the foreign key of each deleted subscriber on PostgreSQL.
    sa.Index(None, "subscriber_id"),
)
_is_waiting = desk_letter.c.done_at.is_(None)
partial_index(
    "ix_desk_letter_waiting",
    desk_letter.c.subscriber_id,
    where=_is_waiting,
)

#: A complaint or request that is led through five steps.
desk_case = sa.Table(
    "desk_case",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id)),
    #: The letter that it began with; NULL: opened by hand.
    sa.Column("mail_id", BigKey, sa.ForeignKey(incoming_mail.c.id)),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    #: When its follow-through message was accepted by the provider.
    sa.Column("closed_at", Instant),
    #: When its subscriber last said that it is not solved.
    sa.Column("reopened_at", Instant),
    sa.Index(None, "mail_id"),
    sa.Index(None, "subscriber_id"),
)
_is_open = desk_case.c.closed_at.is_(None)
partial_index(
    "ix_desk_case_open",
    desk_case.c.subscriber_id,
    where=_is_open,
)

#: The five steps of each case (``CaseStep``).
desk_step = sa.Table(
    "desk_step",
    metadata,
    sa.Column("case_id", BigKey, sa.ForeignKey(desk_case.c.id), primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
)

#: What was written to people. Its row in ``transactional`` is deleted after a month; this stays.
desk_answer = sa.Table(
    "desk_answer",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: Without a foreign key, since that row is deleted earlier.
    sa.Column("transactional_id", BigKey, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("mail_id", BigKey, sa.ForeignKey(incoming_mail.c.id)),
    #: Set for a case's follow-through message.
    sa.Column("case_id", BigKey, sa.ForeignKey(desk_case.c.id)),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    #: A hash of its words: the same ones are not sent to another person.
    sa.Column("words_hash", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    #: When the provider accepted it.
    sa.Column("sent_at", Instant),
    sa.Index(None, "words_hash"),
    sa.Index(None, "mail_id"),
    sa.Index(None, "subscriber_id"),
    sa.Index(None, "transactional_id"),
)
_is_unsent = desk_answer.c.sent_at.is_(None)
partial_index(
    "ix_desk_answer_unsent",
    desk_answer.c.id,
    where=_is_unsent,
)

#: Append-only: exceptions to a rule of the house that the advocate made for a person.
desk_exception = sa.Table(
    "desk_exception",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("case_id", BigKey, sa.ForeignKey(desk_case.c.id), nullable=False),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id)),
    #: The rule, as the house says it.
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    #: The amount as a decimal number; '0' without one.
    sa.Column("cost", sa.Text, nullable=False, server_default="0"),
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    #: The colleague who made it.
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "case_id"),
)
