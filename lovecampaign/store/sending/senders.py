"""The registry of senders, with locks that show which of them are alive."""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.clock import Clock
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.session_probe import require_sessions
from lovecampaign.store.sending.flight_journal import FlightJournal, locked_if_dead, read_boot_id
from lovecampaign.store.tables import owner

#: For so long after its last heartbeat, a worker's claims are left to its own machine.
ITS_MACHINE_FIRST = timedelta(minutes=2)
#: First key of the advisory locks that senders hold on PostgreSQL; the second is the owner.
OWNER_LOCK = 0x6C6F76
#: The server sees after 25 s that a machine is gone, and frees the lock of its sender.
_NOTICE_DEAD_CLIENTS = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    " SET idle_in_transaction_session_timeout = 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A running sender: while it holds its lock, its claims are not recovered."""

    id: int
    journal: FlightJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOwner:
    """A sender without an orderly end: it is running, or it died and may have open claims."""

    id: int
    provider: str
    journal: Path
    #: Whether the machine has not restarted since, so that the journal is complete.
    is_of_this_boot: bool
    #: Its last heartbeat, of a worker.
    seen_at: datetime | None = None

    def is_left_to_its_machine(self, now: datetime) -> bool:
        """Whether its own machine may soon read the journal, which nothing else can.

        A supervisor starts a worker again within seconds; then no claim is in doubt.
        """
        is_readable = self.is_of_this_boot and self.journal.exists()
        is_recent = self.seen_at is not None and now - self.seen_at < ITS_MACHINE_FIRST
        return is_recent and not is_readable


@contextlib.contextmanager
def register_owner(
    database: Database, folder: Path, provider: str, clock: Clock
) -> Iterator[Owner]:
    """Register as a sender for as long as the block runs.

    ``folder`` gets the flight journal. If the block fails, the row and the journal stay, and
    the next process recovers the claims.
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
    """All other senders without an orderly end, dead or alive."""
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
            seen_at=row.seen_at,
        )
        for row in rows
    ]


@contextlib.contextmanager
def lock_if_dead(database: Database, other: OpenOwner) -> Iterator[bool]:
    """Whether a sender is dead; while the block runs, no other process recovers it.

    On PostgreSQL a sender of this machine must have released its journal too: the lock of its
    session is also gone when only the server was restarted.
    """
    if database.is_sqlite:
        with locked_if_dead(other.journal) as is_dead:
            yield is_dead
        return
    with database.read() as connection:
        is_free = connection.scalar(
            sa.select(sa.func.pg_try_advisory_xact_lock(OWNER_LOCK, other.id))
        )
        if not is_free or not other.is_of_this_boot:
            yield bool(is_free)
            return
        with locked_if_dead(other.journal) as is_dead:
            yield is_dead


def close_owner(connection: Connection, owner_id: int, now: datetime) -> None:
    """Mark a sender as ended: it has no open claims."""
    connection.execute(sa.update(owner).where(owner.c.id == owner_id).values(ended_at=now))


def touch_owners(database: Database, ids: Sequence[int], now: datetime) -> None:
    """The heartbeat of a worker, by the machine's clock, whatever ``--now`` is."""
    with database.write() as connection:
        connection.execute(sa.update(owner).where(owner.c.id.in_(ids)).values(seen_at=now))


@contextlib.contextmanager
def _registered_on_sqlite(
    database: Database, journal: Path, provider: str, now: datetime
) -> Iterator[int]:
    """The lock on the journal shows that the sender is alive; it is already taken."""
    with database.write() as connection:
        owner_id = _insert(connection, journal, provider, now)
    yield owner_id


@contextlib.contextmanager
def _registered_on_postgres(
    database: Database, journal: Path, provider: str, now: datetime
) -> Iterator[int]:
    """An advisory lock on a connection of its own: it ends with the process.

    It is taken before the row is committed, so that a new sender never looks dead.
    """
    require_sessions(database)
    with database.own_connection() as connection:
        connection.exec_driver_sql(_NOTICE_DEAD_CLIENTS)
        owner_id = _insert(connection, journal, provider, now)
        connection.execute(sa.select(sa.func.pg_advisory_lock(OWNER_LOCK, owner_id)))
        connection.commit()
        try:
            yield owner_id
        finally:
            # The server notices a closed connection later; the next recovery need not wait.
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # a lost one has no lock any more
                unlock = sa.func.pg_advisory_unlock(OWNER_LOCK, owner_id)
                connection.execute(sa.select(unlock))


def _insert(connection: Connection, journal: Path, provider: str, now: datetime) -> int:
    owner_id: int = connection.execute(
        sa.insert(owner)
        .values(
            boot_id=read_boot_id(),
            pid=os.getpid(),
            provider=provider,
            journal=str(journal.resolve()),
            started_at=now,
            host=socket.gethostname(),
        )
        .returning(owner.c.id)
    ).scalar_one()
    return owner_id
