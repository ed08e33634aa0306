"""Settles a chunk: writes its outcomes and counts into the ledger, and pulls the brake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.engine import Connection

from lovecampaign.core.message import OutcomeKind
from lovecampaign.delivery.base.sender import EmailJob, SendingProcess
from lovecampaign.delivery.base.settlements import (
    decide_settlement,
    put_back,
    put_back_rejected,
    retry_times,
)
from lovecampaign.delivery.base.tally import Tally, count_failures, taken_back, without_addresses
from lovecampaign.delivery.loop.brake import brake_reason, failure_reason
from lovecampaign.delivery.loop.chunk import Chunk
from lovecampaign.store.ledger.campaigns import CampaignRecord, close_if_cancelled, pause
from lovecampaign.store.ledger.counters import EmailCounts, add_failures, add_to_email
from lovecampaign.store.ledger.take_back import note_put_back, take_back_deliveries, write_streak
from lovecampaign.store.sending.settle import Acceptance, Settlement, settle
from lovecampaign.store.tables import DeliveryState


class _ChunkOutcomes(NamedTuple):
    """The outcomes of a chunk's claims."""

    #: Nearly all, as a rule.
    accepted: Sequence[Acceptance]
    #: All others, also those never tried.
    others: Sequence[Settlement]


def settle_chunk(
    connection: Connection, sender: SendingProcess, job: EmailJob, chunk: Chunk, now: datetime
) -> Tally:
    """Write every outcome into the ledger, and pause the campaign if the brake says so.

    Changes nothing outside the transaction, which may be retried.
    """
    answers = _answers(sender, chunk, now)
    undone = _take_back(connection, sender, job, chunk)
    settle(connection, answers.others, job.campaign.id, now, answers.accepted)
    _count_and_brake(connection, job, chunk, answers, now)
    streak = chunk.streak.as_text()
    if streak != chunk.streak_before:
        write_streak(connection, job.record.id, streak)
    has_put_back = any(each.state is DeliveryState.PLANNED for each in answers.others)
    cancelled = close_if_cancelled(connection, job.email_id, now) if has_put_back else 0
    return _tally(job.email.key, answers) + Tally(skipped=cancelled) + undone


def _take_back(
    connection: Connection, sender: SendingProcess, job: EmailJob, chunk: Chunk
) -> Tally:
    """The closed net: pauses, and puts back what other chunks had settled."""
    net = chunk.net
    if net is None:
        return Tally()
    mine = {claimed.id for claimed in chunk.claims}
    ids = net.ids - mine
    return put_back_all(connection, sender, job.record, ids, net.since, net.reason)


def put_back_all(
    connection: Connection,
    sender: SendingProcess,
    record: CampaignRecord,
    ids: Collection[int],
    since: datetime,
    reason: str,
) -> Tally:
    """Pause the campaign for rejections that are about us, and take back those that are settled."""
    now = sender.clock.now()
    pause(connection, record.id, now, without_addresses(reason), holds_mail=True)
    note_put_back(connection, record.id, now)
    counts = take_back_deliveries(connection, ids, since, retry_times(now), sender.owner.id)
    return taken_back(counts, record)


def _answers(sender: SendingProcess, chunk: Chunk, now: datetime) -> _ChunkOutcomes:
    accepted: list[Acceptance] = []
    others: list[Settlement] = []
    for claimed in chunk.claims:
        id_ = claimed.id
        outcome = chunk.outcomes.get(id_)
        if outcome is None:  # stopped before it was sent, or its domain rests
            others.append(put_back(claimed, chunk.resting.get(id_, now)))
        elif id_ in chunk.provider_state.untried:
            others.append(put_back(claimed, now, outcome.detail))
        elif chunk.net is not None and chunk.net.covers(outcome):
            others.append(put_back_rejected(claimed, now, outcome.detail))
        elif outcome.kind is OutcomeKind.ACCEPTED:
            accepted.append((id_, outcome.provider_message_id))
        else:
            others.append(decide_settlement(claimed, outcome, now, sender.chance))
    return _ChunkOutcomes(accepted, others)


def _count_and_brake(
    connection: Connection, job: EmailJob, chunk: Chunk, answers: _ChunkOutcomes, now: datetime
) -> None:
    counts = add_to_email(
        connection,
        job.email_id,
        EmailCounts(
            accepted=len(answers.accepted),
            hard_bounces=sum(each.is_hard_bounce for each in answers.others),
        ),
    )
    run = chunk.failures
    failures = add_failures(
        connection,
        job.record.id,
        policy_refusals=run.policy_refusals,
        row_restarts=run.row_restarts,
        in_a_row=run.in_a_row,
    )
    if reason := failure_reason(failures):
        pause(connection, job.record.id, now, run.quoting(reason), holds_mail=True)
    elif reason := brake_reason(job.campaign.sending.brake, job.email.key, counts):
        pause(connection, job.record.id, now, run.quoting(reason))


def _tally(key: str, answers: _ChunkOutcomes) -> Tally:
    states = Counter(each.state for each in answers.others)
    accepted = len(answers.accepted)
    return Tally(
        sent=accepted,
        failed=states[DeliveryState.FAILED],
        in_doubt=states[DeliveryState.IN_DOUBT],
        tried=accepted + sum(not each.is_untried for each in answers.others),
        failures=count_failures(key, answers.others),
    )
