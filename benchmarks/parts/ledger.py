"""Speed of planning a day, on each database, and of claiming and settling its deliveries."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Measured, NotMeasured
from benchmarks.workspace import (
    DAY_1,
    add_subscribers,
    load,
    make_workspace,
    opened,
    postgres_databases,
    settings_of,
)
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.claim import ClaimRequest, claim
from lovecampaign.store.sending.claimed import ClaimedDelivery
from lovecampaign.store.sending.due import list_due_batches
from lovecampaign.store.sending.senders import register_owner
from lovecampaign.store.sending.settle import Acceptance, settle

PART = "Ledger"
TARGETS = {"SQLite": 150_000.0, "PostgreSQL": 40_000.0}
#: Deliveries settled and claimed in one commit, as with ten SMTP connections.
ROWS_A_COMMIT = 500


def measure(rounds: int) -> Measured:
    subscribers = 20_000 if os.environ.get("QUICK") else 100_000
    return [
        _planning_on_sqlite(subscribers, rounds),
        _planning_on_postgres(subscribers, rounds),
        _claiming(subscribers, rounds),
    ]


def _planning_on_sqlite(subscribers: int, rounds: int) -> Figure:
    with tempfile.TemporaryDirectory() as name:
        return _planning("SQLite", settings_of(Path(name)), subscribers, rounds)


def _planning_on_postgres(subscribers: int, rounds: int) -> Figure | NotMeasured:
    try:
        with tempfile.TemporaryDirectory() as folder, postgres_databases(1) as (url,):
            return _planning("PostgreSQL", settings_of(Path(folder), url), subscribers, rounds)
    except ImportError as error:
        why = f"no server to start: {error}"
        return NotMeasured(part=PART, name="planning a day, PostgreSQL", why=why)


def _planning(name: str, settings: Settings, subscribers: int, rounds: int) -> Figure:
    with _filled_database(settings, subscribers) as database:
        campaign = load(settings.workspace)
        rates = [subscribers / _plan(database, campaign) for _ in range(rounds)]
    return Figure(
        part=PART,
        name=f"planning a day, {name}",
        value=median(rates),
        unit="rows/s",
        target=TARGETS[name],
        note=f"{subscribers:,} subscribers: consent, suppression, tags, quiet hours, late joiners",
    )


@contextlib.contextmanager
def _filled_database(settings: Settings, subscribers: int) -> Iterator[Database]:
    make_workspace(settings.workspace)
    with opened(settings) as database:
        add_subscribers(database, subscribers)
        yield database


def _plan(database: Database, campaign: Campaign) -> float:
    """Seconds of one planning from an empty ledger, which is emptied again."""
    record = record_campaign(database, campaign)
    start = time.perf_counter()
    plan_due(database, campaign, record, list(campaign.scheduled_emails), DAY_1)
    seconds = time.perf_counter() - start
    _empty_ledger(database)
    return seconds


def _empty_ledger(database: Database) -> None:
    with database.write() as connection:
        for table in ("delivery", "batch"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - ours


def _claiming(subscribers: int, rounds: int) -> Figure:
    """In CPU time: half of the wall time is waiting for the disk, commit by commit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _filled_database(settings_of(folder), subscribers) as database:
            rates = [_claim_and_settle(database, load(folder), folder) for _ in range(rounds)]
    return Figure(
        part=PART,
        name="claim and settle, SQLite",
        value=median(rates),
        unit="rows/s",
        note=f"{subscribers:,} subscribers, {ROWS_A_COMMIT} a commit, durable; in CPU time",
    )


def _claim_and_settle(database: Database, campaign: Campaign, folder: Path) -> float:
    """Rows per second for all of day 1."""
    record = record_campaign(database, campaign)
    plan_due(database, campaign, record, list(campaign.scheduled_emails), DAY_1)
    with register_owner(database, folder, "memory", FixedClock(DAY_1)) as owner:
        start = time.process_time()
        requests = _requests(database, campaign, record, owner.id)
        rows = sum(_process_batch(database, request) for request in requests)
        seconds = time.process_time() - start
    _empty_ledger(database)
    return rows / seconds


def _requests(
    database: Database, campaign: Campaign, record: CampaignRecord, owner_id: int
) -> list[ClaimRequest]:
    """The first request of each due batch."""
    emails = {each.key: each for each in campaign.scheduled_emails}
    with database.read() as connection:
        batches = list_due_batches(connection, campaign, record, emails.keys(), DAY_1)
    return [
        ClaimRequest(
            campaign=campaign,
            record=record,
            email=emails[each.email_key],
            batch_id=each.id,
            epoch=each.epoch,
            owner_id=owner_id,
            limit=ROWS_A_COMMIT,
            after_id=0,
            now=DAY_1,
        )
        for each in batches
    ]


def _process_batch(database: Database, request: ClaimRequest) -> int:
    """Claim a batch, settling each chunk with the next claim; returns the number of rows."""
    rows = 0
    acceptances: list[Acceptance] = []
    while True:
        with database.write() as connection:
            settle(connection, (), request.campaign.id, request.now, acceptances)
            claims = claim(connection, request)
        if claims.last_id is None:
            return rows
        rows += len(claims.deliveries)
        acceptances = [_accepted(each) for each in claims.deliveries]
        request = replace(request, after_id=claims.last_id)


def _accepted(claimed: ClaimedDelivery) -> Acceptance:
    """With a message id of the server, as mail servers return it."""
    return claimed.id, f"4cXq{claimed.id:08d}"
