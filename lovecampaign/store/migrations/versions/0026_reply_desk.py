"""The reply desk: letters with an owner, answers, cases with their steps, exceptions."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "desk_letter",
        sa.Column("mail_id", BIG_KEY, nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=True),
        sa.Column("campaign_id", BIG_KEY, nullable=True),
        sa.Column("owner", sa.Text(), nullable=False, server_default=""),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("mail_id", name="pk_desk_letter"),
        _reference("desk_letter", "mail_id", "incoming_mail"),
        _reference("desk_letter", "subscriber_id", "subscriber"),
        _reference("desk_letter", "campaign_id", "campaign"),
    )
    _partial_index("ix_desk_letter_waiting", "desk_letter", "subscriber_id", "done_at IS NULL")
    op.create_table(
        "desk_case",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=True),
        sa.Column("mail_id", BIG_KEY, nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reopened_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_desk_case"),
        _reference("desk_case", "subscriber_id", "subscriber"),
        _reference("desk_case", "campaign_id", "campaign"),
        _reference("desk_case", "mail_id", "incoming_mail"),
    )
    _partial_index("ix_desk_case_open", "desk_case", "subscriber_id", "closed_at IS NULL")
    op.create_table(
        "desk_step",
        sa.Column("case_id", BIG_KEY, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("case_id", "step", name="pk_desk_step"),
        _reference("desk_step", "case_id", "desk_case"),
    )
    op.create_table(
        "desk_answer",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("transactional_id", BIG_KEY, nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("mail_id", BIG_KEY, nullable=True),
        sa.Column("case_id", BIG_KEY, nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_desk_answer"),
        _reference("desk_answer", "subscriber_id", "subscriber"),
        _reference("desk_answer", "mail_id", "incoming_mail"),
        _reference("desk_answer", "case_id", "desk_case"),
    )
    _partial_index("ix_desk_answer_unsent", "desk_answer", "id", "sent_at IS NULL")
    op.create_table(
        "desk_exception",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("case_id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=False, server_default="0"),
        sa.Column("currency", sa.Text(), nullable=False, server_default=""),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_exception"),
        _reference("desk_exception", "case_id", "desk_case"),
        _reference("desk_exception", "campaign_id", "campaign"),
    )
    for table, columns in {
        "desk_letter": ("subscriber_id",),
        "desk_case": ("mail_id", "subscriber_id"),
        "desk_answer": ("words_hash", "mail_id", "subscriber_id", "transactional_id"),
        "desk_exception": ("case_id",),
    }.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
    _open_known_letters()


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _partial_index(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def _open_known_letters() -> None:
    """Letters that came before the desk wait for an answer, too; erased ones have no words."""
    op.execute(
        """
        INSERT INTO desk_letter (mail_id, subscriber_id, campaign_id)
        SELECT m.id, COALESCE(m.subscriber_id, s.id), d.campaign_id
        FROM incoming_mail AS m
        LEFT JOIN subscriber AS s ON s.address_key = m.address_key
        LEFT JOIN delivery AS d ON d.id = m.delivery_id
        WHERE m.kind = 'letter' AND m.address_key <> ''
        """
    )
