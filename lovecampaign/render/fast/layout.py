"""Where does each part of a variant's messages come from? One pool, and an order to take it in.

In the pool lies once what a message may hold many times: what is personal in its headers, the
tokens of its links, every static piece, and what each group of slots was worked out to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter

from lovecampaign.render.fast.header_template import HeaderHole, HeaderTemplate
from lovecampaign.render.fast.links import LinkToken, cut_link, is_link_slot, tokens_of
from lovecampaign.render.fast.message_holes import HoleGroups, MessageHole
from lovecampaign.render.mime.signed_links import SignedLinks, shape_of
from lovecampaign.render.model.recipient import Links, Recipient

Part = bytes | HeaderHole | LinkToken | MessageHole[bytes]


class SpliceLayout:
    """The parts of a variant's messages, for everybody whose links look alike."""

    def __init__(
        self,
        parts: Sequence[Part],
        header_template: HeaderTemplate,
        groups: HoleGroups[bytes],
        recipient: Recipient,
    ) -> None:
        self._shape = shape_of(recipient.links)
        self._personal = header_template.personal
        ordered = list(_merged(_with_cut_links(parts, recipient)))
        self._tokens = [one for one in LinkToken if one in ordered]
        self._statics = list(dict.fromkeys(part for part in ordered if isinstance(part, bytes)))
        self.groups = groups.of(part for part in ordered if isinstance(part, MessageHole))
        self._pick: Callable[[list[bytes]], tuple[bytes, ...]] = itemgetter(*self._order(ordered))

    def matches(self, links: Links) -> bool:
        """Whether somebody's links look like those that the layout was made for."""
        shape = shape_of(links)
        if shape is self._shape:
            return True
        is_equal = shape is not None and shape == self._shape
        if is_equal:
            self._shape = shape  # compared once, and recognised from now on
        return is_equal

    def pieces(self, recipient: Recipient) -> Sequence[bytes]:
        """The whole message, in order, for somebody whose links it matches."""
        pool = self._personal(recipient)
        if isinstance(recipient.links, SignedLinks):
            pool += tokens_of(recipient.links, self._tokens)
        pool += self._statics
        for group in self.groups:
            pool += group.written_for(recipient)
        return self._pick(pool)

    def _order(self, parts: Sequence[Part]) -> Iterator[int]:
        """Where each part lies in the pool."""
        slots = [slot for group in self.groups for slot in group.slots]
        pool: list[Part] = [*HeaderTemplate.PERSONAL, *self._tokens, *self._statics, *slots]
        places = {part: place for place, part in enumerate(pool)}
        return (places[part] for part in parts)


def _with_cut_links(parts: Iterable[Part], recipient: Recipient) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, MessageHole) and is_link_slot(part):
            yield from cut_link(part, recipient) or (part,)
        else:
            yield part


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbouring bytes in one piece."""
    static: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            static.append(part)
            continue
        if static:
            yield b"".join(static)
        yield part
        static = []
    if static:
        yield b"".join(static)
