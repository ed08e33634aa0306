"""Planning scans windows and fills batches: no subscriber at a border is lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.batches import BATCH_SIZE, BatchSizes
from lovecampaign.store.planning.planner import PlanOptions, PlanResult, plan_due
from tests.support.stage import DAY_1, LONG_AGO, Stage

#: (batch, window): the one within the other, equal, the other way round, as small as can be.
PORTIONS = [(3, 6), (3, 7), (4, 4), (5, 2), (1, 1), (1, 3), (3, 1), (12, 12), (100, 5), (5, 100)]
#: Without gaps; a gap wherever a window or a batch of three may end; far apart; one alone.
IDS = {
    "dense": range(1, 13),
    "gaps at borders": [1, 2, 5, 6, 8, 9, 10, 14, 15, 16, 17, 21],
    "far apart": [7, 1_000, 1_001, 2_000_000, 2_000_001, 2**31 - 2, 2**31, 2**40],
    "alone": [6],
}


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=1)


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS.keys())
def test_everybody_gets_one_row_wherever_windows_and_batches_end(
    stage: Stage, ids: Sequence[int]
) -> None:
    add_people(stage, ids)
    for batch, window in PORTIONS:
        assert plan(stage, batch, window).planned == len(ids)
        assert planned_ids(stage) == sorted(ids)
        assert set(batch_sizes(stage)[:-1]) <= {batch}
        assert 0 < batch_sizes(stage)[-1] <= batch
        assert plan(stage, batch, window).planned == 0, "planning again changes nothing"
        forget_rows(stage)


@pytest.mark.parametrize("seed", range(4))
def test_people_whom_nobody_addresses_stand_at_any_border(stage: Stage, seed: int) -> None:
    """Windows full of others, others between the last of a batch and the first of the next."""
    chance = random.Random(seed)
    ids = sorted(chance.sample(range(1, 400), 90))
    members = [id_ for id_ in ids if chance.random() < chance.choice([0.1, 0.5, 0.9])]
    add_people(stage, sorted(set(ids) - set(members)), on="others")
    add_people(stage, members)
    for batch, window in PORTIONS:
        plan(stage, batch, window)
        assert planned_ids(stage) == members
        forget_rows(stage)


@pytest.mark.parametrize(("batch", "window"), PORTIONS)
def test_zones_with_and_without_the_same_instant_share_no_batch(
    stage: Stage, batch: int, window: int
) -> None:
    zones = ("Europe/Paris", "Asia/Tokyo", "Europe/Berlin")
    for number, zone in enumerate(zones):
        add_people(stage, range(1 + number, 31, len(zones)), zone=zone)
    eight_hours_before = DAY_1 - timedelta(hours=8)
    assert plan(stage, batch, window, eight_hours_before).planned == 10, "Tokyo"
    assert plan(stage, batch, window).planned == 20, "Paris and Berlin"
    assert planned_ids(stage) == list(range(1, 31))
    assert len(batch_sizes(stage)) == -(-10 // batch) + -(-20 // batch)


def test_who_has_a_row_already_takes_no_place_in_a_batch(stage: Stage) -> None:
    add_people(stage, range(2, 13, 2))
    assert plan(stage, 3, 4).planned == 6
    add_people(stage, range(1, 14, 2))
    assert plan(stage, 3, 4).planned == 7
    assert planned_ids(stage) == list(range(1, 14))
    assert batch_sizes(stage) == [3, 3, 3, 3, 1]


def test_a_batch_of_ten_thousand_ends_and_the_next_begins_with_the_next_person(
    stage: Stage,
) -> None:
    """The sizes that everybody gets: a window of 20,000 counts people, not ids."""
    total = 2 * BATCH_SIZE + 1
    gaps = {1, BATCH_SIZE, BATCH_SIZE + 1, 2 * BATCH_SIZE, 2 * BATCH_SIZE + 1}
    ids = [id_ for id_ in range(1, total + len(gaps) + 1) if id_ not in gaps]
    others = [ids[0], ids[BATCH_SIZE // 2]]
    add_people(stage, others, on="others")
    members = [id_ for id_ in ids if id_ not in others]
    add_people(stage, members)
    assert plan(stage).planned == total - len(others)
    assert planned_ids(stage) == members
    assert batch_sizes(stage) == [BATCH_SIZE, BATCH_SIZE - 1]
    assert plan(stage).planned == 0
    add_people(stage, range(3 * BATCH_SIZE, 3 * BATCH_SIZE + 2))
    assert plan(stage).planned == 2, "behind the last window"


def test_sizes_are_these_unless_a_test_asks_for_others() -> None:
    assert (BatchSizes().batch, BatchSizes().window) == (10_000, 20_000)


def add_people(
    stage: Stage, ids: Iterable[int], *, on: str = "readers", zone: str = "Europe/Paris"
) -> None:
    """Confirmed members of a list, with these ids."""
    people = [
        {
            "id": id_,
            "address_key": f"reader{id_}@readers.example",
            "email": f"reader{id_}@readers.example",
            "timezone": zone,
            "fields": {},
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        for id_ in ids
    ]
    places = [
        {
            "list": on,
            "subscriber_id": each["id"],
            "joined_at": LONG_AGO,
            "confirmed_at": LONG_AGO,
        }
        for each in people
    ]
    with stage.database.write() as connection:
        connection.execute(sa.insert(tables.subscriber), people)
        connection.execute(sa.insert(tables.membership), places)


def plan(
    stage: Stage,
    batch: int = BATCH_SIZE,
    window: int = 2 * BATCH_SIZE,
    now: datetime = DAY_1,
) -> PlanResult:
    record = record_campaign(stage.database, stage.campaign)
    options = PlanOptions(sizes=BatchSizes(batch=batch, window=window))
    emails = stage.campaign.day_emails
    return plan_due(stage.database, stage.campaign, record, emails, now, options)


def planned_ids(stage: Stage) -> list[int]:
    """Whose rows there are: somebody with two would stand here twice."""
    ids = sa.select(tables.delivery.c.subscriber_id).order_by(tables.delivery.c.subscriber_id)
    with stage.database.read() as connection:
        return list(connection.scalars(ids))


def batch_sizes(stage: Stage) -> list[int]:
    """How many rows each batch has, an empty one too, in the order in which they were made."""
    batch, delivery = tables.batch, tables.delivery
    sizes = (
        sa.select(sa.func.count(delivery.c.id))
        .select_from(batch.outerjoin(delivery, delivery.c.batch_id == batch.c.id))
        .group_by(batch.c.id)
        .order_by(batch.c.id)
    )
    with stage.database.read() as connection:
        return list(connection.scalars(sizes))


def forget_rows(stage: Stage) -> None:
    with stage.database.write() as connection:
        connection.execute(sa.delete(tables.delivery))
        connection.execute(sa.delete(tables.batch))
