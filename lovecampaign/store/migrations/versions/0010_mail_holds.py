"""Holds of a provider at our sending limit, and pauses for rejections that are about us."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "provider_hold",
        sa.Column("provider", sa.Text(), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.add_column(
        "campaign", sa.Column("pause_holds_mail", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("campaign", sa.Column("put_back_at", sa.BigInteger(), nullable=True))
