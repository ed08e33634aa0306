"""The tz database: the newer of the system's copy and the package's, its zones and their aliases.

Every module takes zones from :func:`load_zone`, so that none is read before the copy is chosen.
By itself Python takes the system's, however old: since 2025b the clocks of British Columbia,
Alberta, Manitoba, Morocco and Cuba have changed.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import tzdata

__all__ = [
    "TZ_DATABASE",
    "UPGRADE_COMMAND",
    "TzDatabase",
    "ZoneInfo",
    "current_name",
    "find_newest",
    "is_known_zone",
    "known_zones",
    "listed_zones",
    "load_zone",
]

#: What to type for newer tz data.
UPGRADE_COMMAND = "pip install --upgrade tzdata"
#: Not places: ``localtime`` and ``posixrules`` differ between machines, ``Factory`` means "unset".
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})
_PACKAGE = Path(tzdata.__file__).with_name("zoneinfo")
#: First line of tzdata.zi, or all of macOS's +VERSION.
_VERSION = re.compile(r"(?:# version )?(\d{4}[a-z]+)")
#: Names that the database merged into another country's zone: their place's own name today, from
#: the comments of tz's file ``backward``.
_PLACES = {
    "Africa/Asmera": "Africa/Asmara",
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Virgin": "America/St_Thomas",
    "Antarctica/South_Pole": "Antarctica/McMurdo",
    "Atlantic/Jan_Mayen": "Europe/Oslo",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TzDatabase:
    """The copy in use."""

    #: ``2026f``: the year, and the releases in it counted with letters.
    version: str
    #: Of the copy that is not in use; None where there is none, or it does not say.
    other_version: str | None
    is_system: bool

    @property
    def description(self) -> str:
        """For people: which copy is in use, and what the other one is."""
        source, other = ("the package tzdata", "the system")[:: -1 if self.is_system else 1]
        return f"time zones {self.version} of {source} ({other} has {self.other_version or 'none'})"

    @property
    def released(self) -> date:
        """About when: a release names its year only, and most years have three or four."""
        quarter = min(ord(self.version[4]) - ord("a") + 1, 4)
        return date(int(self.version[:4]), 3 * quarter, 28)


def find_newest(system_path: Sequence[str]) -> TzDatabase:
    """The newer of the package's copy and the system's; one without a version counts as older."""
    folders = (Path(folder) for folder in system_path)
    system = next((_read_version(one) for one in folders if (one / "Etc/UTC").is_file()), None)
    package = tzdata.IANA_VERSION
    if system is not None and system > package:
        return TzDatabase(version=system, other_version=package, is_system=True)
    return TzDatabase(version=package, other_version=system, is_system=False)


def _read_version(folder: Path) -> str | None:
    for name in ("tzdata.zi", "+VERSION"):
        with suppress(OSError), (folder / name).open(encoding="utf-8", errors="replace") as file:
            if found := _VERSION.match(file.readline(100)):
                return found[1]
    return None


TZ_DATABASE = find_newest(zoneinfo.TZPATH)
if not TZ_DATABASE.is_system:
    zoneinfo.reset_tzpath(to=[str(_PACKAGE)])
    ZoneInfo.clear_cache()


@cache
def known_zones() -> frozenset[str]:
    """IANA names, such as ``Europe/Paris``."""
    return frozenset(available_timezones()) - _NO_PLACES


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of that name, read once: Python keeps only the last eight."""
    return ZoneInfo(name)


def is_known_zone(name: str) -> bool:
    """Whether the database has ``name`` in exactly this spelling."""
    return name in known_zones()


@cache
def listed_zones() -> frozenset[str]:
    """Names of places: those of zone.tab, which has one line for each country's zone."""
    lines = (_PACKAGE / "zone.tab").read_text("utf-8").splitlines()
    names = {line.split("\t")[2] for line in lines if not line.startswith("#")}
    return known_zones() & names


def current_name(name: str) -> str:
    """``Asia/Kolkata`` for ``Asia/Calcutta``: what a place is called today."""
    return _current_names().get(name, name)


@cache
def _current_names() -> dict[str, str]:
    """Aliases of places: browsers and other tools go on using them (CLDR never renames a zone)."""
    lines = (_PACKAGE / "tzdata.zi").read_text("utf-8").splitlines()
    links = {line.split()[2]: line.split()[1] for line in lines if line.startswith("L ")} | _PLACES
    names = {}
    for alias in links.keys() - listed_zones():
        target = alias
        while target in links and target not in listed_zones():
            target = links[target]
        if target in listed_zones():
            names[alias] = target
    return names
