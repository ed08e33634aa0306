"""Quoted-printable encoding of bodies with holes, piece by piece.

Quoted-printable folds lines at 76 bytes (RFC 2045, section 6.7), so each line end would depend on
every value before it, and 64 KB would be encoded anew for each subscriber. Here a value shares its
line with at most a few columns on either side, so pieces and values are folded independently.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence

#: A soft line break, which decoders remove.
_SOFT_BREAK = b"=\r\n"
#: Columns before and after a value on its line; 2 * 20 + 35 and "=" make 76.
_MAX_BESIDE = 20
_MAX_INLINE = 35
#: Short, and of characters that neither HTML, nor addresses, nor quoted-printable change.
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9@_-][A-Za-z0-9@_.-]{0,34}").fullmatch
#: Keeps the encoder from treating a space before a value as one at the end of a line.
_PLACEHOLDER = "|"
_LEADING_DOTS = re.compile(rb"(?m)^\.{1,20}")
#: ``b2a_qp`` encodes a space before a line end even where there is no room for it
#: (75 columns, so that a soft line break can follow).
_OVERLONG = re.compile(rb"(?m)^(.{73,})(=20|=09)(?=\r?$)")


def quote_body(pieces: Sequence[str], values: Sequence[str]) -> bytes:
    """The body: ``pieces`` (one more than there are values) with ``values`` between them."""
    first, *others = quote_pieces(pieces)
    body = [first]
    for value, piece in zip(values, others, strict=True):
        body += quote_value(value), piece
    return b"".join(body)


def quote_pieces(pieces: Sequence[str]) -> list[bytes]:
    """The static pieces of a body, encoded for any values between them."""
    last = len(pieces) - 1
    return [
        quote_piece(piece, is_first=number == 0, is_last=number == last)
        for number, piece in enumerate(pieces)
    ]


def quote_value(value: str) -> bytes:
    """A value, encoded for any hole; a long one gets lines of its own."""
    if len(value) <= _MAX_INLINE and value.isprintable() and not value.startswith("."):
        quoted = binascii.b2a_qp(value.encode())  # nothing in it touches an end of a line
        if len(quoted) <= _MAX_INLINE:
            return quoted
    quoted = quoted_printable(value)
    if len(quoted) <= _MAX_INLINE and b"\n" not in quoted:
        return quoted
    return _SOFT_BREAK + quoted + _SOFT_BREAK


def as_plain_bytes(value: str) -> bytes | None:
    """The value as bytes if neither escaping nor quoting would change it; else None."""
    return value.encode("ascii") if _PLAIN_WORDS(value) else None


def quote_piece(piece: str, *, is_first: bool = False, is_last: bool = False) -> bytes:
    """Static text between two holes (or at an end), encoded for any values in them."""
    quoted = quoted_printable(piece) if is_last else quoted_printable(piece + _PLACEHOLDER)[:-1]
    if not is_first and _columns_before_break(quoted) > _MAX_BESIDE:
        quoted = _SOFT_BREAK + quoted
    if is_last:
        return quoted
    is_one_line = not is_first and b"\n" not in quoted
    if is_one_line or _columns_after_break(quoted) > _MAX_BESIDE:
        quoted += _SOFT_BREAK
    return quoted


def _columns_before_break(quoted: bytes) -> int:
    end = quoted.find(b"\r\n")
    return len(quoted) if end < 0 else end


def _columns_after_break(quoted: bytes) -> int:
    return len(quoted) - (quoted.rfind(b"\n") + 1)


def quoted_printable(body: str) -> bytes:
    """Lines of at most 76 bytes that never begin with a dot (SMTP would have to double it)."""
    with_crlf = body.replace("\n", "\r\n").encode("utf-8")
    # b2a_qp looks at the first line end to choose its own, so there must be one.
    encoded = binascii.b2a_qp(with_crlf + b"\r\n", istext=True)[:-2]
    encoded = _OVERLONG.sub(rb"\1=\r\n\2", encoded)
    while encoded.startswith(b".") or b"\n." in encoded:
        encoded = _LEADING_DOTS.sub(_encode_dots, encoded)
    return encoded


def _encode_dots(match: re.Match[bytes]) -> bytes:
    # A soft line break after them keeps the line within 76 bytes.
    return b"=2E" * len(match[0]) + b"=\r\n"
