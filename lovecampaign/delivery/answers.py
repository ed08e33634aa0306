"""What do a chunk's outcomes change: in its deliveries, in what is counted, in the campaign?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.delivery.brake import count_failures, reason_to_pause
from lovecampaign.delivery.chunk import Chunk
from lovecampaign.delivery.failures import failures_of
from lovecampaign.delivery.sender import Sender
from lovecampaign.delivery.tally import Tally
from lovecampaign.delivery.verdict import judge, put_back
from lovecampaign.delivery.work import EmailWork
from lovecampaign.store.campaigns import pause
from lovecampaign.store.claimed import ClaimedDelivery
from lovecampaign.store.counters import EmailCounts, add_failures, add_to_email
from lovecampaign.store.settling import Settlement, settle
from lovecampaign.store.tables import DeliveryState


def settle_chunk(
    connection: Connection, sender: Sender, work: EmailWork, chunk: Chunk, now: datetime
) -> Tally:
    """Write every answer into the ledger, and pause the campaign where they say so.

    Idempotent, as the transaction around it may be tried again.
    """
    settlements = [_settlement(sender, chunk, claimed, now) for claimed in chunk.claims]
    settle(connection, settlements, work.campaign.id, now)
    _count_and_brake(connection, work, chunk, settlements, now)
    return _tally(work.email.key, settlements)


def _settlement(
    sender: Sender, chunk: Chunk, claimed: ClaimedDelivery, now: datetime
) -> Settlement:
    outcome = chunk.outcomes.get(claimed.id)
    if outcome is None:  # somebody said stop before it was written
        return put_back(claimed, now)
    if claimed.id in chunk.untried:
        return put_back(claimed, now, outcome.detail)
    return judge(claimed, outcome, now, sender.chance)


def _count_and_brake(
    connection: Connection,
    work: EmailWork,
    chunk: Chunk,
    settlements: Sequence[Settlement],
    now: datetime,
) -> None:
    counts = add_to_email(
        connection,
        work.email_id,
        EmailCounts(
            accepted=sum(each.state is DeliveryState.SENT for each in settlements),
            hard_bounces=sum(each.is_hard_bounce for each in settlements),
        ),
    )
    run = count_failures(chunk.tried_outcomes)
    failures = add_failures(
        connection,
        work.record.id,
        policy_refusals=run.policy_refusals,
        row_restarts=run.row_restarts,
        in_a_row=run.in_a_row,
    )
    reason = reason_to_pause(work.campaign.sending.brake, work.email.key, counts, failures)
    if reason is not None:
        pause(connection, work.record.id, now, reason)


def _tally(key: str, settlements: Sequence[Settlement]) -> Tally:
    states = Counter(each.state for each in settlements)
    return Tally(
        sent=states[DeliveryState.SENT],
        failed=states[DeliveryState.FAILED],
        in_doubt=states[DeliveryState.IN_DOUBT],
        tried=sum(not each.is_untried for each in settlements),
        failures=failures_of(key, settlements),
    )
