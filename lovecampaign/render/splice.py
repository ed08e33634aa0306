"""How does a variant of an email become one person's message? Static bytes, values between.

Everything that is the same for all readers of a variant is encoded once, headers included. What
depends on the same leaves of a person is worked out together, and remembered by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from lovecampaign.render.compiled import Compiled
from lovecampaign.render.errors import RenderError
from lovecampaign.render.escaping import Where, escape_for
from lovecampaign.render.headers import encode_words
from lovecampaign.render.leaves import UNSUBSCRIBE_LINK
from lovecampaign.render.letterhead import Letterhead, Personal
from lovecampaign.render.link_slots import LinkSlots, is_link_slot
from lovecampaign.render.quoted import quote_piece, quote_value
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.skeleton import Skeleton
from lovecampaign.render.slots import Slot, SlotGroup
from lovecampaign.render.tracing import Said, Traced

Part = bytes | Personal | Slot

#: Leaves room in a header line for the address to write to, whatever that is.
_LONGEST_LINK = 250


class Splicer:
    """Writes the messages of one variant."""

    def __init__(self, traced: Traced, compiled: Compiled, letterhead: Letterhead) -> None:
        self._letterhead = letterhead
        parts = list(_merged(_parts(traced, compiled, letterhead)))
        self._statics = list(dict.fromkeys(part for part in parts if isinstance(part, bytes)))
        self._groups = _grouped(part for part in parts if isinstance(part, Slot))
        self._pick = itemgetter(*self._order(parts))

    def raw(self, recipient: Recipient) -> bytes:
        """The whole message; raises what its expressions raise, and RenderError."""
        pool = self._letterhead.personal(recipient)
        pool += self._statics
        for group in self._groups:
            pool += group.bytes_for(recipient)
        return b"".join(self._pick(pool))

    def _order(self, parts: Sequence[Part]) -> Iterator[int]:
        """Where each part lies in the pool: what is personal, what is static, each group."""
        slots = [slot for group in self._groups for slot in group.slots]
        places: dict[Part, int] = {}
        pool: list[Part] = [*Letterhead.PERSONAL, *self._statics, *slots]
        for part in pool:
            places.setdefault(part, len(places))
        return (places[part] for part in parts)


def _parts(traced: Traced, compiled: Compiled, letterhead: Letterhead) -> Iterator[Part]:
    """A message from its first byte to its last."""
    of_variant: Mapping[bytes | Personal, Part] = {
        Personal.SUBJECT: _part(traced.subject, _write_subject),
        Personal.UNSUBSCRIBE: Slot(UNSUBSCRIBE_LINK, _write_link),
    }
    yield from (of_variant.get(one, one) for one in letterhead.before_text)
    yield from _body(compiled.text, traced.said)
    yield from letterhead.before_html
    yield from _body(compiled.html, traced.said)
    yield from letterhead.after_html


def _body(skeleton: Skeleton, said: Sequence[Said]) -> Iterator[Part]:
    """The same bytes as ``quote_body`` gives."""
    last = len(skeleton.holes)
    for number, piece in enumerate(skeleton.pieces):
        yield quote_piece(piece, is_first=number == 0, is_last=number == last)
        if number < last:
            hole = skeleton.holes[number]
            yield _part(said[hole.number], _WRITERS[hole.where])


def _part(said: Said, write: Callable[[str], bytes]) -> Part:
    return write(said) if isinstance(said, str) else Slot(said, write)


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbouring bytes in one piece."""
    static: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            static.append(part)
            continue
        yield b"".join(static)
        yield part
        static = []
    yield b"".join(static)


def _grouped(slots: Iterable[Slot]) -> list[SlotGroup | LinkSlots]:
    """Each slot in the group of those that depend on the same."""
    links: dict[Slot, None] = {}
    others: dict[Reads, dict[Slot, None]] = {}
    for slot in slots:
        group = links if is_link_slot(slot) else others.setdefault(reads_of(slot.expression), {})
        group[slot] = None
    groups: list[SlotGroup | LinkSlots] = [LinkSlots(list(links))] if links else []
    return [*groups, *(SlotGroup(reads, list(inside)) for reads, inside in others.items())]


def _write_subject(subject: str) -> bytes:
    return encode_words(subject, len("Subject: ")).encode("ascii")


def _write_link(link: str) -> bytes:
    """As it is: List-Unsubscribe is never encoded. The plain path judges the odd ones."""
    if len(link) > _LONGEST_LINK or not (link.isascii() and link.isprintable()):
        raise RenderError("the unsubscribe link is long, or not plain ASCII")
    return link.encode("ascii")


def _writer(where: Where) -> Callable[[str], bytes]:
    escape = escape_for(where)
    return lambda value: quote_value(escape(value))


_WRITERS: Mapping[Where, Callable[[str], bytes]] = {where: _writer(where) for where in Where}
