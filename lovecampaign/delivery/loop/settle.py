"""What do a chunk's outcomes change: in its deliveries, in what is counted, in the campaign?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.engine import Connection

from lovecampaign.core.message import OutcomeKind
from lovecampaign.delivery.base.decide_settlement import decide_settlement, put_back
from lovecampaign.delivery.base.failures import count_failures
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.base.work import EmailJob
from lovecampaign.delivery.loop.brake import reason_to_pause
from lovecampaign.delivery.loop.chunk import Chunk
from lovecampaign.store.ledger.campaigns import leave_if_cancelled, pause
from lovecampaign.store.ledger.counters import EmailCounts, add_failures, add_to_email
from lovecampaign.store.sending.settle import Acceptance, Settlement, settle
from lovecampaign.store.tables import DeliveryState


class _Answers(NamedTuple):
    """What became of a chunk's claims."""

    #: Nearly all, as a rule; nothing else is asked about them.
    accepted: Sequence[Acceptance]
    #: All others, those included that were never tried.
    others: Sequence[Settlement]


def settle_chunk(
    connection: Connection, sender: Sender, work: EmailJob, chunk: Chunk, now: datetime
) -> Tally:
    """Write every answer into the ledger, and pause the campaign where they say so.

    It changes nothing outside the transaction, which may be tried again.
    """
    answers = _answers(sender, chunk, now)
    settle(connection, answers.others, work.campaign.id, now, answers.accepted)
    _count_and_brake(connection, work, chunk, answers, now)
    is_any_back = any(each.state is DeliveryState.PLANNED for each in answers.others)
    cancelled = leave_if_cancelled(connection, work.email_id, now) if is_any_back else 0
    return _tally(work.email.key, answers) + Tally(skipped=cancelled)


def _answers(sender: Sender, chunk: Chunk, now: datetime) -> _Answers:
    accepted: list[Acceptance] = []
    others: list[Settlement] = []
    for claimed in chunk.claims:
        id_ = claimed.id
        outcome = chunk.outcomes.get(id_)
        if outcome is None:  # somebody said stop before it was written
            others.append(put_back(claimed, now))
        elif id_ in chunk.reception.untried:
            others.append(put_back(claimed, now, outcome.detail))
        elif outcome.kind is OutcomeKind.ACCEPTED:
            accepted.append((id_, outcome.provider_message_id))
        else:
            others.append(decide_settlement(claimed, outcome, now, sender.chance))
    return _Answers(accepted, others)


def _count_and_brake(
    connection: Connection,
    work: EmailJob,
    chunk: Chunk,
    answers: _Answers,
    now: datetime,
) -> None:
    counts = add_to_email(
        connection,
        work.email_id,
        EmailCounts(
            accepted=len(answers.accepted),
            hard_bounces=sum(each.is_hard_bounce for each in answers.others),
        ),
    )
    run = chunk.failures
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


def _tally(key: str, answers: _Answers) -> Tally:
    states = Counter(each.state for each in answers.others)
    accepted = len(answers.accepted)
    return Tally(
        sent=accepted,
        failed=states[DeliveryState.FAILED],
        in_doubt=states[DeliveryState.IN_DOUBT],
        tried=accepted + sum(not each.is_untried for each in answers.others),
        failures=count_failures(key, answers.others),
    )
