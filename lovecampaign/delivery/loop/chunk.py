"""A chunk of claims on its way: rendered, sent, and its outcomes collected.

Rendering happens a few messages at a time, when the provider takes the next, so that memory stays
flat and a slow server slows rendering down.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from lovecampaign.core.interval import Interval
from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.core.tokens import Purpose, RowTokens
from lovecampaign.delivery.base.provider_state import ProviderState
from lovecampaign.delivery.base.recipient_builder import NO_TERMS, DealTerms, RecipientBuilder
from lovecampaign.delivery.base.reply_streak import ClosedNet, ReplyStreak
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.base.settlements import render_failure
from lovecampaign.delivery.base.throttle import Throttle
from lovecampaign.delivery.loop.brake import FailureStreak
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.heroes import Heroes
from lovecampaign.render.model.recipient import NO_GIVING, NO_PROGRESS, Giving, Progress
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import is_paused_or_cancelled
from lovecampaign.store.sending.claimed import ClaimedDelivery

#: Without a throttle, messages are rendered some at a time: the renderer's data stays in the
#: processor's cache then, which a write of 64 KB evicts.
_RENDERED_TOGETHER = 16


#: Between two queries; one per message would slow all of them down.
_SECONDS_BETWEEN_CHECKS = 0.5


class CancellationCheck:
    """Whether the campaign was paused, or the email cancelled, since its claims were made."""

    def __init__(self, database: Database, campaign_id: int, email_id: int) -> None:
        self._database = database
        self._campaign_id = campaign_id
        self._email_id = email_id
        self._interval = Interval(_SECONDS_BETWEEN_CHECKS)
        self._is_cancelled = False

    def is_cancelled(self) -> bool:
        """The answer of the last query."""
        if self._interval.is_due():
            with self._database.read() as connection:
                self._is_cancelled = is_paused_or_cancelled(
                    connection, self._campaign_id, self._email_id
                )
        return self._is_cancelled


class _SignedClaim(NamedTuple):
    #: One of the ``tokens``.
    delivery_id: str
    tokens: RowTokens
    claimed: ClaimedDelivery


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Claims on their way out. Used once."""

    sender: SendingProcess
    renderer: EmailRenderer
    recipient_builder: RecipientBuilder
    claims: Sequence[ClaimedDelivery]
    #: The keyset cursor of the claim: its deliveries have larger ids.
    after_id: int
    terms: Mapping[int, DealTerms]
    #: As they are at this claim.
    heroes: Heroes
    #: By subscriber; empty where the email prints none.
    progress: Mapping[int, Progress]
    giving: Mapping[int, Giving]
    #: Of those who have one.
    notes: Mapping[int, str]
    #: Looks at the fencing token before a write.
    flight: FlightLog
    #: None: as fast as the provider takes messages.
    throttle: Throttle | None
    is_cancelled: Callable[[], bool] = lambda: False
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    provider_state: ProviderState = field(default_factory=ProviderState)
    failures: FailureStreak = field(default_factory=FailureStreak)
    #: Claims of resting domains, with the end of the rest.
    resting: dict[int, datetime] = field(default_factory=dict)
    #: The rejections since the last other answer, of the whole campaign.
    streak: ReplyStreak = field(default_factory=ReplyStreak)
    #: As text, and as the ledger has it.
    streak_before: str = ""
    #: Whether a message was accepted since rejections were last put back.
    accepted_since: Callable[[], bool] = lambda: False
    net: ClosedNet | None = None
    #: Whether so many failed that nothing more was sent.
    is_failing: bool = False

    def send(self) -> None:
        """Send every claim, or as many as could be before a stop."""
        signed = {each.delivery_id: each for each in map(self._sign, self.claims)}
        for outcome in self.sender.provider.send(self._messages(signed.values()), self.flight):
            self._note(signed[outcome.delivery_id].claimed, outcome)

    @property
    def has_rejections(self) -> bool:
        """Whether any message was not accepted."""
        return len(self.outcomes) < len(self.claims) or any(
            each.kind is not OutcomeKind.ACCEPTED for each in self.outcomes.values()
        )

    def _sign(self, claimed: ClaimedDelivery) -> _SignedClaim:
        tokens = self.recipient_builder.tokens(claimed.key)
        return _SignedClaim(tokens.token(Purpose.DELIVERY), tokens, claimed)

    def _messages(self, claims: Iterable[_SignedClaim]) -> Iterator[Message]:
        number, waiting = 0, iter(claims)
        together = _RENDERED_TOGETHER if self.throttle is None else 1
        while some := list(itertools.islice(waiting, together)):
            if self.throttle is not None:
                self.throttle.wait(len(self.claims) - number)
            if self._must_stop:
                return
            number += len(some)
            for each, message in [(each, self._render(each)) for each in some]:
                if self._must_stop:
                    return
                if message is not None and not self._rests(each.claimed):
                    yield message

    @property
    def _must_stop(self) -> bool:
        is_closed = self.provider_state.is_closed or self.is_failing
        return is_closed or self.sender.stop.is_set() or self.is_cancelled()

    def _rests(self, claimed: ClaimedDelivery) -> bool:
        until = self.sender.resting.rests_until(claimed.member.address_key, self.sender.clock)
        if until is not None:
            self.resting[claimed.id] = until
        return until is not None

    def _render(self, signed: _SignedClaim) -> Message | None:
        delivery_id, tokens, claimed = signed
        id_ = claimed.subscriber_id
        recipient = self.recipient_builder.recipient(
            delivery_id,
            tokens,
            claimed,
            self.terms.get(id_, NO_TERMS),
            self.heroes,
            self.progress.get(id_, NO_PROGRESS),
        )
        if id_ in self.notes or id_ in self.giving:
            recipient = recipient._replace(
                note=self.notes.get(id_, ""), giving=self.giving.get(id_, NO_GIVING)
            )
        try:
            return self.renderer.render(recipient)
        except RenderError as error:
            self._note(claimed, render_failure(delivery_id, error))
            return None

    def _note(self, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        self.outcomes[claimed.id] = outcome
        self.provider_state.note(claimed.id, outcome)
        self.failures.note(outcome)
        self.sender.resting.note(claimed.member.address_key, outcome, self.sender.clock)
        if outcome.kind is not OutcomeKind.ACCEPTED:
            self._note_failure(claimed, outcome)
        elif self.net is None:
            self.streak.note_accepted()
        self.sender.on_progress(1)

    def _note_failure(self, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        if self.net is None:
            self.net = self.streak.note(
                claimed.id,
                outcome,
                self.sender.clock.now(),
                is_first_try=claimed.attempts <= 1,
                accepted_since=self.accepted_since,
            )
        self.is_failing |= self.failures.is_too_much or self.net is not None
