"""Signed tokens: short, opaque, and without an expiry of their own.

A token binds one row of one table: its number, and its nonce, 64 random bits that the database
draws with the row. Numbers come back, when rows were deleted or an older copy of the database was
put back; a nonce never does, so that an old token never opens a new row. In the token the number
is masked. The MAC is a keyed BLAKE2b over both, a different part of it for each purpose: one hash
signs all tokens of a row. Tokens are deterministic: a retried message is the same bytes.

Rows from before migration 0003 have no nonce. Their tokens are a number and an HMAC-SHA256, and
open such rows only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

#: 80 bits: out of reach for guessing over a network, and short enough for a header line.
MAC_BYTES = 10
ID_BYTES = 6
NONCE_BYTES = 8
#: The lengths of a token, and of one without a nonce.
TOKEN_LENGTH, OLD_TOKEN_LENGTH = 32, 22


class Purpose(bytes, Enum):
    """The purpose of a token; it never verifies for another one."""

    DELIVERY = b"delivery"  #: names a delivery in headers, file names and events; opens nothing
    LINKS = b"links"  #: a subscriber's own pages: unsubscribe, preferences
    VIEW = b"view"  #: opens the web view of one email, for its subscriber
    SHARE = b"share"  #: opens the web view of one email, for friends
    DEAL = b"deal"  #: opens the deal's page, for the subscriber of an email that links to it
    TRANSACTIONAL = b"transactional"  #: names a transactional message in headers and events
    CONFIRM = b"confirm"  #: confirms a double opt-in; its row holds the expiry
    MAILED = b"mailed"  #: links mailed on request: download, forget, change of address
    ANSWER = b"answer"  #: answers the question of an email
    MONTH = b"month"  #: a subscriber's own month: tasks done, letters to read again
    HELP = b"help"  #: opens a case for the subscriber of an email
    GIFT = b"gift"  #: takes a file that an email gives
    STORY = b"story"  #: changes or withdraws an answer; mailed to its writer alone
    CARD = b"card"  #: shows the picture of an answer, for its writer to share


class RowKey(NamedTuple):
    """A row that tokens name: of deliveries, or of transactional mail."""

    number: int
    #: A signed 64-bit number; None for a row from before migration 0003.
    nonce: int | None


class RowTokens:
    """The tokens of one row; signed by one hash for many purposes at the first use."""

    __slots__ = ("_row", "_signed", "_signer")

    def __init__(self, signer: TokenSigner, row: RowKey) -> None:
        self._signer = signer
        self._row = row
        self._signed: dict[_Table, tuple[bytes, bytes]] = {}

    @property
    def has_nonce(self) -> bool:
        """Without one, the tokens are shorter."""
        return self._row.nonce is not None

    def token(self, purpose: Purpose) -> str:
        """The token for a purpose: URL-safe characters."""
        return self.encoded(purpose).decode("ascii")

    def encoded(self, purpose: Purpose) -> bytes:
        """The token as ASCII."""
        if self._row.nonce is None:
            return self._signer.sign_old(purpose, self._row.number)
        table, start, end = _PARTS[purpose]
        signed = self._signed.get(table)
        if signed is None:
            signed = self._signed[table] = self._signer.keys[0].sign(table, self._row)
        body, macs = signed
        return _encode(body + macs[start:end])


class TokenSigner:
    """Signs with the first key, verifies with all, and on request with retired ones."""

    def __init__(self, keys: Sequence[str], retired_keys: Sequence[str] = ()) -> None:
        if not keys:
            raise ValueError("at least one secret key is needed")
        self.keys = [_Key(key.encode()) for key in keys]
        self._retired_keys = [_Key(key.encode()) for key in retired_keys]

    def tokens(self, row: RowKey) -> RowTokens:
        """All tokens of a row."""
        return RowTokens(self, row)

    def sign(self, purpose: Purpose, row: RowKey) -> str:
        """32 URL-safe characters for a row with a non-negative number below 2**48."""
        return RowTokens(self, row).token(purpose)

    def sign_old(self, purpose: Purpose, number: int) -> bytes:
        """22 URL-safe characters, for a row without a nonce."""
        body = number.to_bytes(ID_BYTES, "big")
        return _encode(body + self.keys[0].old_mac(purpose, body))

    def verify(self, purpose: Purpose, token: str, *, retired_too: bool = False) -> RowKey | None:
        """The row of a valid token, which may no longer exist; None for an invalid token.

        ``retired_too`` is only for links that must work for ever and do little harm, such as
        unsubscribing: others may know a retired key.
        """
        try:
            raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if _encode(raw).decode("ascii") != token:
            return None
        keys = (*self.keys, *(self._retired_keys if retired_too else ()))
        if len(raw) == ID_BYTES + NONCE_BYTES + MAC_BYTES:
            return _verify(keys, purpose, raw)
        if len(raw) == ID_BYTES + MAC_BYTES:
            return _verify_old(keys, purpose, raw)
        return None


class _Table(bytes, Enum):
    """The tables that tokens name rows of; each hash has keys of its own."""

    DELIVERY = b"lc:delivery"
    #: Deliveries too: the purposes that the hash of the first has no room for.
    ACTIONS = b"lc:actions"
    TRANSACTIONAL = b"lc:asked-for"


def _parts(table: _Table, purposes: Iterable[Purpose]) -> Mapping[Purpose, tuple[_Table, int, int]]:
    return {
        purpose: (table, number * MAC_BYTES, (number + 1) * MAC_BYTES)
        for number, purpose in enumerate(purposes)
    }


#: The table of each purpose, and its part of the 64 bytes of a hash. The order is a part of every
#: token that was ever signed: add at the end.
_PARTS: Final = {
    **_parts(
        _Table.DELIVERY,
        (
            *(Purpose.DELIVERY, Purpose.LINKS, Purpose.VIEW, Purpose.SHARE, Purpose.DEAL),
            Purpose.ANSWER,
        ),
    ),
    **_parts(
        _Table.TRANSACTIONAL,
        (
            *(Purpose.TRANSACTIONAL, Purpose.CONFIRM, Purpose.MAILED),
            *(Purpose.STORY, Purpose.CARD),
        ),
    ),
    **_parts(_Table.ACTIONS, (Purpose.MONTH, Purpose.HELP, Purpose.GIFT)),
}
#: Without a nonce, all links of a delivery share one token.
_OLD_PURPOSE = {Purpose.VIEW: Purpose.LINKS, Purpose.DEAL: Purpose.LINKS}
_NONCE = struct.Struct(">q")


class _Key:
    """One secret key, with the hashes that begin with it."""

    def __init__(self, secret: bytes) -> None:
        # The key block of an HMAC is the same for all numbers of a purpose (RFC 2104, section 4).
        self._old = {one: hmac.new(secret, one.value + b":", "sha256") for one in Purpose}
        key = hashlib.blake2b(secret, person=b"lc:tokens").digest()  # of any length, to 64 bytes
        self._macs = {one: hashlib.blake2b(key=key, person=one.value) for one in _Table}
        self._mask = hashlib.blake2b(key=key, person=b"lc:mask", digest_size=ID_BYTES)

    def sign(self, table: _Table, row: RowKey) -> tuple[bytes, bytes]:
        """Masked number and nonce, and the MACs for all purposes."""
        nonce = _NONCE.pack(row.nonce)
        body = self._masked(row.number, nonce).to_bytes(ID_BYTES, "big") + nonce
        return body, self._hash(table, body)

    def read(self, table: _Table, body: bytes) -> tuple[RowKey, bytes]:
        """The row, valid only if its MAC is; and the MACs for all purposes."""
        nonce = body[ID_BYTES:]
        number = self._masked(int.from_bytes(body[:ID_BYTES], "big"), nonce)
        return RowKey(number, *_NONCE.unpack(nonce)), self._hash(table, body)

    def old_mac(self, purpose: Purpose, body: bytes) -> bytes:
        mac = self._old[_OLD_PURPOSE.get(purpose, purpose)].copy()
        mac.update(body)
        return mac.digest()[:MAC_BYTES]

    def _masked(self, number: int, nonce: bytes) -> int:
        """A number in place of another, and back."""
        mask = self._mask.copy()
        mask.update(nonce)
        return number ^ int.from_bytes(mask.digest(), "big")

    def _hash(self, table: _Table, body: bytes) -> bytes:
        mac = self._macs[table].copy()
        mac.update(body)
        return mac.digest()


def _verify(keys: Iterable[_Key], purpose: Purpose, raw: bytes) -> RowKey | None:
    table, start, end = _PARTS[purpose]
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    for key in keys:
        row, macs = key.read(table, body)
        if hmac.compare_digest(mac, macs[start:end]):
            return row
    return None


def _verify_old(keys: Iterable[_Key], purpose: Purpose, raw: bytes) -> RowKey | None:
    body, mac = raw[:ID_BYTES], raw[ID_BYTES:]
    for key in keys:
        if hmac.compare_digest(mac, key.old_mac(purpose, body)):
            return RowKey(int.from_bytes(body, "big"), None)
    return None


def _encode(raw: bytes) -> bytes:
    """URL-safe base64 without the padding that its length implies."""
    return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=")


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
