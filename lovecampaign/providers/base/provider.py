"""The one Protocol that every provider implements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from lovecampaign.core.message import Message, Outcome


class FlightLog(Protocol):
    """Records which messages are in flight: a crash then leaves few of them in doubt.

    The messages of one request are recorded together: one record each took longer than the request.
    Providers with several connections call it from several threads at once.
    """

    def writing(self, *delivery_ids: str) -> None:
        """Called right before the first byte that the server could act on."""
        ...

    def answered(self, *outcomes: Outcome) -> None:
        """Called as soon as the outcomes are known, before they are yielded."""
        ...


class Provider(Protocol):
    """Sends messages; owns its connections and closes them."""

    #: For ``status`` and logs, without secrets: ``smtp://mail.example:587``.
    name: str
    #: Whether mail leaves this machine: asks for confirmation, https links, real senders.
    leaves_machine: bool
    #: Whether ``--now`` is allowed: maildir, memory and loopback hosts.
    takes_now: bool
    #: Whether the throttle (``max_per_second``) applies: a server receives the messages.
    is_throttled: bool
    #: Messages per claim (50 per connection, or one request).
    claim_size: int

    def check_connection(self) -> None:
        """Connect and log in; raises Unreachable with a hint."""
        ...

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        """Send each message once; yield an outcome for each, in completion order.

        ``messages`` is consumed lazily, by one thread at a time, not always the caller's. Where it
        raises, the messages in flight are finished and yielded first, then the exception is raised;
        the same for an exception of ``flight``. Faults of network and server are outcomes, never
        exceptions. Closing the iterator early finishes the messages in flight and takes no more.
        """
        ...

    def has_sent(self, delivery_id: str) -> bool | None:
        """Whether a message was sent, for recovery; None where the provider cannot tell."""
        ...

    def disconnect(self) -> None:
        """Close connections that count for a limit of the server; later messages open new ones."""
        ...

    def close(self) -> None: ...
