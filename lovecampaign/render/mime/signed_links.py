"""Signed links of one delivery: a shape that all subscribers share, with tokens put in.

A link is built only when it is printed. The fast path encodes the shape once and puts the tokens
into the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache

from lovecampaign.core.tokens import TOKEN_LENGTH, Purpose, RowTokens
from lovecampaign.render.model.recipient import Links

#: Placeholders in a shape: as long as a token, of its letters, and in no real address.
PLACEHOLDERS: Mapping[Purpose, str] = {
    one: f"Token-to-be-{one.name}-".ljust(TOKEN_LENGTH, "0")
    for one in (
        *(Purpose.LINKS, Purpose.VIEW, Purpose.SHARE, Purpose.DEAL, Purpose.ANSWER),
        *(Purpose.MONTH, Purpose.HELP, Purpose.GIFT),
    )
}


class SignedLinks(Links):
    """Links of one delivery."""

    __slots__ = ("_own", "shape", "tokens")
    #: The links with :data:`PLACEHOLDERS` in them.
    shape: Links
    tokens: RowTokens
    _own: bytes

    def __init__(self, shape: Links, tokens: RowTokens) -> None:
        _set(self, "shape", shape)
        _set(self, "tokens", tokens)
        _set(self, "_own", tokens.encoded(Purpose.LINKS))  # in every message

    def token(self, purpose: Purpose) -> bytes:
        """One of this delivery's tokens, as ASCII."""
        return self._own if purpose is Purpose.LINKS else self.tokens.encoded(purpose)

    def signed(self, links: Iterable[str]) -> list[str]:
        """Links of the shape, with this delivery's tokens in them."""
        return list(map(self._sign, links))

    def _link(self, name: str) -> str | None:
        link: str | None = getattr(self.shape, name)
        return None if link is None else self._sign(link)

    def _sign(self, link: str) -> str:
        for purpose in _purposes_in(link):
            link = link.replace(PLACEHOLDERS[purpose], self.token(purpose).decode("ascii"))
        return link


@lru_cache(maxsize=1024)
def _purposes_in(link: str) -> Sequence[Purpose]:
    """The purposes with a placeholder in a link of a shape; shapes are few."""
    return tuple(purpose for purpose, one in PLACEHOLDERS.items() if one in link)


def shape_of(links: Links) -> Links | None:
    """The links without their tokens; None for links that are not signed."""
    return links.shape if isinstance(links, SignedLinks) else None


#: Assigns in spite of the frozen dataclass that Links is.
_set = object.__setattr__


def _property(name: str) -> property:
    return property(lambda links: links._link(name))  # noqa: SLF001 - its own method


for _field in fields(Links):
    setattr(SignedLinks, _field.name, _property(_field.name))
