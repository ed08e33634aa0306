"""What fills the holes of a variant for one person, without working out anything twice?

As :mod:`~lovecampaign.render.slots` does it for bytes: what depends on the same leaves is worked
out together and remembered by them.
"""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.render.escaping import Where, escape
from lovecampaign.render.expressions import Expression
from lovecampaign.render.memory import Memory, Remembered
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Recipient

Hole = tuple[Expression, Where]
#: Longer results are worked out each time: thousands of them would fill the memory.
_LONGEST_KEPT = 1000


class Filling:
    """All holes of a variant."""

    def __init__(self, holes: Sequence[Hole], memory: Memory) -> None:
        together: dict[Reads, list[Hole]] = {}
        for hole in holes:
            together.setdefault(reads_of(hole[0]), []).append(hole)
        self._groups = [_Group(reads, inside, memory) for reads, inside in together.items()]
        pool = [hole for inside in together.values() for hole in inside]
        self._places = [pool.index(hole) for hole in holes]

    def values(self, recipient: Recipient) -> list[str]:
        """What stands in each hole, escaped for its place."""
        pool: list[str] = []
        for group in self._groups:
            pool += group.values(recipient)
        return [pool[place] for place in self._places]


class _Group:
    """Holes that depend on the same leaves."""

    def __init__(self, reads: Reads, holes: Sequence[Hole], memory: Memory) -> None:
        self._holes = holes
        self._key = reads.key
        self._known: Remembered[Sequence[str]] | None = None
        if reads.is_shared:
            self._known = memory.add()

    def values(self, recipient: Recipient) -> Sequence[str]:
        if self._known is None:
            return self._work_out(recipient)
        key = self._key(recipient)
        found = self._known.get(key)
        if found is None:
            found = self._work_out(recipient)
            if sum(map(len, found)) <= _LONGEST_KEPT:
                self._known.keep(key, found)
        return found

    def _work_out(self, recipient: Recipient) -> Sequence[str]:
        return [escape(said.value(recipient), where) for said, where in self._holes]
