"""How is one batch delivered? The seam to every engine: call it again, and it finds nothing.

Claim → render → send → settle, chunk by chunk. A chunk's settling and the next claim share
one commit, and where no pace holds it is made while another chunk is on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.delivery.base.deal_terms import DealTerms, read_terms
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.base.throttle import Throttle, find_throttle_rate, reserve_throttle
from lovecampaign.delivery.base.work import BatchHandle, EmailJob
from lovecampaign.delivery.loop.cancellation import CancellationCheck
from lovecampaign.delivery.loop.chunk import Chunk
from lovecampaign.delivery.loop.settle import settle_chunk
from lovecampaign.delivery.prepare.content_versions import freeze_first
from lovecampaign.store.ledger.campaigns import is_campaign_paused
from lovecampaign.store.sending.claim import (
    ClaimRequest,
    Claims,
    DayJustTaken,
    claim,
    has_claimable,
)

#: A chunk never holds more claims than leave within this time at the campaign's pace.
SECONDS_A_CHUNK = 2.0
#: The longest that a provider's "wait" holds up a pass.
LONGEST_HOLD_SECONDS = 60.0


def deliver_batch(
    sender: Sender,
    work: EmailJob,
    batch: BatchHandle,
    most: int | None = None,
    between_chunks: Callable[[], None] = lambda: None,
) -> Tally:
    """Send what is due of a batch, up to ``most`` tries; returns what became of it.

    ``between_chunks`` is called while nothing is in the air. Where claims are made ahead, the
    outcomes of one chunk may wait for their settling then.

    Where the provider refuses us as a whole, or there is no connection to it, every claim is
    settled, and the tally says why nothing more can be sent.
    If anything fails, the claims stay for recovery by whoever comes next.
    """
    delivery = _BatchDelivery(sender=sender, work=work, batch=batch, most=most)
    deliver = _deliver_ahead if delivery.may_claim_ahead else _deliver_in_turn
    deliver(delivery, between_chunks)
    return delivery.tally


def _deliver_in_turn(delivery: _BatchDelivery, between_chunks: Callable[[], None]) -> None:
    """Chunk by chunk: nothing is claimed before everything is answered."""
    done: Chunk | None = None
    while True:
        if done is not None and done.reception.ends_the_pass:
            delivery.settle_and_hold(done)
            done = None
        chunk = delivery.settle_and_claim(done)
        # What the journal tells is settled by now, and nothing of the new claims is written.
        delivery.sender.owner.journal.begin_anew_if_long()
        if chunk is None:
            return
        between_chunks()
        chunk.send()
        done = chunk


def _deliver_ahead(delivery: _BatchDelivery, between_chunks: Callable[[], None]) -> None:
    """While one chunk is on the wire, the one before it is settled and the next is claimed.

    What a provider says about us, a pause and a long journal are dealt with before more goes out.
    """
    done: Chunk | None = None
    chunk = delivery.settle_and_claim(None)
    with ThreadPoolExecutor(1, thread_name_prefix="wire") as wire:
        while chunk is not None:
            between_chunks()
            flight = wire.submit(chunk.send)
            following = delivery.settle_and_claim(done)
            flight.result()
            done, chunk = chunk, following
            if delivery.is_to_be_settled_first(done):
                chunk = delivery.settle_before(done, following)
                done = None
            if chunk is None:
                chunk, done = delivery.settle_and_claim(done), None


@dataclass(slots=True, kw_only=True)
class _BatchDelivery:
    """One pass over one batch: where it stands, and its two kinds of commit."""

    sender: Sender
    work: EmailJob
    batch: BatchHandle
    most: int | None
    after_id: int = 0
    tally: Tally = field(default_factory=Tally)
    #: Whether this pass has held the email to its words.
    is_frozen: bool = False
    called_off: CancellationCheck = field(init=False)

    def __post_init__(self) -> None:
        self.called_off = CancellationCheck(
            database=self.sender.database,
            campaign_id=self.work.record.id,
            email_id=self.work.email_id,
        )

    @property
    def may_claim_ahead(self) -> bool:
        """Whether somebody else's server takes what we have as fast as it can."""
        return self.sender.provider.is_throttled and self._per_second is None and self.most is None

    def is_to_be_settled_first(self, done: Chunk) -> bool:
        """Whether an answer, or the journal, asks for a look before anything else goes out."""
        return done.has_refusals or self.sender.owner.journal.is_long

    def settle_before(self, done: Chunk, following: Chunk | None) -> Chunk | None:
        """Settle a chunk on its own; returns the following one if it may go out."""
        if done.reception.ends_the_pass:
            self._put_back(following)
            self.settle_and_hold(done)
            return None
        with self.sender.database.write() as connection:
            settled = settle_chunk(connection, self.sender, self.work, done, self._now)
            is_paused = is_campaign_paused(connection, self.work.record.id)
        self.tally += settled
        self._look_again_at_rest_of(done)
        self.sender.owner.journal.begin_anew_if_long()
        if is_paused:
            self._put_back(following)
            return None
        return following

    def _put_back(self, chunk: Chunk | None) -> None:
        """Nothing of this chunk has left: it is due as before."""
        if chunk is None:
            return
        with self.sender.database.write() as connection:
            self.tally += settle_chunk(connection, self.sender, self.work, chunk, self._now)
        self.after_id = chunk.after_id

    def settle_and_hold(self, done: Chunk) -> None:
        """The provider asked for time, refuses us or is away: nothing stays claimed meanwhile."""
        with self.sender.database.write() as connection:
            settled = settle_chunk(connection, self.sender, self.work, done, self._now)
        self.tally += replace(settled, closed=done.reception.why_closed(self.sender.provider))
        self.sender.hold.ask(done.reception.hold_seconds)

    def settle_and_claim(self, done: Chunk | None) -> Chunk | None:
        """One commit: the last chunk's answers, and the next chunk's claims."""
        self._sit_out_hold()
        if done is not None:
            self._look_again_at_rest_of(done)
        while True:
            try:
                with self.sender.database.write() as connection:
                    settled = Tally()
                    if done is not None:
                        settled = settle_chunk(connection, self.sender, self.work, done, self._now)
                    claims, chunk = self._claim(connection, self.tally + settled)
            except DayJustTaken:  # asked again, the ledger knows
                continue
            break
        self.tally += settled + Tally(skipped=sum(claims.skipped.values()))
        self.after_id = claims.last_id or self.after_id
        self.is_frozen |= bool(claims.deliveries)
        return chunk

    def _look_again_at_rest_of(self, done: Chunk) -> None:
        """Where it stopped for its failures and the campaign goes on, its rest is due as before."""
        if done.is_failing:
            self.after_id = done.after_id

    def _sit_out_hold(self) -> None:
        """Wait for the end of a short one, if anybody waits for it; a long one ends the pass."""
        hold, stop = self.sender.hold, self.sender.stop
        while 0 < hold.seconds_left <= LONGEST_HOLD_SECONDS and not stop.is_set():
            if not self._has_more():
                return
            self.sender.wait(hold.seconds_left)

    def _has_more(self) -> bool:
        is_limit_reached = self.most is not None and self.tally.tried >= self.most
        if self.tally.closed is not None or is_limit_reached:
            return False
        with self.sender.database.read() as connection:
            is_paused = is_campaign_paused(connection, self.work.record.id)
            waits = has_claimable(connection, self.batch.id, self.after_id, self._now)
            return waits and not is_paused

    def _claim(self, connection: Connection, tally: Tally) -> tuple[Claims, Chunk | None]:
        size = self._chunk_size(tally)
        if size <= 0:
            return Claims(), None
        claims = claim(connection, self._request(size))
        if claims.last_id is None:
            return claims, None
        if claims.deliveries and not (self.is_frozen or self.work.is_frozen):
            freeze_first(connection, self.work.email_id, self.work.content, self._now)
        chunk = Chunk(
            sender=self.sender,
            renderer=self.work.renderer,
            addressing=self.work.addressing,
            claims=claims.deliveries,
            after_id=self.after_id,
            terms=self._terms(connection, claims),
            pace=self._reserve(connection, len(claims.deliveries)),
            is_called_off=self.called_off.look,
        )
        return claims, chunk

    def _chunk_size(self, tally: Tally) -> int:
        if self.sender.stop.is_set() or self.sender.hold.seconds_left or tally.closed:
            return 0
        size = self.sender.provider.claim_size
        if self._per_second is not None:
            size = min(size, max(1, int(self._per_second * SECONDS_A_CHUNK)))
        return size if self.most is None else min(size, self.most - tally.tried)

    def _request(self, size: int) -> ClaimRequest:
        return ClaimRequest(
            campaign=self.work.campaign,
            record=self.work.record,
            email=self.work.email,
            batch_id=self.batch.id,
            epoch=self.batch.epoch,
            owner_id=self.sender.owner.id,
            limit=size,
            after_id=self.after_id,
            now=self._now,
        )

    def _terms(self, connection: Connection, claims: Claims) -> Mapping[int, DealTerms]:
        work = self.work
        return read_terms(connection, work.campaign, work.record, work.email, claims.deliveries)

    def _reserve(self, connection: Connection, count: int) -> Throttle | None:
        work = self.work
        return reserve_throttle(connection, self.sender, work.campaign, work.record.id, count)

    @property
    def _per_second(self) -> float | None:
        return find_throttle_rate(self.sender, self.work.campaign)

    @property
    def _now(self) -> datetime:
        return self.sender.clock.now()
