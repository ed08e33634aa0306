"""Fencing: ends a process that was suspended until others took over its claims."""

from __future__ import annotations

import time

from lovecampaign.core.message import Outcome
from lovecampaign.delivery.base.sender import BatchHandle, SendingProcess
from lovecampaign.store.sending.fence import is_fenced

#: A process that went on for this long looks again before it writes: recovery takes longer.
SECONDS_BETWEEN_LOOKS = 5.0
#: Unlike the monotonic clock, it goes on while the machine sleeps; macOS has only the other one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class FencedJournal:
    """The flight journal behind a look at the fencing token.

    Implements :class:`~lovecampaign.providers.base.provider.FlightLog`: the provider calls it right
    before each write, which is where a suspended process would go on.
    """

    def __init__(
        self,
        sender: SendingProcess,
        batch: BatchHandle | None = None,
        *,
        seconds_between_looks: float = SECONDS_BETWEEN_LOOKS,
    ) -> None:
        """``batch``: None for transactional mail."""
        self._sender = sender
        self._seconds_between = seconds_between_looks
        self._batch_id = batch.id if batch else None
        self._epoch = batch.epoch if batch else 0
        self._looked_at = time.clock_gettime(_CLOCK)

    def writing(self, *delivery_ids: str) -> None:
        self.check()
        self._sender.owner.journal.writing(*delivery_ids)

    def answered(self, *outcomes: Outcome) -> None:
        self._sender.owner.journal.answered(*outcomes)

    def check(self) -> None:
        """Look at the token if the last look was five seconds ago; ends the process if it is lost.

        Claims are conditional on it in any case.
        """
        now = time.clock_gettime(_CLOCK)
        if now - self._looked_at < self._seconds_between:
            return
        sender = self._sender
        with sender.database.read() as connection:
            is_lost = is_fenced(connection, sender.owner.id, self._batch_id, self._epoch)
        if is_lost:
            sender.on_fenced()
        self._looked_at = now  # not before: another thread must not write meanwhile
