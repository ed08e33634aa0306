"""Fencing: whether a sender may still act on its claims, or another one has taken over."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import batch, owner


def raise_epoch(connection: Connection, batch_id: int) -> int:
    """Take a batch over: from now on claims and writes under an older epoch are refused."""
    epoch: int = connection.execute(
        sa.update(batch)
        .where(batch.c.id == batch_id)
        .values(epoch=batch.c.epoch + 1)
        .returning(batch.c.epoch)
    ).scalar_one()
    return epoch


def is_fenced(connection: Connection, owner_id: int, batch_id: int | None, epoch: int) -> bool:
    """Whether this sender was recovered as dead, or its batch has a newer epoch."""
    is_open = sa.exists().where(owner.c.id == owner_id, owner.c.ended_at.is_(None))
    if batch_id is None:
        return not connection.scalar(sa.select(is_open))
    is_mine = sa.exists().where(batch.c.id == batch_id, batch.c.epoch == epoch)
    return not connection.scalar(sa.select(sa.and_(is_open, is_mine)))
