"""Where does a benchmark of the ledger send? A workspace with one letter and many readers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.letter import COPY, TEMPLATE
from lovecampaign.campaign.load import load_campaign
from lovecampaign.campaign.model import Campaign
from lovecampaign.clock import FixedClock
from lovecampaign.delivery.send import SendChoices, SendReport, send_due
from lovecampaign.delivery.session import open_sender
from lovecampaign.providers.base import Provider
from lovecampaign.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database import Database
from lovecampaign.store.schema_version import open_database
from lovecampaign.testing.campaigns import write_campaign

#: 09:00 in Paris on day 1.
DAY_1 = datetime(2027, 2, 1, 8, tzinfo=UTC)
LONG_AGO = datetime(2027, 1, 10, 12, tzinfo=UTC)
SECRET = "a secret of the benchmark"  # noqa: S105 - signs links that nobody follows
TAGS = ("tools", "seeds", "soil")
_AT_ONCE = 20_000


def make_workspace(folder: Path, **choices: Any) -> Path:
    """The letter of day 1 in a workspace, as fast as the other side takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "sending": {"max_per_second": "unlimited"},
        "audience": {"without_tags": ["staff"]},
    }
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


def add_readers(database: Database, count: int, first: int = 1) -> None:
    """Confirmed members, all different; of a thousand one has left and one is staff."""
    numbers = iter(range(first, first + count))
    while page := list(itertools.islice(numbers, _AT_ONCE)):
        with database.write() as connection:
            _add_page(connection, page)
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")


def _add_page(connection: sa.Connection, numbers: list[int]) -> None:
    connection.execute(sa.insert(tables.subscriber), [_subscriber(each) for each in numbers])
    connection.execute(sa.insert(tables.membership), [_member(each) for each in numbers])
    tags = [{"subscriber_id": each, "tag": tag} for each in numbers for tag in _tags(each)]
    connection.execute(sa.insert(tables.subscriber_tag), tags)
    gone = [_suppression(each) for each in numbers if each % 1000 == 0]
    if gone:
        connection.execute(sa.insert(tables.suppression), gone)


def _subscriber(number: int) -> dict[str, object]:
    address = f"reader{number}@post{number % 97}.example"
    return {
        "id": number,
        "address_key": address,
        "email": address,
        "first_name": f"Ana{number % 3001}" if number % 11 else "",
        "last_name": f"{'Müller' if number % 7 == 0 else 'Miller'}{number % 20011}",
        "timezone": "Europe/Paris",
        "fields": {
            "city": f"Saint-Étienne-{number % 499}",
            "plant": f"tomato no. {number % 31}",
            "plan": "garden" if number % 3 else "balcony",
        },
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }


def _member(number: int) -> dict[str, object]:
    return {
        "list": "readers",
        "subscriber_id": number,
        "joined_at": LONG_AGO,
        "confirmed_at": LONG_AGO,
    }


def _tags(number: int) -> tuple[str, ...]:
    return (*TAGS[: number % 3], *(("staff",) if number % 1000 == 1 else ()))


def _suppression(number: int) -> dict[str, object]:
    return {
        "address_key": f"reader{number}@post{number % 97}.example",
        "reason": "unsubscribed",
        "source": "benchmark",
        "at": LONG_AGO,
    }


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    try:
        yield database
    finally:
        database.close()


def send_day_1(settings: Settings, database: Database, provider: Provider) -> SendReport:
    """One pass of ``send`` on the morning of day 1, ledger, journal and all."""
    campaign = load(settings.workspace)
    settings = replace(settings, provider_url=provider.name)
    with open_sender(settings, database, provider, FixedClock(DAY_1)) as sender:
        return send_due(sender, campaign, SendChoices(), lambda _email: ())
