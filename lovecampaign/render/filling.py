"""What fills the holes of a variant for one person, without working out anything twice?

As :mod:`~lovecampaign.render.layout` does it for bytes: a link is escaped once for everybody, but
for its token; what depends on the same leaves is worked out together, and remembered by them for
all variants of the email.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lovecampaign.render.escaping import Where, escape, escape_for
from lovecampaign.render.expressions import Expression
from lovecampaign.render.link_slots import is_link
from lovecampaign.render.memory import Memory, Remembered
from lovecampaign.render.reads import Reads, reads_of
from lovecampaign.render.recipient import Links, Recipient
from lovecampaign.render.signed_links import SHARE_TOKEN, TOKEN, SignedLinks

Hole = tuple[Expression, Where]
#: Longer results are worked out each time: thousands of them would fill the memory.
_LONGEST_KEPT = 1000


class Filling:
    """All holes of a variant, for everybody whose links look alike."""

    def __init__(self, holes: Sequence[Hole], groups: FillingGroups, recipient: Recipient) -> None:
        self._shape = _shape_of(recipient.links)
        links = dict(_unsigned_links(holes, recipient))
        self._links = list(dict.fromkeys(links.values()))
        self._groups = groups.of(hole for hole in holes if hole not in links)
        pool = [*self._links, *(hole for group in self._groups for hole in group.holes)]
        self._places = [pool.index(links.get(hole, hole)) for hole in holes]

    def suits(self, links: Links) -> bool:
        """Whether somebody's links look like those that it was made for."""
        shape = _shape_of(links)
        return shape is self._shape or (shape is not None and shape == self._shape)

    def values(self, recipient: Recipient) -> list[str]:
        """What stands in each hole, escaped for its place; for somebody whose links it suits."""
        links, pool = recipient.links, list[str]()
        if isinstance(links, SignedLinks):
            pool = links.signed(self._links)
        for group in self._groups:
            pool += group.values(recipient)
        return [pool[place] for place in self._places]


class FillingGroups:
    """All groups of holes of one email; its variants share those that are the same."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[tuple[Hole, ...], FillingGroup] = {}

    def of(self, holes: Iterable[Hole]) -> list[FillingGroup]:
        """Each hole once, with those that depend on the same leaves."""
        together: dict[Reads, list[Hole]] = {}
        for hole in dict.fromkeys(holes):
            together.setdefault(reads_of(hole[0]), []).append(hole)
        return [self._group(reads, tuple(inside)) for reads, inside in together.items()]

    def _group(self, reads: Reads, holes: tuple[Hole, ...]) -> FillingGroup:
        if holes not in self._known:
            self._known[holes] = FillingGroup(reads, holes, self._memory)
        return self._known[holes]


class FillingGroup:
    """Holes that depend on the same leaves."""

    def __init__(self, reads: Reads, holes: Sequence[Hole], memory: Memory) -> None:
        self.holes = holes
        self._key = reads.key
        self._known: Remembered[Sequence[str]] | None = None
        if reads.is_shared:
            self._known = memory.add()
        self._expressions = list(dict.fromkeys(said for said, _ in holes))
        self._writers = [
            (self._expressions.index(said), escape_for(where)) for said, where in holes
        ]

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
        values = [one.value(recipient) for one in self._expressions]
        return [write(values[number]) for number, write in self._writers]


def _shape_of(links: Links) -> Links | None:
    return links.shape if isinstance(links, SignedLinks) else None


def _unsigned_links(holes: Iterable[Hole], recipient: Recipient) -> Iterator[tuple[Hole, str]]:
    """What stands in holes for a link of everybody's, but for the tokens in it.

    No link where that cannot be told: where links were not signed, or where a token changes when
    it is escaped.
    """
    shape = _shape_of(recipient.links)
    if shape is None:
        return
    anybody = recipient._replace(links=shape)
    for said, where in holes:
        if is_link(said):
            link = said.value(anybody)
            written = escape(link, where)
            if all(written.count(one) == link.count(one) for one in (TOKEN, SHARE_TOKEN)):
                yield (said, where), written
