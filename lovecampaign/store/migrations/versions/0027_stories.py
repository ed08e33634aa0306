"""Stories: subscribers' answers, with their permissions; and small tasks that are done."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "story",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_name", sa.Text(), nullable=False),
        sa.Column("in_letter", sa.Boolean(), nullable=False),
        sa.Column("on_wall", sa.Boolean(), nullable=False),
        sa.Column("in_social", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("told_by", BIG_KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
        sa.UniqueConstraint(
            "campaign_id", "subscriber_id", "day", name="uq_story_campaign_id_subscriber_id_day"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_story_campaign_id"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_story_subscriber_id"
        ),
        sa.ForeignKeyConstraint(["told_by"], ["transactional.id"], name="fk_story_told_by"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_story_subscriber_id", "story", ["subscriber_id"])
    op.create_table(
        "day_done",
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "campaign_id", "day", name="pk_day_done"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_day_done_campaign_id"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_day_done_subscriber_id"
        ),
    )
    op.create_index("ix_day_done_campaign_id", "day_done", ["campaign_id"])
