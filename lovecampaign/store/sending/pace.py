"""Token bucket of a campaign's pace: one row for each provider, shared by all processes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.tables import pace

#: Time that was not used stays usable for so long: a process that commits or renders meanwhile
#: catches up.
BURST_SECONDS = 0.1
_SECOND = 1_000_000


class DatabaseClock(FunctionElement[int]):
    """Microseconds since 1970 by the database's clock: those of machines differ."""

    name = "database_clock"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(DatabaseClock, "sqlite")
def _clock_on_sqlite(_element: DatabaseClock, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"


@compiles(DatabaseClock, "postgresql")
def _clock_on_postgresql(_element: DatabaseClock, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def take_permits(
    connection: Connection, provider: str, campaign_id: int, count: int, per_second: float
) -> float:
    """Take permits for the next ``count`` messages, one after another at the pace.

    Returns how many seconds from now the first may leave; negative: it could have left before.
    """
    cost = round(count / per_second * _SECOND)
    free_at, now = sa.type_coerce(pace.c.free_at, sa.BigInteger), DatabaseClock()
    unused_since = now - round(BURST_SECONDS * _SECOND)
    start = sa.case((free_at > unused_since, free_at), else_=unused_since)
    row = insert_into(connection, pace).values(
        provider=provider, campaign_id=campaign_id, free_at=now + cost
    )
    wait = connection.execute(
        row.on_conflict_do_update(
            index_elements=["provider", "campaign_id"], set_={"free_at": start + cost}
        ).returning(free_at - cost - now)
    ).scalar_one()
    return float(wait) / _SECOND
