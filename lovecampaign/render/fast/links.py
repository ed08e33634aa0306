"""How do a reader's links get into a message without being escaped and quoted each time?

A token is made of letters that every place and encoding leaves as they are. So the shape of the
links, which is the same for everybody, is encoded once, and cut where the tokens go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from lovecampaign.render.fast.message_holes import MessageHole
from lovecampaign.render.mime.signed_links import SHARE_TOKEN, TOKEN, SignedLinks
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.expressions import Applied, Expression, printed_text
from lovecampaign.render.values.inputs import Leaf


class LinkToken(Enum):
    """What differs from person to person inside a link."""

    SUBSCRIBER = TOKEN.encode("ascii")  #: opens what is this reader's own
    SHARE = SHARE_TOKEN.encode("ascii")  #: opens the letter for whoever it is handed on to


_TOKENS = re.compile(b"(" + b"|".join(re.escape(one.value) for one in LinkToken) + b")")


def is_link_slot(slot: MessageHole[bytes]) -> bool:
    """Whether a link goes in as it is, and nothing that was made of it."""
    return is_link(slot.expression)


def is_link(expression: Expression) -> bool:
    """Whether an expression is a link, and nothing that was made of it."""
    match expression:
        case Leaf() as leaf:
            return leaf.name.startswith("links.")
        case Applied(function=function, operands=(Leaf() as leaf,)):
            return function is printed_text and leaf.name.startswith("links.")
    return False


def cut_link(slot: MessageHole[bytes], recipient: Recipient) -> Sequence[bytes | LinkToken] | None:
    """What a link slot holds for everybody whose links have this recipient's shape.

    None where that cannot be told: other links than signed ones, or a line that ends within a
    token.
    """
    if not isinstance(recipient.links, SignedLinks):
        return None
    anybody = recipient._replace(links=recipient.links.shape)
    link, written = slot.expression.value(anybody), slot.written_for(anybody)
    is_whole = all(written.count(one.value) == link.encode().count(one.value) for one in LinkToken)
    return tuple(_pieces(written)) if is_whole else None


def tokens_of(links: SignedLinks, wanted: Sequence[LinkToken]) -> Iterator[bytes]:
    """The wanted tokens of one reader."""
    for one in wanted:
        token = links.token if one is LinkToken.SUBSCRIBER else links.share_token
        yield token.encode("ascii")


def _pieces(written: bytes) -> Iterator[bytes | LinkToken]:
    for number, piece in enumerate(_TOKENS.split(written)):
        yield LinkToken(piece) if number % 2 else piece
