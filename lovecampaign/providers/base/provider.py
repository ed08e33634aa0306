"""What is a provider? The one Protocol that every way out implements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from lovecampaign.core.message import Message, Outcome


class FlightLog(Protocol):
    """Notes what is in the air, so that a crash leaves as little doubt as possible.

    Those who share a request are noted together: a note of its own for each took longer than
    the request.
    Providers with several connections call it from several threads at once.
    """

    def writing(self, *delivery_ids: str) -> None:
        """Called right before the first byte goes out that the other side could act on."""
        ...

    def answered(self, *outcomes: Outcome) -> None:
        """Called as soon as the outcomes are known, before they are handed on."""
        ...


class Provider(Protocol):
    """A way out for messages; owns its connections and closes them."""

    #: As ``status`` and logs name it, without secrets: ``smtp://mail.example:587``.
    name: str
    #: Whether mail leaves this machine: asks for confirmation, https links, real senders.
    leaves_machine: bool
    #: Whether the clock may be replaced with ``--now``: maildir, memory and loopback hosts.
    takes_now: bool
    #: Whether ``max_per_second`` holds here: somebody else's server does the receiving.
    is_throttled: bool
    #: How many messages one claim should hold (50 a connection, or one request's worth).
    claim_size: int

    def check_connection(self) -> None:
        """Reach the other side and log in; raises Unreachable that says what to do."""
        ...

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        """Send each message once; yield an outcome for each, in completion order.

        ``messages`` is taken lazily, by one thread at a time, and not always the caller's. It
        may raise: then what is in the air is finished and yielded first, and the exception is
        raised after. So does an exception of ``flight``. Faults of the network and of the
        other side are outcomes, never exceptions. Leaving the iterator early finishes what is
        in the air and takes no more.
        """
        ...

    def has_sent(self, delivery_id: str) -> bool | None:
        """Whether a message did leave, for recovery; None where this way out cannot tell."""
        ...

    def close(self) -> None: ...
