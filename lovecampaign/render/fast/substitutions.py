"""Substitutions for the holes of a variant, for providers that fill the shared text themselves.

Works like :mod:`~lovecampaign.render.fast.splicer`, for text in place of bytes: links are escaped
once, but for their tokens, and the other holes are computed and cached in groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lovecampaign.render.fast.links import ShapeBound, is_link
from lovecampaign.render.fast.message_holes import HoleGroups, MessageHole
from lovecampaign.render.markup.escaping import OutputContext, escape, escape_for
from lovecampaign.render.mime.signed_links import PLACEHOLDERS, SignedLinks, shape_of
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.expressions import Expression

#: A personal value, and the context that it is escaped for.
PersonalHole = tuple[Expression, OutputContext]


class Substitutions(ShapeBound):
    """All holes of a variant, for links of one shape."""

    def __init__(
        self, holes: Sequence[PersonalHole], groups: HoleGroups[str], recipient: Recipient
    ) -> None:
        super().__init__(recipient.links)
        links = dict(_unsigned_links(holes, recipient))
        parts = [links.get(hole) or MessageHole(hole[0], escape_for(hole[1])) for hole in holes]
        self._links = list(dict.fromkeys(part for part in parts if isinstance(part, str)))
        self._groups = groups.of(part for part in parts if isinstance(part, MessageHole))
        pool = [*self._links, *(hole for group in self._groups for hole in group.holes)]
        self._places = [pool.index(part) for part in parts]

    def values(self, recipient: Recipient) -> list[str]:
        """The escaped value of each hole, for a recipient with links of the shape."""
        links, pool = recipient.links, list[str]()
        if isinstance(links, SignedLinks):
            pool = links.signed(self._links)
        for group in self._groups:
            pool += group.written_for(recipient)
        return [pool[place] for place in self._places]


def _unsigned_links(
    holes: Iterable[PersonalHole], recipient: Recipient
) -> Iterator[tuple[PersonalHole, str]]:
    """Escaped links with placeholder tokens, by hole.

    None for links that are not signed, and none with a token that escaping changes.
    """
    shape = shape_of(recipient.links)
    if shape is None:
        return
    shaped = recipient._replace(links=shape)
    for expression, context in holes:
        if is_link(expression):
            link = expression.value(shaped)
            written = escape(link, context)
            if all(written.count(one) == link.count(one) for one in PLACEHOLDERS.values()):
                yield (expression, context), written
