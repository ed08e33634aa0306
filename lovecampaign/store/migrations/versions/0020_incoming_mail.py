"""Incoming mail: letters, bounces, complaints and unsubscribes, each once."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incoming_mail",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=True),
        sa.Column("subscriber_id", BIG_KEY, nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_mail"),
        sa.UniqueConstraint("key", name="uq_incoming_mail_key"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_incoming_mail_delivery_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_incoming_mail_subscriber_id"
        ),
    )
    for column in ("address_key", "delivery_id", "subscriber_id"):
        op.create_index(f"ix_incoming_mail_{column}", "incoming_mail", [column])
