"""Signed links of one delivery: a shape that all subscribers share, with tokens put in.

A link is built only when it is printed. The fast path encodes the shape once and puts the tokens
into the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from lovecampaign.render.model.recipient import Links

#: Placeholders in a shape: as long as a token, of its letters, and in no real address.
TOKEN = "Token-of-this-reader-0"  # noqa: S105 - opens nothing
SHARE_TOKEN = "Token-of-this-letter-0"  # noqa: S105 - opens nothing


class SignedLinks(Links):
    """Links of one delivery."""

    __slots__ = ("_share_token", "_sign_share", "shape", "token")
    #: The links with :data:`TOKEN` and :data:`SHARE_TOKEN` in them.
    shape: Links
    #: Opens the subscriber's own pages.
    token: str
    _sign_share: Callable[[], str]
    _share_token: str | None

    def __init__(self, shape: Links, token: str, sign_share: Callable[[], str]) -> None:
        _set(self, "shape", shape)
        _set(self, "token", token)
        _set(self, "_sign_share", sign_share)
        _set(self, "_share_token", None)

    @property
    def share_token(self) -> str:
        """Opens the letter for people it was forwarded to; signed at the first use."""
        if self._share_token is None:
            _set(self, "_share_token", self._sign_share())
        return str(self._share_token)

    def signed(self, links: Iterable[str]) -> list[str]:
        """Links of the shape, with this subscriber's tokens in them."""
        token = self.token
        return [
            link.replace(TOKEN, token)
            if SHARE_TOKEN not in link
            else link.replace(TOKEN, token).replace(SHARE_TOKEN, self.share_token)
            for link in links
        ]

    def _link(self, name: str) -> str | None:
        link: str | None = getattr(self.shape, name)
        return None if link is None else self.signed([link])[0]


def shape_of(links: Links) -> Links | None:
    """The links without their tokens; None for links that are not signed."""
    return links.shape if isinstance(links, SignedLinks) else None


#: Assigns in spite of the frozen dataclass that Links is.
_set = object.__setattr__


def _property(name: str) -> property:
    return property(lambda links: links._link(name))  # noqa: SLF001 - its own method


for _field in fields(Links):
    setattr(SignedLinks, _field.name, _property(_field.name))
