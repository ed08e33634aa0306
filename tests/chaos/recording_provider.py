"""A provider that records what it was given: a retry carries the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lovecampaign.core.message import Message, Outcome
from lovecampaign.providers.base.provider import FlightLog, Provider


class Remembering:
    """Hands everything on to a real provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self.leaves_machine = provider.leaves_machine
        self.takes_now = provider.takes_now
        self.is_throttled = provider.is_throttled
        self.claim_size = provider.claim_size
        #: Address → the bytes of each try.
        self.tries: dict[str, list[bytes]] = {}

    def check_connection(self) -> None:
        self._provider.check_connection()

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        return self._provider.send(self._noted(messages), flight)

    def has_sent(self, delivery_id: str) -> bool | None:
        return self._provider.has_sent(delivery_id)

    def disconnect(self) -> None:
        self._provider.disconnect()

    def close(self) -> None:
        self._provider.close()

    def _noted(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            self.tries.setdefault(message.to.email, []).append(message.raw)
            yield message
