"""The preferences of a subscriber are found by index: for erasure, and for the foreign key."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_preference_subscriber_id", "preference", ["subscriber_id"])
