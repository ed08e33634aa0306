"""How is a body with holes quoted, so that each piece of it can be encoded by itself?

Quoted-printable folds lines at 76 bytes (RFC 2045, section 6.7), so where a line ends would
depend on every value before it, and 64 KB would be encoded anew for each person. Here a value
shares its line with a few columns on either side at most: what stands there is folded without
looking at the value, and the value without looking at where it stands.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence

from lovecampaign.render.mime.write import quoted_printable

#: A soft line break: reading programs take it out again.
_SOFT_BREAK = b"=\r\n"
#: What may stand before a value on its line, and after it; 2 * 20 + 35 and "=" make 76.
_MOST_BESIDE = 20
_MOST_INLINE = 35
#: Short, and of characters that neither HTML, nor addresses, nor quoted-printable change.
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9@_-][A-Za-z0-9@_.-]{0,34}").fullmatch
#: Keeps the encoder from taking a space before a value for one at the end of a line.
_STAND_IN = "|"


def quote_body(pieces: Sequence[str], values: Sequence[str]) -> bytes:
    """The body: ``pieces`` (one more than there are values) with ``values`` between them."""
    last = len(values)
    quoted = [quote_piece(pieces[0], is_first=True, is_last=not last)]
    for number, value in enumerate(values, 1):
        quoted.append(quote_value(value))
        quoted.append(quote_piece(pieces[number], is_last=number == last))
    return b"".join(quoted)


def quote_value(value: str) -> bytes:
    """What stands in a hole, wherever that is; long values get lines of their own."""
    if len(value) <= _MOST_INLINE and value.isprintable() and not value.startswith("."):
        quoted = binascii.b2a_qp(value.encode())  # nothing in it touches an end of a line
        if len(quoted) <= _MOST_INLINE:
            return quoted
    quoted = quoted_printable(value)
    if len(quoted) <= _MOST_INLINE and b"\n" not in quoted:
        return quoted
    return _SOFT_BREAK + quoted + _SOFT_BREAK


def as_plain_bytes(value: str) -> bytes | None:
    """What stands in a hole, where no escaping and no quoting would change it; else None."""
    return value.encode("ascii") if _PLAIN_WORDS(value) else None


def quote_piece(piece: str, *, is_first: bool = False, is_last: bool = False) -> bytes:
    """What stands between two holes (or at an end), whatever will stand in them."""
    quoted = quoted_printable(piece) if is_last else quoted_printable(piece + _STAND_IN)[:-1]
    if not is_first and _columns_before_break(quoted) > _MOST_BESIDE:
        quoted = _SOFT_BREAK + quoted
    if is_last:
        return quoted
    is_one_line = not is_first and b"\n" not in quoted
    if is_one_line or _columns_after_break(quoted) > _MOST_BESIDE:
        quoted += _SOFT_BREAK
    return quoted


def _columns_before_break(quoted: bytes) -> int:
    end = quoted.find(b"\r\n")
    return len(quoted) if end < 0 else end


def _columns_after_break(quoted: bytes) -> int:
    return len(quoted) - (quoted.rfind(b"\n") + 1)
