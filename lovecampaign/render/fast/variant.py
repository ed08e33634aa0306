"""Variants of an email, and the messages that are spliced from them.

A message is assembled only as far as it is asked for: bytes, subject, text or HTML. A provider
with one request for many subscribers asks the variant for the text that they share, and each
message for its substitutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from lovecampaign.core.message import Address, Message
from lovecampaign.render.fast.header_template import HeaderTemplate
from lovecampaign.render.fast.message_holes import HoleGroups
from lovecampaign.render.fast.splicer import SpliceLayout, parts_of
from lovecampaign.render.fast.substitutions import PersonalHole, Substitutions
from lovecampaign.render.fast.trace import TracedEmail, TracedValue
from lovecampaign.render.markup.escaping import OutputContext, escape
from lovecampaign.render.markup.skeleton import Skeleton
from lovecampaign.render.mime.headers import ascii_email
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail

#: Writes the placeholder of hole number ``n`` in the shared text.
Key = Callable[[int], str]


class Variant:
    """One way through an email, ready for all subscribers that take it."""

    def __init__(
        self,
        traced: TracedEmail,
        compiled: CompiledEmail,
        header_template: HeaderTemplate,
        groups: HoleGroups[bytes],
        substitution_groups: HoleGroups[str],
    ) -> None:
        self.email_headers = header_template.email_headers
        self._traced = traced
        self._compiled = compiled
        self._header_template = header_template
        self._groups = groups
        self._parts = tuple(parts_of(traced, compiled, header_template))
        #: For links of the shape seen last: all of a campaign have the same.
        self.layout: SpliceLayout | None = None
        self._holes = _personal_holes(traced, compiled)
        self._substitution_groups = substitution_groups
        #: The same, once it is asked for.
        self._substitutions: Substitutions | None = None
        #: Whether messages are asked for substitutions rather than for bytes.
        self._is_shared = False

    def message(self, recipient: Recipient) -> SplicedMessage:
        """One subscriber's message; raises what its expressions raise, and RenderError.

        Computes at once what the message before was asked for: a provider asks all of them alike.
        """
        if self._is_shared:
            return SubstitutedMessage(self, recipient)
        return SplicedMessage(self, recipient, self.pieces(recipient))

    def pieces(self, recipient: Recipient) -> Sequence[bytes]:
        """The bytes of one subscriber's message, in pieces."""
        layout = self.layout
        if layout is None or not layout.matches(recipient.links):
            layout = self.layout = SpliceLayout(
                self._parts, self._header_template, self._groups, recipient
            )
        return layout.pieces(recipient)

    @property
    def holes(self) -> Sequence[PersonalHole]:
        """The personal values, each once per context that it is escaped for."""
        return tuple(self._holes)

    def substitute(self, recipient: Recipient) -> tuple[str, list[str]]:
        """The subject, and the escaped value of each hole."""
        self._is_shared = True
        substitutions = self._substitutions
        if substitutions is None or not substitutions.matches(recipient.links):
            substitutions = self._substitutions = Substitutions(
                self._substituted, self._substitution_groups, recipient
            )
        values = substitutions.values(recipient)
        subject = self._traced.subject
        return (subject if isinstance(subject, str) else values.pop()), values

    @cached_property
    def _substituted(self) -> Sequence[PersonalHole]:
        """The holes, and the subject, which as a rule reads the same inputs as some of them."""
        subject = self._traced.subject
        if isinstance(subject, str):
            return self.holes
        return (*self.holes, (subject, OutputContext.PLAIN))

    def shared_text(self, key: Key) -> str:
        """The text part for all subscribers, with ``key(n)`` in place of ``substitutions[n]``."""
        return self._shared(self._compiled.text, key)

    def shared_html(self, key: Key) -> str:
        """The same of the HTML."""
        return self._shared(self._compiled.html, key)

    def subject(self, recipient: Recipient) -> str:
        return _value(self._traced.subject, recipient)

    def text(self, recipient: Recipient) -> str:
        return self._compiled.text.fill(self._values(recipient))

    def html(self, recipient: Recipient) -> str:
        return self._compiled.html.fill(self._values(recipient))

    def _values(self, recipient: Recipient) -> list[str]:
        return [_value(one, recipient) for one in self._traced.values]

    def _shared(self, skeleton: Skeleton, key: Key) -> str:
        values = [(self._traced.values[hole.number], hole.context) for hole in skeleton.holes]
        return skeleton.join(
            escape(value, context) if isinstance(value, str) else key(self._holes[value, context])
            for value, context in values
        )


def _value(value: TracedValue, recipient: Recipient) -> str:
    return value if isinstance(value, str) else str(value.value(recipient))


def _personal_holes(traced: TracedEmail, compiled: CompiledEmail) -> Mapping[PersonalHole, int]:
    """A number for each personal value and context; printed twice, it is still one hole."""
    numbers: dict[PersonalHole, int] = {}
    for hole in (*compiled.text.holes, *compiled.html.holes):
        value = traced.values[hole.number]
        if not isinstance(value, str):
            numbers.setdefault((value, hole.context), len(numbers))
    return numbers


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
        """Allocates 64 KB per call, so ask once."""
        return b"".join(self._pieces)

    @property
    def sender(self) -> Address:
        return self.variant.email_headers.sender

    @property
    def reply_to(self) -> Address:
        return self.variant.email_headers.reply_to

    @property
    def bounce_to(self) -> str:
        return self.variant.email_headers.bounce_to

    @property
    def to(self) -> Address:
        return self.variant.email_headers.to(self._recipient)

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
        return self.variant.email_headers.fields(self._recipient)

    @property
    def substitutions(self) -> list[str]:
        """The value of each of the variant's holes."""
        return self.variant.substitute(self._recipient)[1]


class SubstitutedMessage(SplicedMessage):
    """A message of a variant, for a request to many subscribers, which needs no bytes."""

    __slots__ = ("headers", "subject", "substitutions", "to")
    to: Address
    subject: str
    headers: Mapping[str, str]
    substitutions: list[str]

    def __init__(self, variant: Variant, recipient: Recipient) -> None:
        _set(self, "variant", variant)
        _set(self, "_recipient", recipient)
        _set(self, "delivery_id", recipient.delivery_id)
        _set(self, "to", variant.email_headers.to(recipient))
        _set(self, "headers", variant.email_headers.fields(recipient))
        subject, substitutions = variant.substitute(recipient)
        _set(self, "subject", subject)
        _set(self, "substitutions", substitutions)

    @property
    def raw(self) -> bytes:
        """The same bytes, computed only here."""
        return b"".join(self.variant.pieces(self._recipient))


#: Assigns in spite of the frozen dataclass that Message is.
_set = object.__setattr__
