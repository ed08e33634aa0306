"""How do a reader's links get into a message without being escaped and quoted each time?

A token is made of letters that every place and encoding leaves as they are. So the shape of the
links, which is the same for everybody, is encoded once, and the tokens are put in afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lovecampaign.render.expressions import Applied, printed_text
from lovecampaign.render.leaves import Leaf
from lovecampaign.render.recipient import Links, Recipient
from lovecampaign.render.signed_links import SHARE_TOKEN, TOKEN, SignedLinks
from lovecampaign.render.slots import Slot

#: Quoted-printable never writes it.
_BETWEEN = b"\0"
_TOKEN, _SHARE_TOKEN = TOKEN.encode("ascii"), SHARE_TOKEN.encode("ascii")


def is_link_slot(slot: Slot) -> bool:
    """Whether a link goes in as it is, and nothing that was made of it."""
    match slot.expression:
        case Leaf() as leaf:
            return leaf.name.startswith("links.")
        case Applied(function=function, operands=(Leaf() as leaf,)):
            return function is printed_text and leaf.name.startswith("links.")
    return False


class LinkSlots:
    """All slots of a variant that hold a reader's own links."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = slots
        #: The shape that was encoded last, and what came out; None where tokens were cut.
        self._encoded: tuple[Links | None, bytes | None] = (None, None)

    def bytes_for(self, recipient: Recipient) -> Sequence[bytes]:
        """What goes into each slot."""
        links = recipient.links
        if not isinstance(links, SignedLinks):
            return self._work_out(recipient)
        shape, encoded = self._encoded
        if shape is not links.shape:
            encoded = self._encode(recipient, links.shape)
        if encoded is None:
            return self._work_out(recipient)
        if _SHARE_TOKEN in encoded:
            encoded = encoded.replace(_SHARE_TOKEN, links.share_token.encode("ascii"))
        return encoded.replace(_TOKEN, links.token.encode("ascii")).split(_BETWEEN)

    def _work_out(self, recipient: Recipient) -> Sequence[bytes]:
        return [slot.bytes_for(recipient) for slot in self.slots]

    def _encode(self, recipient: Recipient, shape: Links) -> bytes | None:
        """All slots at once; None where a line ends within a token."""
        anybody = replace(recipient, links=shape)
        written = [slot.bytes_for(anybody) for slot in self.slots]
        wanted = [slot.expression.value(anybody) for slot in self.slots]
        is_whole = all(map(_has_same_tokens, written, wanted))
        encoded = _BETWEEN.join(written) if is_whole else None
        self._encoded = (shape, encoded)
        return encoded


def _has_same_tokens(written: bytes, link: str) -> bool:
    tokens = (TOKEN, SHARE_TOKEN)
    return all(written.count(one.encode("ascii")) == link.count(one) for one in tokens)
