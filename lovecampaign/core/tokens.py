"""Signed tokens: short, opaque, and without an expiry of their own.

A token is an id and a truncated HMAC-SHA256 under the workspace's secret key, salted by its
purpose, so that a delivery's id does not open its links. Tokens are deterministic: a retried
message is the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from enum import Enum

#: 80 bits: out of reach for guessing over a network, and short enough for a header line.
MAC_BYTES = 10
ID_BYTES = 6


class Purpose(bytes, Enum):
    """The purpose of a token; it never verifies for another one."""

    DELIVERY = b"delivery"  #: names a delivery in headers, file names and events; opens nothing
    LINKS = b"links"  #: a subscriber's links: unsubscribe, preferences, web view, deal
    SHARE = b"share"  #: opens the web view of one email, for friends
    TRANSACTIONAL = b"transactional"  #: names a transactional message in headers and events
    CONFIRM = b"confirm"  #: confirms a double opt-in; its row holds the expiry
    MAILED = b"mailed"  #: links mailed on request: download, forget, change of address


class TokenSigner:
    """Signs with the first key, verifies with all, and on request with retired ones."""

    def __init__(self, keys: Sequence[str], retired_keys: Sequence[str] = ()) -> None:
        if not keys:
            raise ValueError("at least one secret key is needed")
        self._keys = [key.encode() for key in keys]
        self._retired_keys = [key.encode() for key in retired_keys]
        # The key block of an HMAC is the same for all numbers of a purpose (RFC 2104, section 4).
        self._begun = {purpose: _begin(self._keys[0], purpose) for purpose in Purpose}

    def sign(self, purpose: Purpose, number: int) -> str:
        """22 URL-safe characters for a non-negative number below 2**48."""
        body = number.to_bytes(ID_BYTES, "big")
        mac = self._begun[purpose].copy()
        mac.update(body)
        return _encode(body + mac.digest()[:MAC_BYTES])

    def verify(self, purpose: Purpose, token: str, *, retired_too: bool = False) -> int | None:
        """The signed number, or None for an invalid token.

        ``retired_too`` is only for links that must work for ever and do little harm, such as
        unsubscribing: others may know a retired key.
        """
        try:
            raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != ID_BYTES + MAC_BYTES or _encode(raw) != token:
            return None
        body, mac = raw[:ID_BYTES], raw[ID_BYTES:]
        for key in (*self._keys, *(self._retired_keys if retired_too else ())):
            begun = _begin(key, purpose)
            begun.update(body)
            if hmac.compare_digest(mac, begun.digest()[:MAC_BYTES]):
                return int.from_bytes(body, "big")
        return None


def _begin(key: bytes, purpose: Purpose) -> hmac.HMAC:
    return hmac.new(key, purpose.value + b":", "sha256")


def _encode(raw: bytes) -> str:
    """URL-safe base64 without the padding that its length implies."""
    return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
