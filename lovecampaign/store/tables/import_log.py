"""Tables of the log of imports: what each one did, and the former values that an undo restores.

What an import adds carries its id in the column ``import_id`` of subscribers, tags, memberships and
consents. Without foreign keys: PostgreSQL takes longer to check one than to write the row.
"""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata
from lovecampaign.store.tables.subscribers import subscriber

#: The counts of an import, as its report names them.
IMPORT_COUNTS = (
    *("read", "new", "updated", "unchanged", "rejected", "protected", "suppressed"),
    "left_elsewhere",
)

import_log = sa.Table(
    "import_log",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    #: The name of the file, without its folder.
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in IMPORT_COUNTS),
    sa.Column("undone_at", Instant),
)

#: One row for each known subscriber that an import changed.
import_change = sa.Table(
    "import_change",
    metadata,
    sa.Column("import_id", BigKey, primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("old_first_name", sa.Text, nullable=False),
    sa.Column("old_last_name", sa.Text, nullable=False),
    sa.Column("old_timezone", sa.Text, nullable=False),
    sa.Column("new_first_name", sa.Text, nullable=False),
    sa.Column("new_last_name", sa.Text, nullable=False),
    sa.Column("new_timezone", sa.Text, nullable=False),
    #: NULL where the language was unknown.
    sa.Column("old_locale", sa.Text),
    sa.Column("new_locale", sa.Text),
    sa.Column("old_fields", sa.JSON, nullable=False),
    sa.Column("new_fields", sa.JSON, nullable=False),
    sa.Column("old_last_active_at", Instant),
    sa.Column("new_last_active_at", Instant),
    #: Of the membership of the list, as it was; NULL where there was none.
    sa.Column("old_confirmed_at", Instant),
    sa.Column("old_consent_expires_at", Instant),
    sa.Index(None, "subscriber_id"),
)
