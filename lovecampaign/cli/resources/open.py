"""Context managers that open the workspace's database, provider and campaign records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.resources.campaigns import load_usable
from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.maintenance.tz_versions import record_tz
from lovecampaign.store.sending.server_notes import LedgerNotes
from lovecampaign.store.subscribers.wal_truncation import truncate_wal_if_due


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCampaign:
    """A campaign and its ledger rows in an open database."""

    campaign: Campaign
    record: CampaignRecord
    database: Database


@contextlib.contextmanager
def opened_database(invocation: Invocation) -> Iterator[Database]:
    with contextlib.closing(open_database(invocation.settings())) as database:
        truncate_wal_if_due(database)
        yield database


@contextlib.contextmanager
def recorded_campaign(invocation: Invocation, name: str | None) -> Iterator[RecordedCampaign]:
    """The campaign, recorded in the ledger now if it was not before."""
    campaign = load_usable(invocation, name).campaign
    with opened_database(invocation) as database:
        record = record_campaign(database, campaign)
        yield RecordedCampaign(campaign=campaign, record=record, database=database)


@contextlib.contextmanager
def opened_provider(
    invocation: Invocation,
    settings: Settings,
    database: Database | None = None,
    processes: int = 1,
) -> Iterator[Provider]:
    """The provider, for a command that sends; in ``database`` it remembers what servers can do.

    Raises UsageError where links could not be signed or opened, and where ``--now`` would put
    a made-up time on mail that reaches people.
    """
    from lovecampaign.providers.factory import open_provider  # most verbs need none

    settings.require_secret_keys()
    settings.require_web_addresses()
    notes = None if database is None else LedgerNotes(database)
    if database is not None and (warning := record_tz(database)):
        invocation.output.show_hint(warning)
    with contextlib.closing(open_provider(settings, notes, processes)) as provider:
        if invocation.chosen_now is not None and not provider.takes_now:
            raise UsageError(
                f"mail by {provider.name.rstrip(':')} reaches people, so --now cannot be used",
                hint="leave --now out, or set LOVECAMPAIGN_PROVIDER=maildir:outbox for a try",
            )
        yield provider
