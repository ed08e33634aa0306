"""PostgreSQL finds the deliveries of a subscriber by index, for the foreign key of deleted ones."""

from alembic import op

revision = "0009"
down_revision = "0006"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.drop_index("uq_delivery_one_a_day", "delivery")
    op.create_index(
        "uq_delivery_one_a_day",
        "delivery",
        ["subscriber_id", "campaign_id", "local_day"],
        unique=True,
    )
