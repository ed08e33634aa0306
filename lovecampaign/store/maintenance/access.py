"""Ended sessions and wrong guesses, known to every process that shares the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.types import EPOCH
from lovecampaign.store.database.upsert import insert_into, insert_or_ignore
from lovecampaign.store.tables import ended_session, guess


def end_session(database: Database, session_id: str, now: datetime, max_age: timedelta) -> None:
    """Record that a session was logged out; those that have expired by now are deleted."""
    with database.write() as connection:
        connection.execute(sa.delete(ended_session).where(ended_session.c.ended_at < now - max_age))
        connection.execute(
            insert_or_ignore(connection, ended_session).values(id=session_id, ended_at=now)
        )


def is_session_ended(database: Database, session_id: str) -> bool:
    query = sa.select(sa.exists().where(ended_session.c.id == session_id))
    with database.read() as connection:
        return bool(connection.scalar(query))


def count_guesses(
    database: Database, kind: str, who: Sequence[str], now: datetime, window: timedelta
) -> Mapping[str, float]:
    """Wrong guesses during the last ``window``, for each of ``who``: a sliding window counter.

    The share of the previous window that still counts is estimated as if its guesses had been
    spread evenly.
    """
    current = _begin_of(now, window)
    share_of_previous = 1 - (now - current) / window
    query = sa.select(guess.c.who, guess.c.began_at, guess.c.count).where(
        guess.c.kind == kind, guess.c.who.in_(who), guess.c.began_at >= current - window
    )
    counts = dict.fromkeys(who, 0.0)
    with database.read() as connection:
        for name, began_at, count in connection.execute(query):
            counts[name] += count if began_at >= current else count * share_of_previous
    return counts


def record_guess(
    database: Database, kind: str, who: Sequence[str], now: datetime, window: timedelta
) -> Mapping[str, int]:
    """Count a wrong guess for each of ``who``; returns their counts in the current window."""
    current = _begin_of(now, window)
    with database.write() as connection:
        connection.execute(sa.delete(guess).where(guess.c.began_at < current - window))
        insert = insert_into(connection, guess).values(
            [{"kind": kind, "who": one, "began_at": current, "count": 1} for one in sorted(who)]
        )
        upsert = insert.on_conflict_do_update(
            index_elements=["kind", "who", "began_at"], set_={"count": guess.c.count + 1}
        )
        rows = connection.execute(upsert.returning(guess.c.who, guess.c.count)).all()
        return {row[0]: row[1] for row in rows}


def _begin_of(now: datetime, window: timedelta) -> datetime:
    return EPOCH + (now - EPOCH) // window * window
