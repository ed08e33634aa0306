"""The pace of a campaign through a provider, and the workers that share it with their machines."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
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
