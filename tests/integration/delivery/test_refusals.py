"""Whose fault a refusal is, in the sending loop and for transactional mail, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import FaultKind, Message
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.support.stage import DAY_1, Stage

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database)


def test_a_domain_without_a_server_rests_and_its_day_of_giving_up_is_one_soft_bounce(
    stage: Stage,
) -> None:
    stage.add_readers(12)
    _move_to_domain(stage, 3, 12, "gone.example")
    asked: list[str] = []

    def answer(message: Message) -> Verdict:
        asked.append(message.to.email)
        is_gone = message.to.email.endswith("@gone.example")
        return transient("550 5.1.2 no host", FaultKind.DESTINATION) if is_gone else accepted()

    stage.provider = MemoryProvider(answer)
    first = stage.send(DAY_1)
    assert (first.sent, first.failed, first.retry_later) == (2, 0, 10)
    assert [address for address in asked if "gone" in address] == ["reader3@gone.example"]
    assert stage.send(DAY_1 + 14 * MINUTE).due == 10
    assert len(asked) == 3
    for hour in range(1, 9):
        stage.send(DAY_1 + hour * 70 * MINUTE)
    assert stage.reasons("day-01") == {"gave_up": 1}
    assert _count(stage, tables.event) == 1


def _move_to_domain(stage: Stage, first: int, last: int, domain: str) -> None:
    with stage.database.write() as connection:
        for number in range(first, last + 1):
            address = f"reader{number}@{domain}"
            connection.execute(
                sa.update(tables.subscriber)
                .where(tables.subscriber.c.address_key == f"reader{number}@readers.example")
                .values(address_key=address, email=address)
            )


def _count(stage: Stage, table: sa.Table) -> int:
    with stage.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
