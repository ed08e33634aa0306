"""What does a provider get of a message that was spliced? The same as of any other.

Nothing is put together before somebody asks: bytes, subject, text or HTML. Who sends to many
people in one request asks the variant instead: what is the same for all of its readers, and what
belongs into the holes for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from lovecampaign.core.message import Address, Message
from lovecampaign.render.fast.header_template import HeaderTemplate
from lovecampaign.render.fast.message_holes import HoleGroups
from lovecampaign.render.fast.splicer import Splicer
from lovecampaign.render.fast.substitutions import PersonalHole, Substitutions
from lovecampaign.render.fast.trace import TracedEmail, TracedValue
from lovecampaign.render.markup.escaping import OutputContext, escape
from lovecampaign.render.markup.skeleton import Skeleton
from lovecampaign.render.mime.email_headers import EmailHeaders
from lovecampaign.render.mime.headers import ascii_email
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail

#: Writes what stands in a hole of the shared text, by the hole's number.
Key = Callable[[int], str]


class Variant:
    """One way through an email, ready for everybody who takes it."""

    def __init__(
        self,
        traced: TracedEmail,
        compiled: CompiledEmail,
        header_template: HeaderTemplate,
        groups: HoleGroups[bytes],
        fillings: HoleGroups[str],
    ) -> None:
        self.envelope: EmailHeaders = header_template.envelope
        self._traced = traced
        self._compiled = compiled
        self._splicer = Splicer(traced, compiled, header_template, groups)
        self._holes = _personal_holes(traced, compiled)
        self._fillings = fillings
        #: For links as they looked last, and only where somebody asks.
        self._filling: Substitutions | None = None
        #: Whether messages are asked for what they share and for the rest, rather than for bytes.
        self._is_shared = False

    def message(self, recipient: Recipient) -> SplicedMessage:
        """One person's message; raises what its expressions raise, and RenderError.

        What was asked of the last one is worked out: whoever sends will ask the same of all.
        """
        if self._is_shared:
            return SubstitutedMessage(self, recipient)
        return SplicedMessage(self, recipient, self.pieces(recipient))

    def pieces(self, recipient: Recipient) -> Sequence[bytes]:
        """The bytes of one person's message, in pieces."""
        return self._splicer.pieces(recipient)

    @property
    def holes(self) -> Sequence[PersonalHole]:
        """What is personal: each value once for every way in which it is escaped."""
        return tuple(self._holes)

    def filled(self, recipient: Recipient) -> tuple[str, list[str]]:
        """The subject, and what stands in each hole for this person, escaped for its place."""
        self._is_shared = True
        filling = self._filling
        if filling is None or not filling.matches(recipient.links):
            filling = self._filling = Substitutions(self._places, self._fillings, recipient)
        values = filling.values(recipient)
        said = self._traced.subject
        return (said if isinstance(said, str) else values.pop()), values

    @cached_property
    def _places(self) -> Sequence[PersonalHole]:
        """The holes, and the subject: what it reads is read by some of them as a rule."""
        said = self._traced.subject
        return self.holes if isinstance(said, str) else (*self.holes, (said, OutputContext.PLAIN))

    def shared_text(self, key: Key) -> str:
        """The text part for everybody, with ``key(n)`` where ``substitutions[n]`` belongs."""
        return self._shared(self._compiled.text, key)

    def shared_html(self, key: Key) -> str:
        """The same of the HTML."""
        return self._shared(self._compiled.html, key)

    def subject(self, recipient: Recipient) -> str:
        said = self._traced.subject
        return said if isinstance(said, str) else str(said.value(recipient))

    def text(self, recipient: Recipient) -> str:
        return self._compiled.text.fill(self._values(recipient))

    def html(self, recipient: Recipient) -> str:
        return self._compiled.html.fill(self._values(recipient))

    def _values(self, recipient: Recipient) -> list[str]:
        said = self._traced.said
        return [one if isinstance(one, str) else one.value(recipient) for one in said]

    def _shared(self, skeleton: Skeleton, key: Key) -> str:
        said = [(self._traced.said[hole.number], hole.where) for hole in skeleton.holes]
        return skeleton.join([self._in_shared(one, where, key) for one, where in said])

    def _in_shared(self, said: TracedValue, where: OutputContext, key: Key) -> str:
        return escape(said, where) if isinstance(said, str) else key(self._holes[said, where])


class SplicedMessage(Message):
    """A message of a variant."""

    #: Quoted-printable writes a dot that begins a line as ``=2E``, and CRLF for every line end.
    is_ready_for_data = True
    __slots__ = ("_pieces", "_recipient", "variant")
    variant: Variant
    _recipient: Recipient
    _pieces: Sequence[bytes]

    def __init__(self, variant: Variant, recipient: Recipient, pieces: Sequence[bytes]) -> None:
        _set(self, "variant", variant)
        _set(self, "_recipient", recipient)
        _set(self, "delivery_id", recipient.delivery_id)
        _set(self, "_pieces", pieces)

    @property
    def raw(self) -> bytes:
        """64 KB of memory for each call: to be asked for once."""
        return b"".join(self._pieces)

    @property
    def sender(self) -> Address:
        return self.variant.envelope.sender

    @property
    def reply_to(self) -> Address:
        return self.variant.envelope.reply_to

    @property
    def to(self) -> Address:
        return self.variant.envelope.to(self._recipient)

    @property
    def to_email(self) -> str:
        return ascii_email(self._recipient.subscriber.email)

    @property
    def subject(self) -> str:
        return self.variant.subject(self._recipient)

    @property
    def text(self) -> str:
        return self.variant.text(self._recipient)

    @property
    def html(self) -> str:
        return self.variant.html(self._recipient)

    @property
    def headers(self) -> Mapping[str, str]:
        return self.variant.envelope.headers(self._recipient)

    @property
    def substitutions(self) -> list[str]:
        """What stands in each of the variant's holes for this person."""
        return self.variant.filled(self._recipient)[1]


class SubstitutedMessage(SplicedMessage):
    """A message of a variant, for who sends to many in one request and needs no bytes."""

    __slots__ = ("headers", "subject", "substitutions", "to")
    to: Address
    subject: str
    headers: Mapping[str, str]
    substitutions: list[str]

    def __init__(self, variant: Variant, recipient: Recipient) -> None:
        _set(self, "variant", variant)
        _set(self, "_recipient", recipient)
        _set(self, "delivery_id", recipient.delivery_id)
        _set(self, "to", variant.envelope.to(recipient))
        _set(self, "headers", variant.envelope.headers(recipient))
        subject, substitutions = variant.filled(recipient)
        _set(self, "subject", subject)
        _set(self, "substitutions", substitutions)

    @property
    def raw(self) -> bytes:
        """The same bytes, although nobody was expected to ask for them."""
        return b"".join(self.variant.pieces(self._recipient))


#: A frozen dataclass guards its attributes from everybody, its own constructor included.
_set = object.__setattr__


def _personal_holes(traced: TracedEmail, compiled: CompiledEmail) -> Mapping[PersonalHole, int]:
    """A number for each personal value and place; printed twice in a way, it is one hole."""
    numbers: dict[PersonalHole, int] = {}
    for hole in (*compiled.text.holes, *compiled.html.holes):
        said = traced.said[hole.number]
        if not isinstance(said, str):
            numbers.setdefault((said, hole.where), len(numbers))
    return numbers
