"""How does a variant of an email become one person's message? Static bytes, values between.

Everything that is the same for all readers of a variant is encoded once, headers included. What
depends on the same leaves of a person is worked out together, and remembered by them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from lovecampaign.render.compiled import Compiled
from lovecampaign.render.escaping import Where, escape
from lovecampaign.render.expressions import Expression
from lovecampaign.render.headers import encode_words
from lovecampaign.render.letterhead import Letterhead, Personal
from lovecampaign.render.quoted import quote_piece, quote_value
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.skeleton import Skeleton
from lovecampaign.render.tracing import Said, Traced

#: Remembered results of each group; then it begins anew.
_KEPT_RESULTS = 4096
#: Longer results are worked out each time: 4096 of them would fill the memory.
_LONGEST_KEPT_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a message whose bytes follow from an expression: a hole, or the subject."""

    expression: Expression
    write: Callable[[str], bytes]


Part = bytes | Personal | Slot


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


class _Group:
    """All slots that depend on the same leaves."""

    __slots__ = ("_expressions", "_known", "_reads", "_writers", "slots")

    def __init__(self, reads: Reads, slots: Sequence[Slot]) -> None:
        self.slots = slots
        self._reads = reads
        self._expressions = list(dict.fromkeys(slot.expression for slot in slots))
        self._writers = [(self._expressions.index(one.expression), one.write) for one in slots]
        self._known: dict[Hashable, tuple[bytes, ...]] = {}

    def bytes_for(self, recipient: Recipient) -> tuple[bytes, ...]:
        """What goes into each slot."""
        if not self._reads.is_shared:
            return self._work_out(recipient)
        key = self._reads.key(recipient)
        known = self._known.get(key)
        if known is None:
            known = self._work_out(recipient)
            self._keep(key, known)
        return known

    def _work_out(self, recipient: Recipient) -> tuple[bytes, ...]:
        values = [one.value(recipient) for one in self._expressions]
        return tuple([write(values[index]) for index, write in self._writers])

    def _keep(self, key: Hashable, result: tuple[bytes, ...]) -> None:
        if len(self._known) >= _KEPT_RESULTS:
            self._known.clear()
        if sum(map(len, result)) <= _LONGEST_KEPT_BYTES:
            self._known[key] = result


def _parts(traced: Traced, compiled: Compiled, letterhead: Letterhead) -> Iterator[Part]:
    """A message from its first byte to its last."""
    subject = _part(traced.subject, _write_subject)
    yield from (subject if one is Personal.SUBJECT else one for one in letterhead.before_text)
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


def _grouped(slots: Iterable[Slot]) -> list[_Group]:
    groups: dict[Reads, dict[Slot, None]] = {}
    for slot in slots:
        groups.setdefault(reads_of(slot.expression), {})[slot] = None
    return [_Group(reads, list(inside)) for reads, inside in groups.items()]


def _write_subject(subject: str) -> bytes:
    return encode_words(subject, len("Subject: ")).encode("ascii")


def _writer(where: Where) -> Callable[[str], bytes]:
    return lambda value: quote_value(escape(value, where))


_WRITERS: Mapping[Where, Callable[[str], bytes]] = {where: _writer(where) for where in Where}
