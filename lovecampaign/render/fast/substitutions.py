"""What fills the holes of a variant for one person, without working out anything twice?

As :mod:`~lovecampaign.render.fast.layout` does it for bytes: a link is escaped once for
everybody, but for its token; what depends on the same leaves is worked out together,
and remembered by them for all variants of the email.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lovecampaign.render.fast.links import is_link
from lovecampaign.render.fast.message_holes import HoleGroups, MessageHole
from lovecampaign.render.markup.escaping import OutputContext, escape, escape_for
from lovecampaign.render.mime.signed_links import SHARE_TOKEN, TOKEN, SignedLinks, shape_of
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.values.expressions import Expression

#: A value that differs from person to person, and the place that it is escaped for.
PersonalHole = tuple[Expression, OutputContext]


class Substitutions:
    """All holes of a variant, for everybody whose links look alike."""

    def __init__(
        self, holes: Sequence[PersonalHole], groups: HoleGroups[str], recipient: Recipient
    ) -> None:
        self._shape = shape_of(recipient.links)
        links = dict(_unsigned_links(holes, recipient))
        parts = [links.get(hole) or _slot(hole) for hole in holes]
        self._links = list(dict.fromkeys(part for part in parts if isinstance(part, str)))
        self._groups = groups.of(part for part in parts if isinstance(part, MessageHole))
        pool = [*self._links, *(slot for group in self._groups for slot in group.slots)]
        self._places = [pool.index(part) for part in parts]

    def matches(self, links: Links) -> bool:
        """Whether somebody's links look like those that it was made for."""
        shape = shape_of(links)
        return shape is self._shape or (shape is not None and shape == self._shape)

    def values(self, recipient: Recipient) -> list[str]:
        """What stands in each hole, escaped for its place; for somebody whose links it matches."""
        links, pool = recipient.links, list[str]()
        if isinstance(links, SignedLinks):
            pool = links.signed(self._links)
        for group in self._groups:
            pool += group.written_for(recipient)
        return [pool[place] for place in self._places]


def _slot(hole: PersonalHole) -> MessageHole[str]:
    said, where = hole
    return MessageHole(said, escape_for(where))


def _unsigned_links(
    holes: Iterable[PersonalHole], recipient: Recipient
) -> Iterator[tuple[PersonalHole, str]]:
    """What stands in holes for a link of everybody's, but for the tokens in it.

    No link where that cannot be told: where links were not signed, or where a token changes when
    it is escaped.
    """
    shape = shape_of(recipient.links)
    if shape is None:
        return
    anybody = recipient._replace(links=shape)
    for said, where in holes:
        if is_link(said):
            link = said.value(anybody)
            written = escape(link, where)
            if all(written.count(one) == link.count(one) for one in (TOKEN, SHARE_TOKEN)):
                yield (said, where), written
