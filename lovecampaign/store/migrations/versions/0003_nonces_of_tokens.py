"""Nonces for the rows that tokens name; on SQLite their ids never come again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: Rows that exist keep NULL: their tokens were signed without a nonce.
TABLES = ("delivery", "transactional")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        nonce = sa.Column("nonce", sa.BigInteger(), nullable=True)
        if not is_sqlite:
            op.add_column(table, nonce)
            continue
        # AUTOINCREMENT can be given to a new table alone: the rows are copied.
        with op.batch_alter_table(
            table, recreate="always", table_kwargs={"sqlite_autoincrement": True}
        ) as new:
            new.add_column(nonce)
    if is_sqlite:
        _require_whole_references()


def _require_whole_references() -> None:
    """Foreign keys are not enforced meanwhile (sqlite.org/lang_altertable.html, section 7)."""
    dangling = op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise RuntimeError(f"the migration would leave a reference to a missing row: {dangling}")
