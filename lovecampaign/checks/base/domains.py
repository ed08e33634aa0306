"""The organisational domain of a host name: the part that was registered."""

from __future__ import annotations

#: Public second-level suffixes, as in co.uk. RFC 9989 asks DNS, which a check must not do; a
#: suffix missing here at worst makes two owners look like one.
_SHARED = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gouv", "me", "ne", "net", "nom", "or", "org", "plc"}
)


def organisation_of(host: str) -> str:
    """``bloom.example`` for ``news.bloom.example``; ``bloom.co.uk`` for ``www.bloom.co.uk``."""
    labels = host.lower().rstrip(".").split(".")
    is_shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if is_shared else -2 :])
