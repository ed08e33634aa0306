"""Which time zones are there? Those of the tz database that mean the same on every machine."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

#: In tz databases, but no place on earth: what ``localtime`` and ``posixrules`` mean differs from
#: machine to machine, and ``Factory`` means "nobody has set this yet".
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


@cache
def known_zones() -> frozenset[str]:
    """Their IANA names, such as ``Europe/Paris``."""
    return frozenset(available_timezones()) - _NO_PLACES


def is_known_zone(name: str) -> bool:
    """Whether ``name`` is one of them, as the database spells it."""
    return name in known_zones()
