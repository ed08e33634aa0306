"""A workspace with one email and many subscribers, for benchmarks with a ledger."""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.letter import COPY, TAGS, TEMPLATE, address_of, personal_data
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.dispatch import BatchDispatcher
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.testing.campaigns import write_campaign

#: 09:00 in Paris on day 1.
DAY_1 = datetime(2027, 2, 1, 8, tzinfo=UTC)
LONG_AGO = datetime(2027, 1, 10, 12, tzinfo=UTC)
SECRET = "a secret of the benchmark"  # noqa: S105 - signs links of no use
_AT_ONCE = 20_000


def make_workspace(folder: Path, **choices: Any) -> Path:
    """A campaign that sends the email on day 1; without a throttle, unless ``choices`` name one."""
    folder.mkdir(parents=True, exist_ok=True)
    pace = choices.pop("max_per_second", "unlimited")
    settings = {"sending": {"max_per_second": pace}, "audience": {"without_tags": ["staff"]}}
    return write_campaign(
        folder,
        days=2,
        start=date(2027, 2, 1),
        files={"days/01-day-1.md": COPY},
        templates={"letter": TEMPLATE},
        settings=settings,
        **choices,
    )


def settings_of(folder: Path, database_url: str = "sqlite:///lovecampaign.db") -> Settings:
    return Settings(
        workspace=folder,
        database_url=database_url,
        secret_keys=(SECRET,),
        public_url="https://bloom.example",
        media_url="https://bloom.example/i",
    )


def load(folder: Path) -> Campaign:
    """The campaign of a workspace that :func:`make_workspace` wrote."""
    loaded = load_campaign(folder / "campaigns" / "test-month", folder)
    if loaded.campaign is None:
        raise ValueError(f"the benchmark's campaign cannot be read: {loaded.problems}")
    return loaded.campaign


def add_subscribers(database: Database, count: int, first: int = 1) -> None:
    """Confirmed members, all different; of 1,000 one has unsubscribed and one is staff."""
    numbers = iter(range(first, first + count))
    while page := list(itertools.islice(numbers, _AT_ONCE)):
        with database.write() as connection:
            _add_page(connection, page)
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")


def _add_page(connection: sa.Connection, numbers: list[int]) -> None:
    at = to_microseconds(LONG_AGO)
    people = [_subscriber(each, at) for each in numbers]
    _insert(connection, tables.subscriber, _PERSON, people)
    members = [("readers", each, at, at) for each in numbers]
    _insert(connection, tables.membership, _MEMBER, members)
    tags = [(each, tag) for each in numbers for tag in _tags(each)]
    _insert(connection, tables.subscriber_tag, ("subscriber_id", "tag"), tags)
    gone = [(address_of(each), "unsubscribed", at) for each in numbers if each % 1000 == 0]
    _insert(connection, tables.suppression, ("address_key", "reason", "at"), gone)


_PERSON = (
    *("id", "address_key", "email", "first_name", "last_name", "timezone", "fields"),
    *("created_at", "updated_at"),
)
_MEMBER = ("list", "subscriber_id", "joined_at", "confirmed_at")


def _insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    place = "?" if connection.dialect.name == "sqlite" else "%s"
    places = ", ".join([place] * len(columns))
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - ours
    if rows:
        connection.exec_driver_sql(sql, rows)


def _subscriber(number: int, at: int) -> tuple[object, ...]:
    data, address = personal_data(number), address_of(number)
    names = (data["first_name"], data["last_name"], "Europe/Paris", json.dumps(data["fields"]))
    return (number, address, address, *names, at, at)


def _tags(number: int) -> tuple[str, ...]:
    return (*TAGS[: number % 3], *(("staff",) if number % 1000 == 1 else ()))


def fill_ledger(workspace: Path, rows: int) -> None:
    """Deliveries of day 1 on SQLite; of their subscribers, only the first 10,000 are there."""
    with opened(settings_of(workspace)) as database:
        campaign = load(workspace)
        record = record_campaign(database, campaign)
        add_subscribers(database, min(rows, 10_000))
    email = record.email_ids[campaign.scheduled_emails[0].key]
    at = to_microseconds(DAY_1)
    # By the driver, which does not check that the subscribers are there.
    with contextlib.closing(sqlite3.connect(workspace / "lovecampaign.db")) as connection:
        connection.execute(_DELIVERIES, {"rows": rows, "of": record.id, "email": email, "at": at})
        connection.commit()
        connection.execute("ANALYZE")


_DELIVERIES = """
WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < :rows)
INSERT INTO delivery (campaign_id, email_id, subscriber_id, batch_id, state, due, next_try_at,
    attempts, local_day, owner_id, first_claimed_at, claimed_at, settled_at, provider_message_id,
    nonce)
SELECT :of, :email, i, 1, 'sent', :at, :at, 1, '2027-02-01', 1, :at, :at, :at, 'm', i FROM k
"""


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    with contextlib.closing(open_database(settings)) as database:
        yield database


@contextlib.contextmanager
def postgres_databases(count: int) -> Iterator[list[str]]:
    """URLs of empty databases on a temporary server; raises ImportError if none can be started."""
    from tests.support.postgres import PostgresServer

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(PostgresServer.started())
        yield [stack.enter_context(server.database()) for _ in range(count)]


def send_day_1(
    settings: Settings,
    database: Database,
    provider: Provider,
    dispatcher: BatchDispatcher | None = None,
) -> SendReport:
    """One pass of ``send`` on the morning of day 1, with ledger and flight journal."""
    campaign = load(settings.workspace)
    settings = replace(settings, provider_url=provider.name)
    with open_sender(settings, database, provider, FixedClock(DAY_1)) as sender:
        options = PassOptions(dispatcher=dispatcher)
        return send_due(sender, campaign, options, lambda _email: ())
