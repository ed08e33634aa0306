"""Whose domain is it? The part of a host's name that somebody registered."""

from __future__ import annotations

#: Second levels under which people register, as in co.uk. RFC 9989 asks DNS; a check may not,
#: and a name missing here at worst lets two neighbours pass for one owner.
_SHARED = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gouv", "me", "ne", "net", "nom", "or", "org", "plc"}
)


def organisation_of(host: str) -> str:
    """``bloom.example`` for ``news.bloom.example``; ``bloom.co.uk`` for ``www.bloom.co.uk``."""
    labels = host.lower().rstrip(".").split(".")
    is_shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if is_shared else -2 :])
