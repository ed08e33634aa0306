"""The interface to providers: a rendered message, and the outcome of sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol


class Address(NamedTuple):
    """An email address and, where known, a display name."""

    email: str
    name: str = ""


class SharedContent(Protocol):
    """The content that all subscribers of one variant share, with holes for substitutions."""

    def shared_text(self, key: Callable[[int], str]) -> str:
        """The text part, with ``key(n)`` in the place of the n-th substitution."""
        ...

    def shared_html(self, key: Callable[[int], str]) -> str:
        """The HTML part, in the same way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One email rendered for one subscriber.

    ``raw`` is the whole message (RFC 5322, CRLF line ends), for providers that speak MIME;
    the parts are for providers that build the message themselves.
    """

    #: Opaque; sent in ``X-Lovecampaign-Delivery`` and in SendGrid's ``custom_args.lc_id``.
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
    #: Where bounces go; '' for the sender's address.
    bounce_to: str = ""

    #: Whether ``raw`` is known to be valid SMTP DATA: ASCII, only CRLF line ends, one at the end,
    #: and no line that begins with a dot. To check that takes longer than to send.
    is_ready_for_data: ClassVar[bool] = False

    @property
    def to_email(self) -> str:
        """The recipient's address without the name."""
        return self.to.email

    @property
    def envelope_sender(self) -> str:
        """The address of MAIL FROM: of each message its own, where ``bounce_to`` is given."""
        return tagged_address(self.bounce_to, self.delivery_id) or self.sender.email

    @property
    def variant(self) -> SharedContent | None:
        """The shared content, for providers that send to many recipients in one request."""
        return None

    @property
    def substitutions(self) -> Sequence[str]:
        """The value of each hole of the variant, escaped for its place."""
        return ()


def tagged_address(address: str, tag: str) -> str:
    """``bounces+TAG@bloom.example`` (plus-addressing); '' without an address."""
    local, at, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}" if at else ""


class OutcomeKind(StrEnum):
    """The result of sending a message, as far as the provider reported it."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"  #: not accepted now; a retry is safe
    PERMANENT = "permanent"  #: will never be accepted
    UNKNOWN = "unknown"  #: accepted or not: never retried automatically


class FaultKind(StrEnum):
    """The cause of a failure: decides on suppression, pausing and stopping."""

    RECIPIENT = "recipient"  #: the address is bad for good: suppress it
    MAILBOX = "mailbox"  #: full or inactive: a soft bounce
    DESTINATION = "destination"  #: no server takes mail for the recipient's domain: a soft bounce
    UNCLEAR = "unclear"  #: rejected for a reason that is not understood: this delivery alone fails
    QUOTA = "quota"  #: our own sending limit is reached: nothing is sent for a while
    POLICY = "policy"  #: the server rejects *us*: not the recipient's fault
    MESSAGE = "message"  #: this message could not be rendered, or is too large
    SUBSCRIBER = "subscriber"  #: the subscriber's own data cannot be printed: no other letter fails
    PROVIDER = "provider"  #: connection lost, rate limit, server error
    CONFIGURATION = "configuration"  #: credentials or sender rejected: stop the run


class Outcome(NamedTuple):
    """The provider's answer for one message.

    A tuple: a frozen dataclass takes three times as long to create.
    """

    delivery_id: str
    kind: OutcomeKind
    #: The cause, for every kind but ACCEPTED.
    fault: FaultKind | None = None
    #: The reply text, without secrets and without the recipient's address.
    detail: str = ""
    #: The provider's own id of the message or request, where it gave one.
    provider_message_id: str | None = None
    #: How long the provider asked us to wait before the next request.
    retry_after_seconds: float | None = None
    #: There was no connection: this message was never offered.
    is_unasked: bool = False
    #: Of CONFIGURATION: the recipient may be the cause, so others go first next time.
    is_about_one: bool = False
    #: The same answer applies to other messages, and was counted with one of them.
    is_repeated: bool = False

    @property
    def is_outage(self) -> bool:
        """Whether the server could not be reached, as opposed to one that rejects us."""
        return self.is_unasked and self._is_providers_fault and self.retry_after_seconds is None

    @property
    def is_held(self) -> bool:
        """Whether we send too fast: the provider takes the message after a wait."""
        return self._is_providers_fault and self.retry_after_seconds is not None

    @property
    def _is_providers_fault(self) -> bool:
        return self.kind is OutcomeKind.TRANSIENT and self.fault is FaultKind.PROVIDER
