"""Time zones that a visitor can choose from: the places of the IANA list, by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from lovecampaign.core.zones import current_name, is_known_zone, listed_zones


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """``Europe``, and its zones with their display names."""

    name: str
    #: ``Europe/Paris`` and ``Paris``.
    zones: Sequence[tuple[str, str]]


@cache
def regions() -> Sequence[Region]:
    """Every zone of a place, in alphabetical order."""
    by_region: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(listed_zones()):
        region, _, place = zone.partition("/")
        by_region.setdefault(region, []).append((zone, place.replace("_", " ")))
    return [Region(name=name, zones=zones) for name, zones in by_region.items()]


def regions_with(zone: str) -> Sequence[Region]:
    """All regions, after one without a name if the zone is in none: ``UTC``, or an unknown one."""
    if not zone or zone in listed_zones():
        return regions()
    return [Region(name="", zones=[(zone, zone.replace("_", " "))]), *regions()]


def parse_zone(name: str, stored: str = "") -> str:
    """The current name of the zone that a form sends, or of ``stored`` unchanged; else ''."""
    return current_name(name) if is_known_zone(name) or name == stored else ""
