"""The language of subscribers in the log of imports, for an undo."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    for age in ("old", "new"):
        op.add_column("import_change", sa.Column(f"{age}_locale", sa.Text(), nullable=True))
