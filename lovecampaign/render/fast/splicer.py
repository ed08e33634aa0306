"""Splices the bytes of a message: static pieces, encoded once, with values between them.

The parts of a message are picked from a pool that holds each of them once: the personal headers,
the tokens of the links, the static pieces and the written holes, group by group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from lovecampaign.render.fast.header_template import HeaderHole, HeaderTemplate
from lovecampaign.render.fast.links import LinkToken, ShapeBound, cut_link, is_link, tokens_of
from lovecampaign.render.fast.message_holes import HoleGroups, MessageHole
from lovecampaign.render.fast.trace import TracedEmail, TracedValue
from lovecampaign.render.markup.escaping import OutputContext, escape_for
from lovecampaign.render.markup.skeleton import Skeleton
from lovecampaign.render.mime.headers import encode_words
from lovecampaign.render.mime.quoted_printable import quote_pieces, quote_value
from lovecampaign.render.mime.signed_links import SignedLinks
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compile import CompiledEmail
from lovecampaign.render.values.inputs import UNSUBSCRIBE_LINK

Part = bytes | HeaderHole | LinkToken | MessageHole[bytes]

#: Leaves room in a header line for the mailto address of the unsubscribe header.
_LONGEST_LINK = 250
#: Plain values are written as they are; in a link even ``@`` is encoded.
_TAKE_PLAIN = (OutputContext.TEXT, OutputContext.ATTRIBUTE, OutputContext.PLAIN)


class SpliceLayout(ShapeBound):
    """The pool and the order of a variant's parts, for links of one shape."""

    def __init__(
        self,
        parts: Iterable[Part],
        header_template: HeaderTemplate,
        groups: HoleGroups[bytes],
        recipient: Recipient,
    ) -> None:
        super().__init__(recipient.links)
        self._personal = header_template.personal
        ordered = list(_merged(_with_cut_links(parts, recipient)))
        self._tokens = list(dict.fromkeys(part for part in ordered if isinstance(part, LinkToken)))
        self._statics = list(dict.fromkeys(part for part in ordered if isinstance(part, bytes)))
        self.groups = groups.of(part for part in ordered if isinstance(part, MessageHole))
        holes = [hole for group in self.groups for hole in group.holes]
        pool: list[Part] = [*HeaderTemplate.PERSONAL, *self._tokens, *self._statics, *holes]
        places = {part: place for place, part in enumerate(pool)}
        self._pick: Callable[[list[bytes]], tuple[bytes, ...]] = itemgetter(
            *(places[part] for part in ordered)
        )

    def pieces(self, recipient: Recipient) -> Sequence[bytes]:
        """The whole message, in order, for a recipient with links of the shape."""
        pool = self._personal(recipient)
        if isinstance(recipient.links, SignedLinks):
            pool += tokens_of(recipient.links, self._tokens)
        pool += self._statics
        for group in self.groups:
            pool += group.written_for(recipient)
        return self._pick(pool)


def _with_cut_links(parts: Iterable[Part], recipient: Recipient) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, MessageHole) and is_link(part.expression):
            yield from cut_link(part, recipient) or (part,)
        else:
            yield part


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbouring bytes in one piece."""
    for is_static, run in groupby(parts, lambda part: isinstance(part, bytes)):
        if is_static:
            yield b"".join(part for part in run if isinstance(part, bytes))
        else:
            yield from run


def parts_of(
    traced: TracedEmail, compiled: CompiledEmail, header_template: HeaderTemplate
) -> Iterator[Part]:
    """A variant's message from its first byte to its last."""
    of_variant: Mapping[bytes | HeaderHole, Part] = {
        HeaderHole.SUBJECT: _part(traced.subject, _write_subject),
        HeaderHole.UNSUBSCRIBE: MessageHole(UNSUBSCRIBE_LINK, _write_link),
    }
    yield from (of_variant.get(one, one) for one in header_template.before_text)
    yield from _body(compiled.text, traced.values)
    yield from header_template.before_html
    yield from _body(compiled.html, traced.values)
    yield from header_template.after_html


def _body(skeleton: Skeleton, values: Sequence[TracedValue]) -> Iterator[Part]:
    """The same bytes as ``quote_body`` gives."""
    first, *others = quote_pieces(skeleton.pieces)
    yield first
    for hole, piece in zip(skeleton.holes, others, strict=True):
        write = _WRITERS[hole.context]
        yield _part(values[hole.number], write, allows_plain=hole.context in _TAKE_PLAIN)
        yield piece


def _part(value: TracedValue, write: Callable[[str], bytes], *, allows_plain: bool = False) -> Part:
    return write(value) if isinstance(value, str) else MessageHole(value, write, allows_plain)


def _write_subject(subject: str) -> bytes:
    return encode_words(subject, len("Subject: ")).encode("ascii")


def _write_link(link: str) -> bytes:
    """Unencoded, as List-Unsubscribe must be; the plain path decides about unusual links."""
    if len(link) > _LONGEST_LINK or not (link.isascii() and link.isprintable()):
        raise RenderError("the unsubscribe link is long, or not plain ASCII")
    return link.encode("ascii")


def _writer(context: OutputContext) -> Callable[[str], bytes]:
    escape = escape_for(context)
    return lambda value: quote_value(escape(value))


_WRITERS: Mapping[OutputContext, Callable[[str], bytes]] = {
    one: _writer(one) for one in OutputContext
}
