"""What is written of messages that the provider took?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.settle import Acceptance, Settlement, settle
from lovecampaign.store.tables import DeliveryState, delivery
from tests.support.stage import DAY_1, Stage

ODD_ID = '<a"b\\c/é>'


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    """Three deliveries that were claimed for the second time."""
    found = Stage(settings, database, days=1)
    found.add_readers(3)
    record = record_campaign(database, found.campaign)
    plan_due(database, found.campaign, record, list(found.campaign.scheduled_emails), DAY_1)
    claimed = {
        "state": DeliveryState.CLAIMED.value,
        "attempts": 2,
        "local_day": DAY_1.date(),
        "reason": "as before",
        "detail": "full",
    }
    with database.write() as connection:
        connection.execute(sa.update(delivery).values(**claimed))
    return found


def ids_of(stage: Stage) -> list[int]:
    with stage.database.read() as connection:
        return list(connection.scalars(sa.select(delivery.c.id).order_by(delivery.c.id)))


def note(
    stage: Stage, accepted: Sequence[Acceptance], others: Sequence[Settlement] = ()
) -> list[tuple[Any, ...]]:
    """Settle; returns the state and the message's id of each delivery."""
    with stage.database.write() as connection:
        settle(connection, others, stage.campaign.id, DAY_1, accepted)
    columns = (delivery.c.state, delivery.c.provider_message_id)
    with stage.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by("id"))]


@pytest.mark.parametrize(
    "message_ids",
    [["a1", None, ODD_ID], ["a1", "a1", "a1"], [None, None, None]],
    ids=["each its own", "one for all", "none"],
)
def test_each_message_keeps_the_id_that_its_provider_gave_it(
    stage: Stage, message_ids: Sequence[str | None]
) -> None:
    accepted = list(zip(ids_of(stage), message_ids, strict=True))
    expected = [("sent", one) for one in message_ids]
    assert note(stage, accepted) == expected
    assert note(stage, accepted) == expected, "a transaction may be tried again"


@pytest.mark.parametrize("message_ids", [["a1", "a2", "a3"], ["a1"] * 3], ids=["own", "alike"])
def test_what_others_settled_stays(stage: Stage, message_ids: Sequence[str]) -> None:
    first, *_ = ids_of(stage)
    with stage.database.write() as connection:
        failed = sa.update(delivery).where(delivery.c.id == first).values(state="failed")
        connection.execute(failed)
    found = note(stage, list(zip(ids_of(stage), message_ids, strict=True)))
    assert found == [("failed", None), *(("sent", one) for one in message_ids[1:])]


def test_what_is_not_named_stays_claimed(stage: Stage) -> None:
    _, second, _ = ids_of(stage)
    expected = [("claimed", None), ("sent", "a2"), ("claimed", None)]
    assert note(stage, [(second, "a2")]) == expected


def test_a_yes_is_the_same_alone_and_among_many(stage: Stage) -> None:
    """As recovery settles it, one by one, and as a chunk does."""
    first, second, third = ids_of(stage)
    alone = Settlement(
        delivery_id=first,
        subscriber_id=1,
        state=DeliveryState.SENT,
        provider_message_id="a1",
    )
    note(stage, [(second, "a1"), (third, "a2")], [alone])
    columns = ("state", "reason", "detail", "attempts", "local_day", "settled_at", "next_try_at")
    with stage.database.read() as connection:
        rows = connection.execute(sa.select(*(delivery.c[name] for name in columns))).all()
    assert len(set(rows)) == 1
    assert rows[0][:4] == ("sent", None, None, 2)
    assert rows[0].local_day is not None, "the day stays taken"
    assert rows[0].settled_at == DAY_1


def test_rows_are_settled_by_their_id_however_few_are_claimed(stage: Stage) -> None:
    """The index of claimed rows keeps an entry of each that was ever claimed, until a vacuum."""
    with stage.database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans: list[str] = []

        def explain(
            _connection: object, cursor: Any, statement: str, parameters: Any, *_more: object
        ) -> None:
            explained = "EXPLAIN QUERY PLAN" if stage.database.is_sqlite else "EXPLAIN"
            if not statement.startswith("UPDATE delivery"):
                return
            cursor.execute(f"{explained} {statement}", parameters)
            plans.append(str(cursor.fetchall()))

        sa.event.listen(connection, "before_cursor_execute", explain)
        settle(connection, (), stage.campaign.id, DAY_1, [(each, f"m{each}") for each in (1, 2, 3)])
        settle(connection, (), stage.campaign.id, DAY_1, [(1, None)])
    assert len(plans) == 2
    assert not [each for each in plans if "ix_delivery_claimed" in each], plans
