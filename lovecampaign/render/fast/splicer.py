"""How does a variant of an email become one person's message? Static bytes, values between.

Everything that is the same for all readers of a variant is encoded once, headers included. What
depends on the same leaves of a person is worked out together, and remembered by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lovecampaign.render.fast.header_template import HeaderHole, HeaderTemplate
from lovecampaign.render.fast.layout import Part, SpliceLayout
from lovecampaign.render.fast.message_holes import HoleGroups, MessageHole
from lovecampaign.render.fast.trace import TracedEmail, TracedValue
from lovecampaign.render.markup.escaping import OutputContext, escape_for
from lovecampaign.render.markup.skeleton import Skeleton
from lovecampaign.render.mime.headers import encode_words
from lovecampaign.render.mime.quoted_printable import quote_piece, quote_value
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail
from lovecampaign.render.values.inputs import UNSUBSCRIBE_LINK

#: Leaves room in a header line for the address to write to, whatever that is.
_LONGEST_LINK = 250
#: Must begin like a link, so not even plain words go in unseen.
_WHOLE_LINKS = (OutputContext.LINK, OutputContext.PLAIN_LINK)


class Splicer:
    """Writes the messages of one variant."""

    def __init__(
        self,
        traced: TracedEmail,
        compiled: CompiledEmail,
        header_template: HeaderTemplate,
        groups: HoleGroups[bytes],
    ) -> None:
        self._header_template = header_template
        self._groups = groups
        self._parts = tuple(_parts(traced, compiled, header_template))
        #: For links as they looked last: those of a campaign all look alike.
        self.layout: SpliceLayout | None = None

    def pieces(self, recipient: Recipient) -> Sequence[bytes]:
        """The whole message, in pieces; raises what its expressions raise, and RenderError."""
        layout = self.layout
        if layout is None or not layout.matches(recipient.links):
            layout = self.layout = SpliceLayout(
                self._parts, self._header_template, self._groups, recipient
            )
        return layout.pieces(recipient)


def _parts(
    traced: TracedEmail, compiled: CompiledEmail, header_template: HeaderTemplate
) -> Iterator[Part]:
    """A message from its first byte to its last."""
    of_variant: Mapping[bytes | HeaderHole, Part] = {
        HeaderHole.SUBJECT: _part(traced.subject, _write_subject),
        HeaderHole.UNSUBSCRIBE: MessageHole(UNSUBSCRIBE_LINK, _write_link),
    }
    yield from (of_variant.get(one, one) for one in header_template.before_text)
    yield from _body(compiled.text, traced.said)
    yield from header_template.before_html
    yield from _body(compiled.html, traced.said)
    yield from header_template.after_html


def _body(skeleton: Skeleton, said: Sequence[TracedValue]) -> Iterator[Part]:
    """The same bytes as ``quote_body`` gives."""
    last = len(skeleton.holes)
    for number, piece in enumerate(skeleton.pieces):
        yield quote_piece(piece, is_first=number == 0, is_last=number == last)
        if number < last:
            hole = skeleton.holes[number]
            yield _part(
                said[hole.number],
                _WRITERS[hole.where],
                allows_plain=hole.where not in _WHOLE_LINKS,
            )


def _part(said: TracedValue, write: Callable[[str], bytes], *, allows_plain: bool = False) -> Part:
    return write(said) if isinstance(said, str) else MessageHole(said, write, allows_plain)


def _write_subject(subject: str) -> bytes:
    return encode_words(subject, len("Subject: ")).encode("ascii")


def _write_link(link: str) -> bytes:
    """As it is: List-Unsubscribe is never encoded. The plain path judges the odd ones."""
    if len(link) > _LONGEST_LINK or not (link.isascii() and link.isprintable()):
        raise RenderError("the unsubscribe link is long, or not plain ASCII")
    return link.encode("ascii")


def _writer(where: OutputContext) -> Callable[[str], bytes]:
    escape = escape_for(where)
    return lambda value: quote_value(escape(value))


_WRITERS: Mapping[OutputContext, Callable[[str], bytes]] = {
    where: _writer(where) for where in OutputContext
}
