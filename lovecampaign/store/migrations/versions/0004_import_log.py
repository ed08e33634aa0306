"""A log of imports, and the marks and former values that an undo needs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS = (
    *("read", "new", "updated", "unchanged", "rejected", "protected", "suppressed"),
    "left_elsewhere",
)
_TEXTS = ("first_name", "last_name", "timezone")


def upgrade() -> None:
    op.create_table(
        "import_log",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in _COUNTS),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_import_log"),
    )
    op.create_table(
        "import_change",
        sa.Column("import_id", BIG_KEY, nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        *(
            sa.Column(f"{age}_{name}", sa.Text(), nullable=False)
            for age in ("old", "new")
            for name in _TEXTS
        ),
        sa.Column("old_fields", sa.JSON(), nullable=False),
        sa.Column("new_fields", sa.JSON(), nullable=False),
        sa.Column("old_last_active_at", sa.BigInteger(), nullable=True),
        sa.Column("new_last_active_at", sa.BigInteger(), nullable=True),
        sa.Column("old_confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("old_consent_expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "subscriber_id", name="pk_import_change"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_import_change_subscriber_id"
        ),
    )
    op.create_index("ix_import_change_subscriber_id", "import_change", ["subscriber_id"])
    for table in ("subscriber", "subscriber_tag", "membership", "consent"):
        op.add_column(table, sa.Column("import_id", BIG_KEY, nullable=True))
    _note_mailboxes()


def _note_mailboxes() -> None:
    op.add_column("suppression", sa.Column("mailbox", sa.Text(), nullable=True))
    op.create_index(
        "ix_suppression_mailbox",
        "suppression",
        ["mailbox"],
        sqlite_where=sa.text("mailbox IS NOT NULL"),
        postgresql_where=sa.text("mailbox IS NOT NULL"),
    )
    connection = op.get_bind()
    reasons = "('complaint', 'manual')"
    rows = connection.execute(
        sa.text(f"SELECT id, address_key FROM suppression WHERE reason IN {reasons}")  # noqa: S608
    ).all()
    if rows:
        connection.execute(
            sa.text("UPDATE suppression SET mailbox = :mailbox WHERE id = :number"),
            [{"number": number, "mailbox": _mailbox(key)} for number, key in rows],
        )


def _mailbox(key: str) -> str:
    """As ``lovecampaign.audience.mailbox.mailbox_key`` was then."""
    local, _, domain = key.rpartition("@")
    base = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        base, domain = base.replace(".", "") or base, "gmail.com"
    return f"{base}@{domain}"
