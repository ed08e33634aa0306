"""Protocol of what delivers a pass's batches elsewhere than in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.recovery import RecoveryTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What became of batches."""

    tally: Tally
    #: The senders that delivered them.
    owner_ids: frozenset[int]
    #: Senders that died meanwhile.
    problems: tuple[Problem, ...] = ()


class BatchDispatcher(Protocol):
    """Calls :func:`~lovecampaign.delivery.loop.batch.deliver_batch` in other processes."""

    def dispatch(
        self,
        sender: SendingProcess,
        jobs: Sequence[tuple[EmailJob, BatchHandle]],
        recovery: RecoveryTimer,
    ) -> Dispatched: ...
