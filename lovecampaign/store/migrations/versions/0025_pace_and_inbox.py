"""The pace of a campaign; what an answer to a letter needs, attachments, and read mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("message_id", "references", "from_name", "reply_to", "to_address", "html")


def upgrade() -> None:
    _share_pace()
    for name in _TEXTS:
        op.add_column(
            "incoming_mail", sa.Column(name, sa.Text(), nullable=False, server_default="")
        )
    op.create_index("ix_incoming_mail_message_id", "incoming_mail", ["message_id"])
    op.create_table(
        "incoming_attachment",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("mail_id", BIG_KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_attachment"),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["incoming_mail.id"], name="fk_incoming_attachment_mail_id"
        ),
    )
    op.create_index("ix_incoming_attachment_mail_id", "incoming_attachment", ["mail_id"])
    op.create_table(
        "inbox_cursor",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("mailbox", name="pk_inbox_cursor"),
    )


def _share_pace() -> None:
    """The pace through a provider, and the workers that share it with their machines."""
    op.create_table(
        "pace",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "campaign_id", name="pk_pace"),
    )
    with op.batch_alter_table("campaign") as campaign:
        campaign.drop_column("pace_free_at")
    # Workers: the host and heartbeat of senders, and the tz database of a batch's due time.
    op.add_column("owner", sa.Column("host", sa.Text()))
    op.add_column("owner", sa.Column("seen_at", sa.BigInteger()))
    op.add_column("batch", sa.Column("tz_version", sa.Text()))
