"""``audience.active_within``: without activity for so long there is no letter of the month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.subscribers.preferences import Preferences, save_preferences
from tests.support.stage import DAY_1, Stage

RECENT, OLD = DAY_1 - timedelta(days=179), DAY_1 - timedelta(days=181)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=2, settings_={"audience": {"active_within": "180d"}})


def insert(table: sa.Table, **values: object) -> Callable[[Connection, int, int], object]:
    """Inserts a row about a subscriber in a campaign."""

    def act(connection: Connection, subscriber_id: int, campaign_id: int) -> object:
        row: dict[str, object] = {"subscriber_id": subscriber_id, **values}
        if "campaign_id" in table.c:
            row["campaign_id"] = campaign_id
        return connection.execute(sa.insert(table).values(row))

    return act


def buy(connection: Connection, subscriber_id: int, campaign_id: int) -> None:
    key = sa.select(tables.subscriber.c.address_key).where(tables.subscriber.c.id == subscriber_id)
    row = {"address_key": key.scalar_subquery(), "bought_at": RECENT, "campaign_id": campaign_id}
    connection.execute(sa.insert(tables.buyer).values(row))


def choose(connection: Connection, subscriber_id: int, campaign_id: int) -> None:
    save_preferences(connection, campaign_id, subscriber_id, Preferences())


def see(connection: Connection, subscriber_id: int, _campaign_id: int) -> None:
    seen = sa.update(tables.subscriber).where(tables.subscriber.c.id == subscriber_id)
    connection.execute(seen.values(last_active_at=RECENT))


_MAIL = {"address_key": "", "subject": "", "text": "", "detail": "", "recorded_at": RECENT}
_EVENT = {"recorded_at": RECENT, "payload": {}}
_CONSENT = {"list": "readers", "kind": "explicit", "recorded_at": RECENT}
SIGNS = {
    "seen": see,
    "consent": insert(tables.consent, given_at=RECENT, **_CONSENT),
    "click": insert(tables.event, key="c", kind="clicked", at=RECENT, **_EVENT),
    "open": insert(tables.event, key="o", kind="opened", at=RECENT, **_EVENT),
    "letter": insert(tables.incoming_mail, key="l", kind="letter", at=RECENT, **_MAIL),
    "task": insert(tables.day_done, day="day-01", at=RECENT, timezone="UTC"),
    "gift": insert(tables.gift_taken, gift="g", name="g", taken_at=RECENT),
    "purchase": buy,
    "choice": choose,
}
NO_SIGNS = {
    "nothing": lambda *_: None,
    "old consent": insert(tables.consent, given_at=OLD, **_CONSENT),
    "delivery": insert(tables.event, key="d", kind="delivered", at=RECENT, **_EVENT),
    "bounce": insert(tables.incoming_mail, key="b", kind="bounce_soft", at=RECENT, **_MAIL),
}


def test_a_sign_of_life_is_what_the_subscriber_did(stage: Stage) -> None:
    signs = {**SIGNS, **NO_SIGNS}
    ids = dict(zip(signs, stage.add_readers(len(signs)), strict=True))
    campaign_id = record_campaign(stage.database, stage.campaign).id
    with stage.database.write() as connection:
        for name, act in signs.items():
            act(connection, ids[name], campaign_id)

    planned = report_campaign(stage.database, stage.campaign, stage.clock.now())
    stage.send(DAY_1)
    stage.send(stage.campaign.launch.at)

    names = {f"reader{number}@readers.example": name for number, name in enumerate(signs, 1)}
    assert {names[address] for address in stage.addresses()} == SIGNS.keys()
    found = {email.key: {**email.skipped, "": email.recipients} for email in planned.emails}
    expected = {"not_active": len(NO_SIGNS), "": len(SIGNS)}
    assert [found[key] for key in ("day-01", "day-02", "launch")] == [expected] * 3


def test_a_sign_of_life_during_the_month_brings_the_next_letter(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    assert stage.send(DAY_1).sent == 0
    with stage.database.write() as connection:
        see(connection, reader, 0)

    assert stage.send(DAY_1 + timedelta(days=1)).sent == 1
