"""Writes the reference model's subscribers into the real tables, and reads rows out of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store import tables
from lovecampaign.store.ledger.campaigns import record_campaign
from tests.oracle.readers import Reader
from tests.support.stage import LONG_AGO, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What a row says about one email and one reader."""

    state: str
    reason: str | None
    due: datetime
    local_day: date | None
    at: datetime | None


class People:
    """Readers of the reference model as rows of the real tables."""

    def __init__(self, stage: Stage) -> None:
        self._database = stage.database
        self._campaign_id = record_campaign(stage.database, stage.campaign).id
        self.ids: dict[str, int] = {}

    def write(self, *readers: Reader) -> None:
        """Make the tables say what the readers are now."""
        with self._database.write() as connection:
            for reader in readers:
                self._write_one(connection, reader)

    def _write_one(self, connection: Connection, reader: Reader) -> None:
        if reader.address not in self.ids:
            self.ids[reader.address] = _insert_subscriber(connection, reader)
        self._forget(connection, reader)
        self._describe(connection, reader)

    def _forget(self, connection: Connection, reader: Reader) -> None:
        for table in (
            *(tables.subscriber_tag, tables.membership, tables.preference, tables.desk_case),
            tables.day_done,
        ):
            mine = table.c.subscriber_id == self.ids[reader.address]
            connection.execute(sa.delete(table).where(mine))
        for table in (tables.suppression, tables.buyer):
            connection.execute(sa.delete(table).where(table.c.address_key == reader.address))

    def _describe(self, connection: Connection, reader: Reader) -> None:
        id_, address, campaign_id = self.ids[reader.address], reader.address, self._campaign_id
        mine = tables.subscriber.c.id == id_
        connection.execute(sa.update(tables.subscriber).where(mine).values(timezone=reader.zone))
        _insert(connection, tables.subscriber_tag, [_tag(id_, tag) for tag in reader.tags])
        _insert(connection, tables.membership, _memberships(id_, reader))
        _insert(
            connection, tables.suppression, [_suppression(address, name) for name in reader.left]
        )
        preference: dict[str, object] = {
            "campaign_id": campaign_id,
            "subscriber_id": id_,
            "is_launch_only": reader.is_launch_only,
            "paused_until": reader.paused_until,
        }
        _insert(connection, tables.preference, [preference])
        buyer: dict[str, object] = {
            "campaign_id": campaign_id,
            "address_key": address,
            "bought_at": reader.bought_at,
        }
        _insert(connection, tables.buyer, [buyer] if reader.bought_at else [])
        case: dict[str, object] = {
            "subscriber_id": id_,
            "about": "a question",
            "owner": "Ana",
            "opened_at": LONG_AGO,
        }
        _insert(connection, tables.desk_case, [case] if reader.waits else [])

        done: list[dict[str, object]] = [
            {
                "campaign_id": campaign_id,
                "subscriber_id": id_,
                "day": f"day-{number:02d}",
                "at": LONG_AGO,
                "timezone": reader.zone,
            }
            for number in range(1, reader.done + 1)
        ]
        _insert(connection, tables.day_done, done)

    def ledger(self) -> dict[tuple[str, str], LedgerRow]:
        """Every row by address and email key."""
        delivery = tables.delivery
        statement = (
            sa.select(delivery, tables.email.c.key, tables.subscriber.c.email)
            .join(tables.email, tables.email.c.id == delivery.c.email_id)
            .join(tables.subscriber, tables.subscriber.c.id == delivery.c.subscriber_id)
        )
        with self._database.read() as connection:
            rows: sa.Result[Any] = connection.execute(statement)
            return {(row.email, row.key): _ledger_row(row) for row in rows}


def _insert_subscriber(connection: Connection, reader: Reader) -> int:
    values = {
        "address_key": reader.address,
        "email": reader.address,
        "timezone": reader.zone,
        "fields": {},
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    statement = sa.insert(tables.subscriber).values(values).returning(tables.subscriber.c.id)
    return int(connection.execute(statement).scalar_one())


def _insert(connection: Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _tag(id_: int, tag: str) -> dict[str, object]:
    return {"subscriber_id": id_, "tag": tag}


def _memberships(id_: int, reader: Reader) -> list[dict[str, object]]:
    return [
        {
            "list": name,
            "subscriber_id": id_,
            "joined_at": place.joined_at,
            "confirmed_at": place.joined_at if place.is_confirmed else None,
            "consent_expires_at": place.consent_until,
        }
        for name, place in reader.places.items()
    ]


def _suppression(address: str, name: str) -> dict[str, object]:
    return {"address_key": address, "list": name, "reason": "unsubscribed", "at": LONG_AGO}


def _ledger_row(row: Any) -> LedgerRow:
    return LedgerRow(
        state=row.state,
        reason=row.reason,
        due=row.due,
        local_day=row.local_day,
        at=row.claimed_at if row.state == "sent" else None,
    )
