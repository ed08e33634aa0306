"""The language of subscribers in the log of imports, and preferences found by subscriber."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    for age in ("old", "new"):
        op.add_column("import_change", sa.Column(f"{age}_locale", sa.Text(), nullable=True))
    op.create_index("ix_preference_subscriber_id", "preference", ["subscriber_id"])
