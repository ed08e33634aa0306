"""A deal with its insiders in a database: what a test of claims, waiting and codes needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lovecampaign.campaign.deals.deal_page import DealPageState, Visitor, find_page_state
from lovecampaign.campaign.deals.stock import Claim, Stock
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.checkout.claims import claim_unit, read_deal_visitor
from lovecampaign.store.checkout.codes import assign_code
from lovecampaign.store.checkout.redeem import Redemption, redeem_code
from lovecampaign.store.checkout.waitlist import add_to_waitlist, notify_waitlist
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.stock import RecordedDeal, read_stock
from lovecampaign.store.ledger.campaigns import record_campaign
from tests.support.stage import LONG_AGO, Stage

#: While the deal of the test month is open: noon of day 27 in Paris.
OPEN = datetime.fromisoformat("2027-02-27T12:00+01:00")
MINUTE = timedelta(minutes=1)


class DealRoom:
    """Insiders in front of one deal."""

    def __init__(
        self, settings: Settings, database: Database, *, insiders: int, **deal: Any
    ) -> None:
        deal = {"quantity": 2, "when_gone": "waitlist", **deal}
        self.stage = Stage(settings, database, days=1, settings_={"deals": {"insider": deal}})
        self.database = database
        self.ids = self.stage.add_readers(insiders, lists=("readers", "insiders"))
        record = record_campaign(database, self.stage.campaign)
        self.campaign_id = record.id
        self._email_id = record.email_ids["early-access"]
        self.delivery_ids: dict[int, int] = {}
        self.deliver(self.ids)

    @property
    def deal(self) -> Deal:
        deal = self.stage.campaign.insider_deal
        assert deal is not None
        return deal

    @property
    def found(self) -> RecordedDeal:
        return RecordedDeal(
            campaign=self.stage.campaign, campaign_id=self.campaign_id, deal=self.deal
        )

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        with self.database.write() as connection:
            yield connection

    def claim(self, subscriber_id: int, now: datetime = OPEN) -> Claim | None:
        with self.writing() as connection:
            return claim_unit(connection, self.found, subscriber_id, now)

    def wait(self, subscriber_id: int, now: datetime = OPEN) -> None:
        with self.writing() as connection:
            add_to_waitlist(
                connection, self.found, subscriber_id, self.delivery_ids[subscriber_id], now
            )

    def tell(self, now: datetime = OPEN) -> int:
        return notify_waitlist(self.database, self.found, now)

    def code(self, subscriber_id: int) -> str:
        with self.writing() as connection:
            code = assign_code(connection, self.found, subscriber_id)
        assert code is not None
        return code

    def redeem(self, subscriber_id: int, now: datetime = OPEN) -> Redemption:
        code = self.code(subscriber_id)
        with self.writing() as connection:
            return redeem_code(connection, code, at=now, by="test")

    def stock(self, now: datetime = OPEN) -> Stock:
        with self.database.read() as connection:
            return read_stock(connection, self.found, now)

    def visitor(self, subscriber_id: int, now: datetime = OPEN) -> Visitor:
        with self.database.read() as connection:
            return read_deal_visitor(connection, self.found, subscriber_id, now)

    def page_state(self, subscriber_id: int, now: datetime = OPEN) -> DealPageState:
        visitor = self.visitor(subscriber_id, now)
        return find_page_state(self.stage.campaign, self.deal, self.stock(now), visitor, now)

    def told(self) -> list[int]:
        """Subscribers with a queued mail about a free unit, in order."""
        queue = sa.select(tables.transactional.c.subscriber_id).order_by(tables.transactional.c.id)
        with self.database.read() as connection:
            return list(connection.scalars(queue))

    def deliver(self, ids: Sequence[int]) -> None:
        """All subscribers have an email with the deal's link."""
        rows = [
            {
                "campaign_id": self.campaign_id,
                "email_id": self._email_id,
                "subscriber_id": id_,
                "state": "sent",
                "due": LONG_AGO,
                "next_try_at": LONG_AGO,
            }
            for id_ in ids
        ]
        columns = (tables.delivery.c.subscriber_id, tables.delivery.c.id)
        with self.writing() as connection:
            connection.execute(sa.insert(tables.delivery), rows)
            for row in connection.execute(sa.select(*columns)):
                self.delivery_ids[row.subscriber_id] = row.id
