"""Time zones that a visitor can choose from: the places of the IANA list, by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lovecampaign.audience.vocabulary.words import field_name
from lovecampaign.core.zones import current_name, is_known_zone, listed_zones
from lovecampaign.render.model.formatting import city_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """``Europe``, and its zones with their display names."""

    name: str
    #: ``Europe/London`` and ``Londres``.
    zones: Sequence[tuple[str, str]]


@lru_cache(maxsize=16)
def regions(language: str) -> Sequence[Region]:
    """Every zone of a place, in alphabetical order of the language's names of cities."""
    by_region: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(listed_zones()):
        by_region.setdefault(zone.partition("/")[0], []).append((zone, city_name(zone, language)))
    return [
        Region(name=name, zones=sorted(zones, key=lambda zone: field_name(zone[1])))
        for name, zones in by_region.items()
    ]


def regions_with(zone: str, language: str) -> Sequence[Region]:
    """All regions, after one without a name if the zone is in none: ``UTC``, or an unknown one."""
    if not zone or zone in listed_zones():
        return regions(language)
    return [Region(name="", zones=[(zone, zone.replace("_", " "))]), *regions(language)]


def parse_zone(name: str, stored: str = "") -> str:
    """The current name of the zone that a form sends, or of ``stored`` unchanged; else ''."""
    return current_name(name) if is_known_zone(name) or name == stored else ""
