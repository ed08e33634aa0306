"""Which links does one delivery carry? The same for everybody but for the token in them.

Written out only when they are printed. The fast path does not even do that: it encodes the
shape once, and puts the tokens in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from lovecampaign.render.model.recipient import Links

#: Stand where tokens go in a shape: as long as one, of its letters, and in nobody's address.
TOKEN = "Token-of-this-reader-0"  # noqa: S105 - opens nothing
SHARE_TOKEN = "Token-of-this-letter-0"  # noqa: S105 - opens nothing


class SignedLinks(Links):
    """Links of one delivery."""

    __slots__ = ("_share_token", "_sign_share", "shape", "token")
    #: The links with :data:`TOKEN` and :data:`SHARE_TOKEN` in them.
    shape: Links
    #: Opens what is this reader's own.
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
        """Opens the letter for whoever it was handed on to; signed when it is first printed."""
        if self._share_token is None:
            _set(self, "_share_token", self._sign_share())
        return str(self._share_token)

    def signed(self, links: Iterable[str]) -> list[str]:
        """Links of the shape, with this reader's tokens in them."""
        token = self.token
        return [
            link.replace(TOKEN, token)
            if SHARE_TOKEN not in link
            else link.replace(TOKEN, token).replace(SHARE_TOKEN, self.share_token)
            for link in links
        ]

    def _write(self, name: str) -> str | None:
        link: str | None = getattr(self.shape, name)
        if link is None:
            return None
        return self.signed([link])[0]


def shape_of(links: Links) -> Links | None:
    """What links look like apart from their tokens; None for links written one by one."""
    return links.shape if isinstance(links, SignedLinks) else None


#: A frozen dataclass guards its attributes from everybody, its own constructor included.
_set = object.__setattr__


def _link(name: str) -> property:
    return property(lambda links: links._write(name))  # noqa: SLF001 - its own method


for _field in fields(Links):
    setattr(SignedLinks, _field.name, _link(_field.name))
