"""Which senders live, and what did the dead ones leave behind?"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.clock import Clock
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.flight_journal import FlightJournal, locked_if_dead, read_boot_id
from lovecampaign.store.tables import owner

#: First key of the advisory locks that senders hold on PostgreSQL; the second is the owner.
OWNER_LOCK = 0x6C6F76


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A sender that holds its lock: others leave its claims alone."""

    id: int
    journal: FlightJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOwner:
    """A sender that has not left in order: it lives, or left claims behind."""

    id: int
    provider: str
    journal: Path
    #: Whether the machine has been up since, so that the journal can be believed.
    is_of_this_boot: bool


@contextlib.contextmanager
def register_owner(
    database: Database, folder: Path, provider: str, clock: Clock
) -> Iterator[Owner]:
    """Register as a sender for as long as the block runs.

    ``folder`` gets the flight journal. If the block fails, the row and the journal stay, and
    whoever comes next recovers the claims.
    """
    journal = FlightJournal(folder / f"{uuid.uuid4().hex}.journal")
    register = _registered_on_sqlite if database.is_sqlite else _registered_on_postgres
    with (
        contextlib.closing(journal),
        register(database, journal.path, provider, clock.now()) as owner_id,
    ):
        yield Owner(id=owner_id, journal=journal)
        with database.write() as connection:
            close_owner(connection, owner_id, clock.now())
        journal.remove()


def list_open_owners(connection: Connection, me: int) -> Sequence[OpenOwner]:
    """Every other sender that has not left in order, dead or alive."""
    boot_id = read_boot_id()
    rows = connection.execute(
        sa.select(owner).where(owner.c.ended_at.is_(None), owner.c.id != me).order_by(owner.c.id)
    )
    return [
        OpenOwner(
            id=row.id,
            provider=row.provider,
            journal=Path(row.journal),
            is_of_this_boot=bool(boot_id) and row.boot_id == boot_id,
        )
        for row in rows
    ]


@contextlib.contextmanager
def lock_if_dead(database: Database, found: OpenOwner) -> Iterator[bool]:
    """Whether a sender is dead; while the block runs, nobody else recovers it.

    On PostgreSQL a sender of this machine must have let go of its journal too: its session's
    lock is also gone when only the server was restarted.
    """
    if database.is_sqlite:
        with locked_if_dead(found.journal) as is_dead:
            yield is_dead
        return
    with database.read() as connection:
        is_free = connection.scalar(
            sa.select(sa.func.pg_try_advisory_xact_lock(OWNER_LOCK, found.id))
        )
        if not is_free or not found.is_of_this_boot:
            yield bool(is_free)
            return
        with locked_if_dead(found.journal) as is_dead:
            yield is_dead


def close_owner(connection: Connection, owner_id: int, now: datetime) -> None:
    """Nothing is left to be recovered of this sender."""
    connection.execute(sa.update(owner).where(owner.c.id == owner_id).values(ended_at=now))


@contextlib.contextmanager
def _registered_on_sqlite(
    database: Database, journal: Path, provider: str, now: datetime
) -> Iterator[int]:
    """The journal's own lock tells that the sender lives; it was taken before."""
    with database.write() as connection:
        owner_id = _insert(connection, journal, provider, now)
    yield owner_id


@contextlib.contextmanager
def _registered_on_postgres(
    database: Database, journal: Path, provider: str, now: datetime
) -> Iterator[int]:
    """A session's lock on a connection of its own: it is gone when the process is.

    It is taken before the row can be seen, so that nobody takes a newborn for dead.
    """
    with database.own_connection() as connection:
        owner_id = _insert(connection, journal, provider, now)
        connection.execute(sa.select(sa.func.pg_advisory_lock(OWNER_LOCK, owner_id)))
        connection.commit()
        yield owner_id


def _insert(connection: Connection, journal: Path, provider: str, now: datetime) -> int:
    owner_id: int = connection.execute(
        sa.insert(owner)
        .values(
            boot_id=read_boot_id(),
            pid=os.getpid(),
            provider=provider,
            journal=str(journal.resolve()),
            started_at=now,
        )
        .returning(owner.c.id)
    ).scalar_one()
    return owner_id
