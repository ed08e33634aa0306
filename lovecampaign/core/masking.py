"""Passwords in URLs and local parts of addresses, masked for messages and logs."""

from __future__ import annotations

import re

_MASK = "***"
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:/]+@([\w.-]+)")
#: ``user:password@`` after ``://``, up to the last @ of the authority; not our own examples.
_IN_AUTHORITY = re.compile(r"(://[^\s/?#:@]*:)(?!PASSWORD@HOST)[^\s/?#]*(?=@)")
#: ``password=``, ``sslpassword=``, also with an encoded ``=``: a URL's query, or libpq's own
#: keywords and values
#: (postgresql.org/docs/current/libpq-connect.html, sections 32.1.1 and 32.1.2).
_IN_QUERY = re.compile(
    r"""(\b\w*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)\s*(?:=|%3D)\s*)
        (?:'(?:[^'\\]|\\.)*'|[^\s&;'"]+)""",
    re.IGNORECASE | re.VERBOSE,
)
#: A name in a query may be percent-encoded: ``p%61ssword``.
_ENCODED_NAME = re.compile(r"(?<=[?&;])([^\s=&;]*%[^\s=&;]*)=([^\s&;]*)")


def mask_passwords(text: str) -> str:
    """The text with ``***`` for each password in a URL: in the authority and in the query."""
    text = _IN_AUTHORITY.sub(rf"\1{_MASK}", text)
    text = _IN_QUERY.sub(rf"\1{_MASK}", text)
    return _ENCODED_NAME.sub(rf"\1={_MASK}", text)


def mask_addresses(text: str) -> str:
    """The text with ``***`` for each local part of an email address."""
    return _ADDRESS.sub(rf"{_MASK}@\1", text)
