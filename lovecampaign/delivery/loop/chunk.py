"""How do a handful of claims become messages on the wire, and outcomes?

Rendering happens a few messages at a time, while the provider asks for the next, so that memory
stays flat and a slow server slows rendering down.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.delivery.base.deal_terms import NO_TERMS, DealTerms
from lovecampaign.delivery.base.provider_state import ProviderState
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.sender import Sender, wall_clock
from lovecampaign.delivery.base.settlements import render_failure
from lovecampaign.delivery.base.throttle import Throttle
from lovecampaign.delivery.loop.brake import FailureStreak
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.sending.claimed import ClaimedDelivery

#: Messages without a pace are made some at a time: what makes them is at the processor's hand
#: then, which between two writes of 64 KB each it is not.
_RENDERED_TOGETHER = 16


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Claims on their way out. Used once."""

    sender: Sender
    renderer: EmailRenderer
    addressing: RecipientBuilder
    claims: Sequence[ClaimedDelivery]
    #: The claim looked behind this delivery id.
    after_id: int
    terms: Mapping[int, DealTerms]
    #: None: as fast as the provider takes them.
    pace: Throttle | None
    #: Whether somebody has paused the campaign, or cancelled the email.
    is_called_off: Callable[[], bool] = lambda: False
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    reception: ProviderState = field(default_factory=ProviderState)
    failures: FailureStreak = field(default_factory=FailureStreak)
    #: Whether so much went wrong at a time that nothing more was written.
    is_failing: bool = False

    def send(self) -> None:
        """Put every claim on the wire, or as many as could be before somebody said stop."""
        by_delivery_id = {self.addressing.delivery_id(each): each for each in self.claims}
        journal = self.sender.owner.journal
        for outcome in self.sender.provider.send(self._messages(by_delivery_id), journal):
            self._note(by_delivery_id[outcome.delivery_id], outcome)

    @property
    def has_refusals(self) -> bool:
        """Whether any answer was another than yes."""
        return len(self.outcomes) < len(self.claims) or any(
            each.kind is not OutcomeKind.ACCEPTED for each in self.outcomes.values()
        )

    def _messages(self, claims: Mapping[str, ClaimedDelivery]) -> Iterator[Message]:
        number, waiting = 0, iter(claims.items())
        together = _RENDERED_TOGETHER if self.pace is None else 1
        while some := list(itertools.islice(waiting, together)):
            self._keep_pace(number)
            if self._must_stop:
                return
            number += len(some)
            for message in [self._render(*each) for each in some]:
                if self._must_stop:
                    return
                if message is not None:
                    yield message

    @property
    def _must_stop(self) -> bool:
        has_trouble = self.reception.is_closed or self.is_failing
        return has_trouble or self.sender.stop.is_set() or self.is_called_off()

    def _keep_pace(self, number: int) -> None:
        if self.pace is not None:
            self.sender.wait(self.pace.due(number) - wall_clock())

    def _render(self, delivery_id: str, claimed: ClaimedDelivery) -> Message | None:
        terms = self.terms.get(claimed.subscriber_id, NO_TERMS)
        recipient = self.addressing.recipient(delivery_id, claimed, terms)
        try:
            return self.renderer.render(recipient)
        except RenderError as error:
            self._note(claimed, render_failure(delivery_id, error))
            return None

    def _note(self, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        self.outcomes[claimed.id] = outcome
        self.reception.note(claimed.id, outcome)
        self.failures.note(outcome)
        self.is_failing |= self.failures.is_too_much
        self.sender.on_progress(1)
