"""Who is really there? The database, where there is one; looking never makes one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database, connect
from lovecampaign.store.database.schema_version import HEAD, find_version
from lovecampaign.store.eligibility.eligibility import Standing
from lovecampaign.store.reports.campaign_report import EmailReport, report_campaign
from lovecampaign.store.reports.person_timeline import TimelineEntry, read_timeline
from lovecampaign.store.reports.recipients import Addressees, Choice, list_addressees
from lovecampaign.store.sending.claimed import read_people
from lovecampaign.store.subscribers.search import (
    SubscriberMatch,
    has_subscribers,
    search_subscribers,
)
from lovecampaign.web.preview.readers.readers import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody who was imported. Nobody, where there is no database or it does not answer."""

    settings: Settings

    def is_anybody(self, campaign: Campaign) -> bool:
        """Whether anybody stands on the campaign's lists."""
        with self._database() as database:
            return has_subscribers(database, campaign.lists) if database else False

    def find(self, campaign: Campaign, words: str, limit: int) -> Sequence[SubscriberMatch]:
        """Those whose name or address holds these words."""
        with self._database() as database:
            return search_subscribers(database, campaign.lists, words, limit) if database else ()

    def reader(self, campaign: Campaign, number: int, now: datetime) -> Reader | None:
        """The subscriber of that number, as somebody to look through the eyes of."""
        email = campaign.scheduled_emails[0]
        standing = Standing(campaign=campaign, email=email, campaign_id=0, now=now)
        with self._database() as database:
            if database is None:
                return None
            with database.read() as connection:
                person = read_people(connection, standing, [number]).get(number)
        if person is None:
            return None
        subscriber = person.subscriber
        name = f"{subscriber.first_name} {subscriber.last_name}".strip()
        return Reader(
            key=str(number),
            label=name or subscriber.email,
            about="on your list; an insider" if subscriber.is_insider else "on your list",
            subscriber=subscriber,
            zone=person.zone,
            joined_at=person.joined_at or now,
            is_in_audience=person.joined_at is not None,
        )

    def timeline(self, campaign: Campaign, number: int, now: datetime) -> Sequence[TimelineEntry]:
        with self._database() as database:
            return read_timeline(database, campaign, number, now) if database else ()

    def addressees(
        self, campaign: Campaign, email: Email, now: datetime, choice: Choice, limit: int
    ) -> Addressees:
        """The people of one email, as many as fit on a page."""
        with self._database() as database:
            if database is None:
                return Addressees(people=(), next_after=None)
            return list_addressees(database, campaign, email, now, choice, limit)

    def report(self, campaign: Campaign, email: Email, now: datetime) -> EmailReport | None:
        """The numbers of this email; None without a database. Seconds, for a million people."""
        with self._database() as database:
            if database is None:
                return None
            return report_campaign(database, campaign, now, [email]).emails[0]

    @contextlib.contextmanager
    def _database(self) -> Iterator[Database | None]:
        """Opened for each question: the file may come, go or be replaced at any time."""
        try:
            database = Database(connect(self.settings.database_url, self.settings.workspace))
        except LovecampaignError:
            yield None
            return
        with contextlib.closing(database):
            yield database if _is_usable(database) else None


def _is_usable(database: Database) -> bool:
    if database.file is not None and not database.file.is_file():
        return False
    try:
        return find_version(database) == HEAD
    except LovecampaignError:
        return False
