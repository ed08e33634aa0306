"""The host and heartbeat of senders, and the tz database of a batch's due time."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("owner", sa.Column("host", sa.Text()))
    op.add_column("owner", sa.Column("seen_at", sa.BigInteger()))
    op.add_column("batch", sa.Column("tz_version", sa.Text()))
