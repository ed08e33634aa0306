"""A provider for tests and measurements: it sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.providers.base.outcomes import Verdict, accepted
from lovecampaign.providers.base.provider import FlightLog

Script = Callable[[Message], Verdict]


def accept_all(_message: Message) -> Verdict:
    return accepted("kept in memory")


class MemoryProvider:
    """Keeps accepted messages, or only counts them; ``script`` decides the outcome of each."""

    name = "memory:"
    leaves_machine = False
    takes_now = True
    is_throttled = False
    claim_size = 100

    def __init__(self, script: Script = accept_all, *, keeps: bool = True) -> None:
        self.script = script
        self.keeps = keeps
        self.sent: list[Message] = []
        self.accepted = 0

    def check_connection(self) -> None:
        """There is none to check."""

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        for message in messages:
            flight.writing(message.delivery_id)
            outcome = self.script(message).on(message)
            if outcome.kind is OutcomeKind.ACCEPTED:
                self.accepted += 1
                if self.keeps:
                    self.sent.append(message)
            flight.answered(outcome)
            yield outcome

    def has_sent(self, delivery_id: str) -> bool | None:
        if not self.keeps:
            return None
        return any(message.delivery_id == delivery_id for message in self.sent)

    def disconnect(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is nothing to close."""
