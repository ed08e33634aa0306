"""How fast are rows claimed and settled, with all that is asked of each before it goes out?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from benchmarks.world import DAY_1, add_readers, load, make_workspace, opened, settings_of
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import FixedClock
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.claim import ClaimRequest, claim
from lovecampaign.store.sending.claimed import ClaimedDelivery
from lovecampaign.store.sending.due import list_due_batches
from lovecampaign.store.sending.senders import register_owner
from lovecampaign.store.sending.settle import Acceptance, settle

#: One commit settles so many and claims the next, as where ten SMTP connections send.
ROWS_A_COMMIT = 500


def measure_sqlite(part: str, readers: int, rounds: int) -> Figure:
    """In the processor's time: half of the clock's is waiting for the disk, commit by commit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_workspace(folder)
        with opened(settings_of(folder)) as database:
            add_readers(database, readers)
            rates = [_send_nothing(database, load(folder), folder) for _ in range(rounds)]
    return Figure(
        part=part,
        name="claim and settle, SQLite",
        value=median(rates),
        unit="rows/s",
        note=f"{readers:,} readers, {ROWS_A_COMMIT} a commit, durable; in the processor's time",
    )


def _send_nothing(database: Database, campaign: Campaign, folder: Path) -> float:
    """Claim and settle all of day 1; the rows are taken away again."""
    record = record_campaign(database, campaign)
    plan_due(database, campaign, record, list(campaign.scheduled_emails), DAY_1)
    rows = 0
    with register_owner(database, folder, "memory", FixedClock(DAY_1)) as owner:
        start = time.process_time()
        for request in _requests(database, campaign, record, owner.id):
            rows += _go_through(database, request)
        seconds = time.process_time() - start
    with database.write() as connection:
        for table in ("delivery", "batch"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - ours
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


def _go_through(database: Database, request: ClaimRequest) -> int:
    """Claim a batch, settle each chunk with the next claim; tells how many rows were sent."""
    rows = 0
    answers: list[Acceptance] = []
    while True:
        with database.write() as connection:
            settle(connection, (), request.campaign.id, request.now, answers)
            claims = claim(connection, request)
        if claims.last_id is None:
            return rows
        rows += len(claims.deliveries)
        answers = [_accepted(each) for each in claims.deliveries]
        request = replace(request, after_id=claims.last_id)


def _accepted(claimed: ClaimedDelivery) -> Acceptance:
    """With an id of the server's own for each message, as mail servers give it."""
    return claimed.id, f"4cXq{claimed.id:08d}"
