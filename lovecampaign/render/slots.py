"""What stands at a place of a message that differs from person to person?

Slots that depend on the same leaves are worked out together, and remembered by those leaves'
values: thousands of readers share a town, a plan or a first name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lovecampaign.render.expressions import Expression
from lovecampaign.render.memory import Memory, Remembered
from lovecampaign.render.quoted import plain_words
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Recipient

#: Longer results are worked out each time: thousands of them would fill the memory.
LONGEST_KEPT_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Slot:
    """A place whose bytes follow from an expression: a hole, or the subject."""

    expression: Expression
    write: Callable[[str], bytes]
    #: Whether plain words (:func:`plain_words`) are written as they are.
    keeps_plain_words: bool = False

    def bytes_for(self, recipient: Recipient) -> bytes:
        return self.write(self.expression.value(recipient))


class SlotGroups:
    """All groups of slots of one email; its variants share those that are the same."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._groups: dict[tuple[Slot, ...], SlotGroup] = {}

    def of(self, slots: Iterable[Slot]) -> list[SlotGroup]:
        """Each slot once, with those that depend on the same leaves."""
        inside: dict[Reads, dict[Slot, None]] = {}
        for slot in slots:
            inside.setdefault(reads_of(slot.expression), {})[slot] = None
        return [self._group(reads, tuple(together)) for reads, together in inside.items()]

    def _group(self, reads: Reads, slots: tuple[Slot, ...]) -> SlotGroup:
        if slots not in self._groups:
            known: Remembered[Sequence[bytes]] | None = None
            if reads.is_shared:
                known = self.memory.add()
            self._groups[slots] = SlotGroup(reads, slots, known)
        return self._groups[slots]


class SlotGroup:
    """Slots that depend on the same leaves."""

    __slots__ = ("_expressions", "_key", "_known", "_writers", "slots")

    def __init__(
        self, reads: Reads, slots: Sequence[Slot], known: Remembered[Sequence[bytes]] | None
    ) -> None:
        """``known`` is None where hardly two people share what the slots depend on."""
        self.slots = slots
        self._key = reads.key
        self._known = known
        self._expressions = list(dict.fromkeys(slot.expression for slot in slots))
        numbers = {one: number for number, one in enumerate(self._expressions)}
        self._writers = [
            (numbers[slot.expression], slot.keeps_plain_words, slot.write) for slot in slots
        ]

    def bytes_for(self, recipient: Recipient) -> Sequence[bytes]:
        """What goes into each slot."""
        if self._known is None:
            return self._work_out(recipient)
        key = self._key(recipient)
        written = self._known.get(key)
        if written is None:
            written = self._work_out(recipient)
            if sum(map(len, written)) <= LONGEST_KEPT_BYTES:
                self._known.keep(key, written)
        return written

    def _work_out(self, recipient: Recipient) -> Sequence[bytes]:
        values = [one.value(recipient) for one in self._expressions]
        plain = [plain_words(value) for value in values]
        return [
            (is_kept and plain[number]) or write(values[number])
            for number, is_kept, write in self._writers
        ]
