"""Finds addresses in headers and in the words of reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses

#: Bounded, so that a megabyte without a blank takes no quadratic time. A quote before it is not
#: a part of it.
ADDRESS = re.compile(
    r"(?<![\w.+%=/-])[\w.!#$%&*+/=?^{|}~-][\w.!#$%&'*+/=?^`{|}~-]{0,99}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}"
)
_TYPED = re.compile(r"(?i)^\s*(?:rfc822|utf-8|unknown|x-\w+|smtp)\s*;")
_SOURCE_ROUTE = re.compile(r"^@[^:]{1,200}:")
_MAX_HEADER = 2_000


def header_address(value: str) -> str:
    """The first address of a header field; '' where it has none."""
    for _, address in getaddresses([value[:_MAX_HEADER]]):
        if "@" in address:
            return address.strip("<> ")
    found = ADDRESS.search(value[:_MAX_HEADER])
    return found[0] if found else ""


def header_addresses(values: Iterator[str]) -> set[str]:
    """All addresses of header fields, in lower case."""
    return {one.lower() for value in values for one in ADDRESS.findall(value[:_MAX_HEADER])}


def typed_address(value: str) -> str:
    """The address of a DSN field: ``rfc822; ana@bloom.example`` (RFC 3464, section 2.3.1)."""
    bare = _TYPED.sub("", value[:_MAX_HEADER]).strip().strip("<>\"' ")
    bare = _SOURCE_ROUTE.sub("", bare)
    found = ADDRESS.search(bare)
    if found:
        return found[0]
    return bare if "@" in bare and " " not in bare else ""


def local_part(address: str) -> str:
    return address.rpartition("@")[0].lower()
