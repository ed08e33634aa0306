"""The time zones of the tz database that mean the same on every machine."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

#: Not places: ``localtime`` and ``posixrules`` differ between machines, ``Factory`` means "unset".
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


@cache
def known_zones() -> frozenset[str]:
    """IANA names, such as ``Europe/Paris``."""
    return frozenset(available_timezones()) - _NO_PLACES


def is_known_zone(name: str) -> bool:
    """Whether the database has ``name`` in exactly this spelling."""
    return name in known_zones()
