"""Encodes the links of all subscribers at once, but for the tokens in them.

A token consists of letters that every context and encoding leaves as they are. So links with
placeholder tokens (their *shape*, which is the same for a whole campaign) are escaped and quoted
once, and cut where the tokens go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lovecampaign.core.tokens import Purpose
from lovecampaign.render.fast.message_holes import MessageHole
from lovecampaign.render.mime.signed_links import PLACEHOLDERS, SignedLinks, shape_of
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.values.expressions import Applied, Expression, printed_text
from lovecampaign.render.values.inputs import Leaf


class LinkToken(NamedTuple):
    """The personal part of a link."""

    purpose: Purpose


_PURPOSES = {text.encode("ascii"): purpose for purpose, text in PLACEHOLDERS.items()}
_TOKENS = re.compile(b"(" + b"|".join(map(re.escape, _PURPOSES)) + b")")


class ShapeBound:
    """Base of what was prepared for links of one shape."""

    def __init__(self, links: Links) -> None:
        self._shape = shape_of(links)

    def matches(self, links: Links) -> bool:
        """Whether the links have that shape."""
        shape = shape_of(links)
        if shape is self._shape:
            return True
        is_equal = shape is not None and shape == self._shape
        if is_equal:
            self._shape = shape  # compared once, recognised from now on
        return is_equal


def is_link(expression: Expression) -> bool:
    """Whether an expression is a link itself, not something made of it."""
    match expression:
        case Leaf() as leaf:
            return leaf.name.startswith("links.")
        case Applied(function=function, operands=(Leaf() as leaf,)):
            return function is printed_text and leaf.name.startswith("links.")
    return False


def cut_link(hole: MessageHole[bytes], recipient: Recipient) -> Sequence[bytes | LinkToken] | None:
    """The pieces of an encoded link, for all links of this recipient's shape.

    None for links that are not signed, or if a line break or an escape falls into a token.
    """
    if not isinstance(recipient.links, SignedLinks):
        return None
    shaped = recipient._replace(links=recipient.links.shape)
    link, written = hole.expression.value(shaped), hole.written_for(shaped)
    if any(written.count(one) != link.encode().count(one) for one in _PURPOSES):
        return None
    pieces = enumerate(_TOKENS.split(written))
    return tuple(LinkToken(_PURPOSES[piece]) if number % 2 else piece for number, piece in pieces)


def tokens_of(links: SignedLinks, wanted: Sequence[LinkToken]) -> list[bytes]:
    """The wanted tokens of one delivery."""
    return [links.token(one.purpose) for one in wanted]
