"""A campaign, its readers, a clock and a provider: everything that a test of sending needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.campaigns import write_campaign

LONG_AGO = datetime(2027, 1, 10, 12, tzinfo=UTC)
#: 09:00 in Paris on day 1 of the test month.
DAY_1 = datetime(2027, 2, 1, 8, tzinfo=UTC)


class Stage:
    """Sends a campaign of a test, step by step, on a clock that stands still."""

    def __init__(self, settings: Settings, database: Database, /, **choices: Any) -> None:
        self.settings = settings
        self.database = database
        self.provider: Provider = MemoryProvider()
        self.clock = FixedClock(DAY_1)
        if "settings_" in choices:  # `settings` names the workspace's here
            choices["settings"] = choices.pop("settings_")
        self.folder = write_campaign(settings.workspace, **choices)
        self.campaign = self.load()

    @property
    def memory(self) -> MemoryProvider:
        assert isinstance(self.provider, MemoryProvider)
        return self.provider

    def load(self) -> Campaign:
        loaded = load_campaign(self.folder, self.settings.workspace)
        assert loaded.campaign is not None, loaded.problems
        self.campaign = loaded.campaign
        return loaded.campaign

    def add_readers(
        self,
        count: int,
        *,
        zones: Sequence[str] = ("Europe/Paris",),
        lists: Sequence[str] = ("readers",),
        joined_at: datetime = LONG_AGO,
        name: str = "reader",
    ) -> list[int]:
        """Confirmed members called ``reader1@…``; returns their ids."""
        with self.database.write() as connection:
            people = [
                {
                    "address_key": f"{name}{number}@readers.example",
                    "email": f"{name}{number}@readers.example",
                    "first_name": f"{name}{number}".title(),
                    "timezone": zones[number % len(zones)],
                    "fields": {},
                    "created_at": joined_at,
                    "updated_at": joined_at,
                }
                for number in range(1, count + 1)
            ]
            new_ids = sa.insert(tables.subscriber).returning(
                tables.subscriber.c.id, sort_by_parameter_order=True
            )
            ids = list(connection.scalars(new_ids, people))
            rows = [
                {
                    "list": each,
                    "subscriber_id": id_,
                    "joined_at": joined_at,
                    "confirmed_at": joined_at,
                }
                for each in lists
                for id_ in ids
            ]
            connection.execute(sa.insert(tables.membership), rows)
        return ids

    @contextlib.contextmanager
    def sender(self) -> Iterator[SendingProcess]:
        with open_sender(self.settings, self.database, self.provider, self.clock) as sender:
            yield sender

    def send(
        self, now: datetime | None = None, check: Checker = lambda _email: (), **choices: Any
    ) -> SendReport:
        """One pass, as ``lovecampaign send --now`` does it; raises why it ended early."""
        if now is not None:
            self.clock.move_to(now)
        with self.sender() as sender:
            report = send_due(sender, self.campaign, PassOptions(**choices), check)
        if report.closed is not None:
            raise report.closed
        return report

    def states(self, key: str) -> Mapping[str, int]:
        """Rows of an email by state."""
        return self._count(key, tables.delivery.c.state)

    def reasons(self, key: str) -> Mapping[str, int]:
        """Why rows of an email were skipped or failed."""
        counts = self._count(key, tables.delivery.c.reason)
        return {reason: count for reason, count in counts.items() if reason}

    def _count(self, key: str, column: sa.ColumnElement[Any]) -> dict[str, int]:
        with self.database.read() as connection:
            rows: sa.Result[Any] = connection.execute(
                sa.select(column.label("value"), sa.func.count().label("number"))
                .join(tables.email, tables.email.c.id == tables.delivery.c.email_id)
                .where(tables.email.c.key == key)
                .group_by(column)
            )
            return {row.value: row.number for row in rows}

    def addresses(self) -> list[str]:
        """The memory provider's recipients, in order."""
        return [message.to.email for message in self.memory.sent]

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.load()

    @property
    def outbox(self) -> Path:
        return self.settings.workspace / "outbox"
