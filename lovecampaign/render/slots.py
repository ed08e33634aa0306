"""What stands at a place of a message that differs from person to person?

Slots that depend on the same leaves are worked out together, and remembered by those leaves'
values: thousands of readers share a town, a plan or a first name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from lovecampaign.render.expressions import Expression
from lovecampaign.render.reads import Reads
from lovecampaign.render.recipient import Recipient

#: Remembered results of each group; then it begins anew.
KEPT_RESULTS = 4096
#: Longer results are worked out each time: 4096 of them would fill the memory.
LONGEST_KEPT_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Slot:
    """A place whose bytes follow from an expression: a hole, or the subject."""

    expression: Expression
    write: Callable[[str], bytes]

    def bytes_for(self, recipient: Recipient) -> bytes:
        return self.write(self.expression.value(recipient))


class SlotGroup:
    """All slots of a variant that depend on the same leaves."""

    __slots__ = ("_expressions", "_key", "_known", "_writers", "slots")

    def __init__(self, reads: Reads, slots: Sequence[Slot]) -> None:
        self.slots = slots
        self._key = reads.key if reads.is_shared else None
        self._expressions = list(dict.fromkeys(slot.expression for slot in slots))
        self._writers = [(self._expressions.index(one.expression), one.write) for one in slots]
        self._known: dict[Hashable, Sequence[bytes]] = {}

    def bytes_for(self, recipient: Recipient) -> Sequence[bytes]:
        """What goes into each slot."""
        if self._key is None:
            return self._work_out(recipient)
        key = self._key(recipient)
        known = self._known.get(key)
        if known is None:
            known = self._work_out(recipient)
            self._keep(key, known)
        return known

    def _work_out(self, recipient: Recipient) -> Sequence[bytes]:
        values = [one.value(recipient) for one in self._expressions]
        return [write(values[index]) for index, write in self._writers]

    def _keep(self, key: Hashable, result: Sequence[bytes]) -> None:
        if len(self._known) >= KEPT_RESULTS:
            self._known.clear()
        if sum(map(len, result)) <= LONGEST_KEPT_BYTES:
            self._known[key] = result
