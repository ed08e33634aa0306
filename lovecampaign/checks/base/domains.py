"""Hosts of URLs, and their organisational domain: the part that was registered."""

from __future__ import annotations

from urllib.parse import urlsplit

import idna

#: Public second-level suffixes, as in co.uk. RFC 9989 asks DNS, which a check must not do; a
#: suffix missing here at worst makes two owners look like one.
_SHARED = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gouv", "me", "ne", "net", "nom", "or", "org", "plc"}
)


def host_of(url: str) -> str:
    """The host of a URL; '' for none, and for an invalid URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def organisation_of(host: str) -> str:
    """``bloom.example`` for ``news.bloom.example``; ``bloom.co.uk`` for ``www.bloom.co.uk``."""
    labels = _in_ascii(host.lower()).rstrip(".").split(".")
    is_shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if is_shared else -2 :])


def _in_ascii(host: str) -> str:
    """``xn--bcher-kva.example`` for ``bücher.example``, as links are written in a letter."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host
