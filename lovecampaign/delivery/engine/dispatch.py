"""Dispatches due batches to workers: puts them into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.dispatch import Dispatched
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign
from lovecampaign.store.sending.job_queue import queue_batches, queue_due_batches


class QueueDispatcher:
    """Queues batches of emails without mistakes; any number of machines may do so at once.

    Implements :class:`~lovecampaign.delivery.loop.dispatch.BatchDispatcher`.
    """

    def dispatch(
        self,
        sender: SendingProcess,
        jobs: Sequence[tuple[EmailJob, BatchHandle]],
        recovery: RecoveryTimer,
    ) -> Dispatched:
        del recovery  # workers recover
        due = [(handle.id, None) for job, handle in jobs if not job.record.is_paused]
        queue_batches(sender.database, due)
        return Dispatched(tally=Tally(), owner_ids=frozenset())


def queue_again(database: Database, campaign: Campaign, now: datetime, ahead: timedelta) -> int:
    """The tick: queue the unfinished batches of a campaign that have no job, or lost it."""
    record = find_campaign(database, campaign)
    if record is None or record.is_paused:
        return 0
    keys = {email.key for email in campaign.scheduled_emails} & record.email_ids.keys()
    return queue_due_batches(database, campaign, record, keys, now, ahead)
