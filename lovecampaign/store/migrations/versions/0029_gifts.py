"""Gifts taken, personal notes, whom ``today`` has named, and the choice of who joined by a form."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create(
        "gift_taken",
        "gift",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_gift_taken_campaign_id", "gift_taken", ["campaign_id"])
    _create(
        "personal_note",
        "day",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_personal_note_campaign_id_day", "personal_note", ["campaign_id", "day"])
    _create("named_today", "date", sa.Column("why", sa.Text(), nullable=False))
    op.create_index("ix_named_today_campaign_id_date", "named_today", ["campaign_id", "date"])
    op.execute(_CHOICES)


#: Joining by a form of a campaign, which its welcome proves, is a choice of the daily month.
_CHOICES = """
    INSERT INTO preference (campaign_id, subscriber_id, is_launch_only)
    SELECT email.campaign_id, delivery.subscriber_id, false
    FROM email JOIN delivery ON delivery.email_id = email.id
    WHERE email.key = 'welcome' AND NOT EXISTS (
        SELECT 1 FROM preference AS chosen
        WHERE chosen.campaign_id = email.campaign_id
        AND chosen.subscriber_id = delivery.subscriber_id
    )
"""


def _create(table: str, last_key: str, *columns: sa.Column[object]) -> None:
    """A table of facts about a subscriber in a campaign."""
    op.create_table(
        table,
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column(last_key, sa.Text(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("subscriber_id", "campaign_id", last_key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=f"fk_{table}_subscriber_id"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=f"fk_{table}_campaign_id"),
    )
