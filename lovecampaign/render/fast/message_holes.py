"""What stands at a place of a message that differs from person to person?

Slots that depend on the same leaves are worked out together, and remembered by those leaves'
values: thousands of readers share a town, a plan or a first name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lovecampaign.render.fast.result_cache import CacheBudget, ResultCache
from lovecampaign.render.mime.quoted_printable import as_plain_bytes
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.dependencies import Dependencies, dependencies_of
from lovecampaign.render.values.expressions import Expression

#: Of bytes or characters. Longer results are worked out each time: thousands of them would fill
#: the memory.
MAX_CACHED_LENGTH = 1000

#: Bytes of a whole message; text of one whose holes are filled elsewhere.
Written = TypeVar("Written", bound=bytes | str)


@dataclass(frozen=True, slots=True)
class MessageHole(Generic[Written]):
    """A place whose content follows from an expression: a hole, or the subject."""

    expression: Expression
    write: Callable[[str], Written]
    #: Whether plain words (:func:`as_plain_bytes`) are written as they are.
    allows_plain: bool = False

    def written_for(self, recipient: Recipient) -> Written:
        return self.write(self.expression.value(recipient))


class HoleGroups(Generic[Written]):
    """All groups of slots of one email; its variants share those that are the same."""

    def __init__(self, memory: CacheBudget, make_group: MakeGroup[Written]) -> None:
        self._memory = memory
        self._make_group = make_group
        self._groups: dict[tuple[MessageHole[Written], ...], HoleGroup[Written]] = {}

    def of(self, slots: Iterable[MessageHole[Written]]) -> list[HoleGroup[Written]]:
        """Each slot once, with those that depend on the same leaves."""
        inside: dict[Dependencies, dict[MessageHole[Written], None]] = {}
        for slot in slots:
            inside.setdefault(dependencies_of(slot.expression), {})[slot] = None
        return [self._group(reads, tuple(together)) for reads, together in inside.items()]

    def _group(
        self, reads: Dependencies, slots: tuple[MessageHole[Written], ...]
    ) -> HoleGroup[Written]:
        if slots not in self._groups:
            self._groups[slots] = self._make_group(reads, slots, self._memory)
        return self._groups[slots]


class HoleGroup(Generic[Written]):
    """Slots that depend on the same leaves."""

    __slots__ = ("_expressions", "_key", "_known", "_writers", "slots")

    def __init__(
        self, reads: Dependencies, slots: Sequence[MessageHole[Written]], memory: CacheBudget
    ) -> None:
        self.slots = slots
        self._key = reads.key
        #: None where hardly two people share what the slots depend on.
        self._known: ResultCache[Sequence[Written]] | None = None
        if reads.is_shared:
            self._known = memory.add()
        self._expressions = list(dict.fromkeys(slot.expression for slot in slots))
        numbers = {one: number for number, one in enumerate(self._expressions)}
        self._writers = [(numbers[slot.expression], slot.write) for slot in slots]

    def written_for(self, recipient: Recipient) -> Sequence[Written]:
        """What goes into each slot."""
        if self._known is None:
            return self._compute(recipient)
        key = self._key(recipient)
        written = self._known.get(key)
        if written is None:
            written = self._compute(recipient)
            if sum(map(len, written)) <= MAX_CACHED_LENGTH:
                self._known.keep(key, written)
        return written

    def _compute(self, recipient: Recipient) -> Sequence[Written]:
        values = [one.value(recipient) for one in self._expressions]
        return [write(values[number]) for number, write in self._writers]


class QuotedHoleGroup(HoleGroup[bytes]):
    """Slots of a quoted body: plain words are told once for each value, not once for each slot."""

    __slots__ = ("_quoters",)

    def __init__(
        self, reads: Dependencies, slots: Sequence[MessageHole[bytes]], memory: CacheBudget
    ) -> None:
        super().__init__(reads, slots, memory)
        self._quoters = [
            (number, slot.allows_plain, write)
            for slot, (number, write) in zip(slots, self._writers, strict=True)
        ]

    def _compute(self, recipient: Recipient) -> Sequence[bytes]:
        values = [one.value(recipient) for one in self._expressions]
        plain = [as_plain_bytes(value) for value in values]
        return [
            (is_kept and plain[number]) or write(values[number])
            for number, is_kept, write in self._quoters
        ]


MakeGroup = Callable[
    [Dependencies, Sequence[MessageHole[Written]], CacheBudget], HoleGroup[Written]
]
