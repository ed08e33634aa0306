"""The final state of each subscriber of a stage's campaign."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.ledger.campaigns import CampaignRecord, find_campaign, resume
from tests.support.stage import Stage

#: State and reason.
End = tuple[str, str | None]

PLANNED: End = ("planned", None)
SENT: End = ("sent", None)
DOUBT: End = ("in_doubt", None)


def address_of(number: int) -> str:
    """Of the reader that :meth:`Stage.add_readers` made as this one, counted from 1."""
    return f"reader{number}@readers.example"


def ends(stage: Stage) -> Mapping[str, End]:
    """By address, whatever the email."""
    subscriber, delivery = tables.subscriber, tables.delivery
    with stage.database.read() as connection:
        rows = connection.execute(
            sa.select(subscriber.c.email, delivery.c.state, delivery.c.reason).join(
                delivery, delivery.c.subscriber_id == subscriber.c.id
            )
        ).all()
    return {row.email: (row.state, row.reason) for row in rows}


def suppressed(stage: Stage) -> set[str]:
    """Addresses that get nothing any more."""
    with stage.database.read() as connection:
        return set(connection.scalars(sa.select(tables.suppression.c.address_key)))


def is_paused(stage: Stage) -> bool:
    return record_of(stage).is_paused


def go_on(stage: Stage) -> None:
    """What ``lovecampaign resume`` does."""
    with stage.database.write() as connection:
        assert resume(connection, record_of(stage).id)


def record_of(stage: Stage) -> CampaignRecord:
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    return record
