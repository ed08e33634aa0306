"""What a provider receives, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol


class Address(NamedTuple):
    """An email address and, where known, the name of who reads there."""

    email: str
    name: str = ""


class SharedContent(Protocol):
    """What everybody gets who takes the same way through an email, with holes in it."""

    def shared_text(self, key: Callable[[int], str]) -> str:
        """The text part, with ``key(n)`` where the n-th of a person's substitutions belongs."""
        ...

    def shared_html(self, key: Callable[[int], str]) -> str:
        """The same of the HTML."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One rendered email for one person, ready to leave.

    ``raw`` is the whole message (RFC 5322, CRLF line ends), for providers that speak MIME;
    the parts are for providers that build the message themselves.
    """

    #: Opaque; stands in ``X-Lovecampaign-Delivery`` and in SendGrid's ``custom_args.lc_id``.
    delivery_id: str
    sender: Address
    reply_to: Address
    to: Address
    subject: str
    text: str
    html: str
    #: Extra headers in order, values not yet encoded: List-Id, List-Unsubscribe, Feedback-ID …
    #: Never From, To, Reply-To, Subject, Content-*.
    headers: Mapping[str, str]
    raw: bytes

    #: Whether ``raw`` is known to be ASCII with CRLF line ends only, the last byte included, and
    #: no line that begins with a dot: SMTP takes it as it is. To look for that costs more than to
    #: send.
    is_ready_for_data: ClassVar[bool] = False

    @property
    def to_email(self) -> str:
        """The address alone, which is asked for where the name is not."""
        return self.to.email

    @property
    def variant(self) -> SharedContent | None:
        """What it shares with others, for providers that carry many people in one request."""
        return None

    @property
    def substitutions(self) -> Sequence[str]:
        """What stands in each hole of the variant, escaped for its place."""
        return ()


class OutcomeKind(StrEnum):
    """What became of a message, as far as the provider told."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"  #: not taken now; trying again is safe
    PERMANENT = "permanent"  #: will never be taken
    UNKNOWN = "unknown"  #: it may or may not have been taken: never try again silently


class FaultKind(StrEnum):
    """Whose doing a refusal is: decides suppression, pausing and stopping."""

    RECIPIENT = "recipient"  #: the address is bad for good: suppress it
    MAILBOX = "mailbox"  #: full or resting: a soft bounce
    POLICY = "policy"  #: they refuse *us*: never the recipient's fault
    MESSAGE = "message"  #: this message could not be rendered, or is too large
    PROVIDER = "provider"  #: connection lost, rate limit, server in trouble
    CONFIGURATION = "configuration"  #: credentials or sender refused: stop the run


class Outcome(NamedTuple):
    """The provider's answer for one message, of which there are many.

    A tuple: to make a frozen dataclass took three times as long.
    """

    delivery_id: str
    kind: OutcomeKind
    #: Whose doing, for every kind but ACCEPTED.
    fault: FaultKind | None = None
    #: Reply text for people, without secrets and without the recipient's address.
    detail: str = ""
    #: The provider's own id of the message or request, where it gave one.
    provider_message_id: str | None = None
    #: How long the provider asked us to wait before anything else goes to it.
    retry_after_seconds: float | None = None
    #: No connection could be had: nobody was asked to take this message.
    is_unasked: bool = False
    #: Of CONFIGURATION: it may have been this recipient after all, so others go first next time.
    is_about_one: bool = False
    #: The same answer stands for others, and was counted with one of them.
    is_repeated: bool = False

    @property
    def is_outage(self) -> bool:
        """Whether the server is away, rather than there and refusing us."""
        if not self.is_unasked:
            return False
        return self.kind is OutcomeKind.TRANSIENT and self.fault is FaultKind.PROVIDER
