"""The mailbox of each confirmation, to limit them for all spellings of an address together."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("transactional", sa.Column("mailbox", sa.Text(), nullable=True))
    op.create_index(
        "ix_transactional_mailbox",
        "transactional",
        ["mailbox", "created_at"],
        sqlite_where=sa.text("mailbox IS NOT NULL"),
        postgresql_where=sa.text("mailbox IS NOT NULL"),
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT transactional.id, subscriber.address_key FROM transactional"
            " JOIN subscriber ON subscriber.id = transactional.subscriber_id"
            " WHERE transactional.kind = 'confirm' AND transactional.state != 'skipped'"
            " AND subscriber.forgotten_at IS NULL"
        )
    ).all()
    if rows:
        connection.execute(
            sa.text("UPDATE transactional SET mailbox = :mailbox WHERE id = :number"),
            [{"number": number, "mailbox": _mailbox(key)} for number, key in rows],
        )


def _mailbox(key: str) -> str:
    """As ``lovecampaign.audience.mailbox.mailbox_key`` was then."""
    local, _, domain = key.rpartition("@")
    base = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        base, domain = base.replace(".", "") or base, "gmail.com"
    return f"{base}@{domain}"
