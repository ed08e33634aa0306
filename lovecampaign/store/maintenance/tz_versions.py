"""The newest tz database that any machine of this ledger has used.

Machines with different tz data compute different due times for one subscriber.
"""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.core.zones import TZ_DATABASE, UPGRADE_COMMAND
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.tables import setting

_NAME = "newest tz database"


def read_newest_tz(database: Database) -> str | None:
    """Its version, like ``2026f``; None before a first sender."""
    with database.read() as connection:
        version: str | None = connection.scalar(
            sa.select(setting.c.value).where(setting.c.name == _NAME)
        )
    return version


def warning_of_newer_tz(newest: str | None, version: str = TZ_DATABASE.version) -> str | None:
    """The warning where another machine has used newer tz data than this one's ``version``."""
    if newest is None or newest <= version:
        return None
    return (
        f"another machine has the time zones {newest}, and this one {version}: "
        "letters may leave an hour off"
    )


def record_tz(database: Database, version: str = TZ_DATABASE.version) -> str | None:
    """Record the version that this machine uses; returns what to say if another's is newer."""
    newest = read_newest_tz(database)
    if newest is None or newest < version:
        with database.write() as connection:
            row = insert_into(connection, setting).values(name=_NAME, value=version)
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=[setting.c.name],
                    set_={"value": version},
                    where=setting.c.value < version,
                )
            )
    warning = warning_of_newer_tz(newest, version)
    return warning and f"{warning}. Type: {UPGRADE_COMMAND}"
