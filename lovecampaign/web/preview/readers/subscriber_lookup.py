"""Read-only access to the subscribers of the workspace's database, if there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.connect import connect
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import HEAD, find_version
from lovecampaign.store.dialogue.notes.notes import PersonalNote, list_notes_of
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.reports.addressees import AddresseeFilter, AddresseePage, list_addressees
from lovecampaign.store.sending.claimed import Member, read_members
from lovecampaign.store.subscribers.search import (
    SubscriberMatch,
    has_subscribers,
    search_subscribers,
)
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber

if TYPE_CHECKING:
    from lovecampaign.store.reports.campaign_report import EmailReport
    from lovecampaign.store.reports.subscriber_timeline import TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberLookup:
    """Looks up subscribers; finds none without a database or if it cannot be reached."""

    settings: Settings

    def has_subscribers(self, campaign: Campaign) -> bool:
        """Whether the campaign's lists have members."""
        with self._database() as database:
            return has_subscribers(database, campaign.lists) if database else False

    def find(self, campaign: Campaign, words: str, limit: int) -> Sequence[SubscriberMatch]:
        """Members with these words in their name or address."""
        with self._database() as database:
            return search_subscribers(database, campaign.lists, words, limit) if database else ()

    def reader(self, campaign: Campaign, number: int, now: datetime) -> PreviewSubscriber | None:
        """The subscriber with this id, to see the preview as."""
        email = campaign.scheduled_emails[0]
        eligibility = Eligibility(campaign=campaign, email=email, campaign_id=0, now=now)
        with self._database() as database:
            if database is None:
                return None
            with database.read() as connection:
                member = read_members(connection, eligibility, [number]).get(number)
                stored = list_notes_of(connection, campaign.id, number)
        if member is None:
            return None
        subscriber = member.subscriber
        name = f"{subscriber.first_name} {subscriber.last_name}".strip()
        return PreviewSubscriber(
            key=str(number),
            label=name or subscriber.email,
            about="on your list; an insider" if subscriber.is_insider else "on your list",
            subscriber=subscriber,
            zone=member.zone,
            joined_at=member.joined_at or now,
            is_in_audience=member.joined_at is not None,
            notes=tuple(_format_notes(campaign, member, stored)),
        )

    def timeline(self, campaign: Campaign, number: int, now: datetime) -> Sequence[TimelineEntry]:
        from lovecampaign.store.reports.subscriber_timeline import read_timeline  # on use

        with self._database() as database:
            return read_timeline(database, campaign, number, now) if database else ()

    def addressees(
        self, campaign: Campaign, email: Email, now: datetime, choice: AddresseeFilter, limit: int
    ) -> AddresseePage:
        """One page of an email's addressees."""
        with self._database() as database:
            if database is None:
                return AddresseePage(people=(), next_after=None)
            return list_addressees(database, campaign, email, now, choice, limit)

    def report(self, campaign: Campaign, email: Email, now: datetime) -> EmailReport | None:
        """The numbers of this email; None without a database. Seconds for a million subscribers."""
        from lovecampaign.store.reports.campaign_report import report_campaign  # on use

        with self._database() as database:
            if database is None:
                return None
            return report_campaign(database, campaign, now, [email]).emails[0]

    @contextlib.contextmanager
    def _database(self) -> Iterator[Database | None]:
        """The database, opened for each query: its file may appear or be replaced at any time."""
        try:
            database = Database(connect(self.settings.database_url, self.settings.workspace))
        except LovecampaignError:
            yield None
            return
        with contextlib.closing(database):
            yield database if _is_usable(database) else None


def _format_notes(
    campaign: Campaign, member: Member, stored: Mapping[str, PersonalNote]
) -> Iterator[tuple[str, str]]:
    """As they will be: those in the files are stored at the next sending."""
    from lovecampaign.delivery.prepare.notes import format_note, read_note_file  # on use

    for email in campaign.scheduled_emails:
        rows, _ = read_note_file(campaign, email.key)
        in_file = {row.address_key: row.note for row in rows}
        note = in_file.get(member.address_key) or stored.get(email.key)
        if note is not None:
            language = campaign.language_of(email, member.subscriber.language)
            yield email.key, format_note(campaign, note, language)


def _is_usable(database: Database) -> bool:
    if database.file is not None and not database.file.is_file():
        return False
    try:
        return find_version(database) == HEAD
    except LovecampaignError:
        return False
