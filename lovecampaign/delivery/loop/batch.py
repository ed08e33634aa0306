"""Delivers one batch; idempotent: a second call finds nothing to do.

Claim → render → send → settle, chunk by chunk. A chunk's settling and the next claim share one
commit, which without a throttle is made while another chunk is being sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from lovecampaign.core.message import Outcome
from lovecampaign.delivery.base.fence import FencedJournal
from lovecampaign.delivery.base.holds import record_hold
from lovecampaign.delivery.base.recipient_builder import DealTerms, read_terms
from lovecampaign.delivery.base.reply_streak import ReplyStreak
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally, without_addresses
from lovecampaign.delivery.base.throttle import Throttle, make_throttle
from lovecampaign.delivery.loop.chunk import CancellationCheck, Chunk
from lovecampaign.delivery.loop.settle import settle_chunk
from lovecampaign.delivery.prepare.content_versions import freeze_first
from lovecampaign.delivery.prepare.notes import read_note_lines
from lovecampaign.render.model.heroes import NO_HEROES, Heroes
from lovecampaign.render.model.recipient import Giving, Progress
from lovecampaign.store.dialogue.gifts.giving import read_giving
from lovecampaign.store.dialogue.stories.published import read_heroes
from lovecampaign.store.dialogue.tasks import read_progress
from lovecampaign.store.ledger.campaigns import is_campaign_paused
from lovecampaign.store.ledger.take_back import has_accepted, read_streak
from lovecampaign.store.sending.claim import (
    ClaimRequest,
    Claims,
    DayJustTaken,
    claim,
    has_claimable,
)

#: A chunk never holds more claims than leave within this time at the campaign's throttle.
SECONDS_A_CHUNK = 2.0
#: A longer Retry-After ends the pass.
MAX_HOLD_SECONDS = 60.0


def deliver_batch(
    sender: SendingProcess,
    job: EmailJob,
    batch: BatchHandle,
    most: int | None = None,
    between_chunks: Callable[[], None] = lambda: None,
) -> Tally:
    """Send the due deliveries of a batch, up to ``most`` tries; returns the counts.

    ``between_chunks`` is called while no message is in flight. Where claims are made ahead, the
    outcomes of one chunk may be unsettled then.

    Where the provider rejects us, or there is no connection to it, every claim is settled, and the
    tally says why no more can be sent. After any other failure the claims stay for recovery.
    """
    delivery = _BatchDelivery(sender=sender, job=job, batch=batch, most=most)
    deliver = _deliver_ahead if delivery.may_claim_ahead else _deliver_in_turn
    deliver(delivery, between_chunks)
    return delivery.tally


def _deliver_in_turn(delivery: _BatchDelivery, between_chunks: Callable[[], None]) -> None:
    """Chunk by chunk: nothing is claimed before all outcomes are known."""
    done: Chunk | None = None
    while True:
        if done is not None and done.provider_state.ends_the_pass:
            delivery.settle_and_hold(done)
            done = None
        chunk = delivery.settle_and_claim(done)
        # All of the journal is settled by now, and no new claim was written.
        delivery.sender.owner.journal.truncate_if_long()
        if chunk is None:
            return
        between_chunks()
        chunk.send()
        done = chunk


def _deliver_ahead(delivery: _BatchDelivery, between_chunks: Callable[[], None]) -> None:
    """While one chunk is being sent, the one before it is settled and the next is claimed.

    A rejection, a pause and a long journal are dealt with before more is sent.
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
            if delivery.must_settle_first(done):
                chunk = delivery.settle_before(done, following)
                done = None
            if chunk is None:
                chunk, done = delivery.settle_and_claim(done), None


@dataclass(slots=True, kw_only=True)
class _BatchDelivery:
    """One pass over one batch: its position, and its two kinds of commit."""

    sender: SendingProcess
    job: EmailJob
    batch: BatchHandle
    most: int | None
    after_id: int = 0
    tally: Tally = field(default_factory=Tally)
    #: Whether this pass has frozen the email's content.
    is_frozen: bool = False
    cancellation: CancellationCheck = field(init=False)
    throttle: Throttle | None = field(init=False)
    flight: FencedJournal = field(init=False)

    def __post_init__(self) -> None:
        self.flight = FencedJournal(self.sender, self.batch)
        self.throttle = make_throttle(self.sender, self.job.campaign, self.job.record.id)
        self.cancellation = CancellationCheck(
            database=self.sender.database,
            campaign_id=self.job.record.id,
            email_id=self.job.email_id,
        )

    @property
    def may_claim_ahead(self) -> bool:
        """Whether a server takes messages as fast as it can, without a limit of ours."""
        return self.sender.provider.is_throttled and self.throttle is None and self.most is None

    def must_settle_first(self, done: Chunk) -> bool:
        """Whether outcomes or a long journal must be dealt with before more is sent."""
        return done.has_rejections or self.sender.owner.journal.is_long

    def settle_before(self, done: Chunk, following: Chunk | None) -> Chunk | None:
        """Settle a chunk on its own; returns the following one if it may go out."""
        if done.provider_state.ends_the_pass:
            self._put_back(following)
            self.settle_and_hold(done)
            return None
        with self._write() as connection:
            settled = settle_chunk(connection, self.sender, self.job, done, self._now)
            is_paused = is_campaign_paused(connection, self.job.record.id)
        self.tally += settled
        self._rewind_to_rest_of(done)
        self.sender.owner.journal.truncate_if_long()
        if is_paused:
            self._put_back(following)
            return None
        return following

    def _put_back(self, chunk: Chunk | None) -> None:
        """Nothing of this chunk was sent: it is due as before."""
        if chunk is None:
            return
        with self._write() as connection:
            self.tally += settle_chunk(connection, self.sender, self.job, chunk, self._now)
        self.after_id = chunk.after_id

    def settle_and_hold(self, done: Chunk) -> None:
        """The provider rejects us, or asks for a pause: no claim stays open meanwhile."""
        state = done.provider_state
        with self._write() as connection:
            settled = settle_chunk(connection, self.sender, self.job, done, self._now)
            record_hold(connection, self.sender, state)
        self.tally += replace(
            settled,
            closed=state.why_closed(self.sender.provider),
            quota=_words_of(state.quota),
            rate_limit=_words_of(state.rate_limit),
        )
        self.sender.hold.extend(state.hold_seconds, has_accepted=state.has_accepted)
        if state.rate_limit is not None and not state.is_closed:
            self.after_id = done.after_id  # what was put back is due again after the hold

    def settle_and_claim(self, done: Chunk | None) -> Chunk | None:
        """One commit: the last chunk's outcomes, and the next chunk's claims."""
        self._wait_for_hold()
        if done is not None:
            self._rewind_to_rest_of(done)
        while True:
            try:
                with self._write() as connection:
                    settled = Tally()
                    if done is not None:
                        settled = settle_chunk(connection, self.sender, self.job, done, self._now)
                    claims, chunk = self._claim(connection, self.tally + settled)
            except DayJustTaken:  # the next try sees it in the ledger
                continue
            break
        self.tally += settled + Tally(skipped=sum(claims.skipped.values()))
        self.after_id = claims.last_id or self.after_id
        self.is_frozen |= bool(claims.deliveries)
        return chunk

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction of this batch, unless others have taken it over."""
        self.flight.check()
        with self.sender.database.write() as connection:
            yield connection

    def _rewind_to_rest_of(self, done: Chunk) -> None:
        """After a chunk that stopped for its failures, its rest is due as before."""
        if done.is_failing:
            self.after_id = done.after_id

    def _wait_for_hold(self) -> None:
        """Wait for the end of a short hold if there is more to send; a long one ends the pass."""
        hold, stop = self.sender.hold, self.sender.stop
        while 0 < hold.seconds_left <= MAX_HOLD_SECONDS and not stop.is_set():
            if not self._has_more():
                return
            self.sender.wait(hold.seconds_left)

    def _has_more(self) -> bool:
        is_limit_reached = self.most is not None and self.tally.tried >= self.most
        if self.tally.closed is not None or is_limit_reached:
            return False
        with self.sender.database.read() as connection:
            is_paused = is_campaign_paused(connection, self.job.record.id)
            # What the provider refused for our rate is due again at the end of the hold.
            then = self._now + timedelta(seconds=self.sender.hold.seconds_left)
            waits = has_claimable(connection, self.batch.id, self.after_id, then)
            return waits and not is_paused

    def _claim(self, connection: Connection, tally: Tally) -> tuple[Claims, Chunk | None]:
        size = self._chunk_size(tally)
        if size <= 0:
            return Claims(), None
        claims = claim(connection, self._request(size))
        if claims.last_id is None:
            return claims, None
        if claims.deliveries and not (self.is_frozen or self.job.is_frozen):
            freeze_first(connection, self.job.email_id, self.job.content, self._now)
        streak = self._streak(connection)
        chunk = Chunk(
            sender=self.sender,
            renderer=self.job.renderer,
            recipient_builder=self.job.recipient_builder,
            claims=claims.deliveries,
            after_id=self.after_id,
            terms=self._terms(connection, claims),
            heroes=self._heroes(connection),
            progress=self._progress(connection, claims),
            giving=self._giving(connection, claims),
            notes=self._notes(connection, claims),
            flight=self.flight,
            throttle=self.throttle,
            is_cancelled=self.cancellation.is_cancelled,
            streak=streak,
            streak_before=streak.as_text(),
            accepted_since=self._has_accepted,
        )
        return claims, chunk

    def _streak(self, connection: Connection) -> ReplyStreak:
        streaks, key = self.sender.streaks, self.job.campaign.id
        if key not in streaks:
            streaks[key] = ReplyStreak.from_text(read_streak(connection, self.job.record.id))
        return streaks[key]

    def _has_accepted(self) -> bool:
        with self.sender.database.read() as connection:
            return has_accepted(connection, self.job.record.id)

    def _chunk_size(self, tally: Tally) -> int:
        if self.sender.stop.is_set() or self.sender.hold.seconds_left or tally.closed:
            return 0
        size = self.sender.claim_most or self.sender.provider.claim_size
        if self.throttle is not None:
            size = min(size, max(1, int(self.throttle.per_second * SECONDS_A_CHUNK)))
        return size if self.most is None else min(size, self.most - tally.tried)

    def _request(self, size: int) -> ClaimRequest:
        return ClaimRequest(
            campaign=self.job.campaign,
            record=self.job.record,
            email=self.job.email,
            batch_id=self.batch.id,
            epoch=self.batch.epoch,
            owner_id=self.sender.owner.id,
            limit=size,
            after_id=self.after_id,
            now=self._now,
        )

    def _terms(self, connection: Connection, claims: Claims) -> Mapping[int, DealTerms]:
        job = self.job
        return read_terms(connection, job.campaign, job.record, job.email, claims.deliveries)

    def _heroes(self, connection: Connection) -> Heroes:
        if not self.job.renderer.prints_heroes:
            return NO_HEROES
        return read_heroes(connection, self.job.record.id)

    def _progress(self, connection: Connection, claims: Claims) -> Mapping[int, Progress]:
        if not self.job.renderer.prints_progress:
            return {}
        zones = {each.subscriber_id: each.member.zone for each in claims.deliveries}
        return read_progress(connection, self.job.record.id, zones, self._now)

    def _giving(self, connection: Connection, claims: Claims) -> Mapping[int, Giving]:
        if not self.job.renderer.prints_giving:
            return {}
        ids = [each.subscriber_id for each in claims.deliveries]
        return read_giving(connection, self.job.campaign, self.job.record.id, ids)

    def _notes(self, connection: Connection, claims: Claims) -> Mapping[int, str]:
        job = self.job
        return read_note_lines(
            connection, job.campaign, job.record.id, job.email, claims.deliveries
        )

    @property
    def _now(self) -> datetime:
        return self.sender.clock.now()


def _words_of(outcome: Outcome | None) -> str:
    return without_addresses(outcome.detail) if outcome is not None else ""
