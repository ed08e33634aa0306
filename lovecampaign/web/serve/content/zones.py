"""Time zones that a visitor can choose from: the places of the IANA list, by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lovecampaign.core.zones import is_known_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """``Europe``, and its zones with their display names."""

    name: str
    #: ``Europe/Paris`` and ``Paris``.
    zones: Sequence[tuple[str, str]]


@cache
def regions() -> Sequence[Region]:
    """Every zone of zone.tab, in alphabetical order."""
    by_region: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(_read_zone_tab()):
        region, _, place = zone.partition("/")
        if place:
            by_region.setdefault(region, []).append((zone, place.replace("_", " ")))
    return [Region(name=name, zones=zones) for name, zones in by_region.items()]


def parse_zone(name: str) -> str:
    """The zone that a form names; '' for an unknown one."""
    return name if len(name) <= 64 and is_known_zone(name) else ""


def _read_zone_tab() -> set[str]:
    """zone.tab has one line for each zone: country codes, coordinates, name."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {parts[2] for parts in lines if len(parts) > 2 and is_known_zone(parts[2])}
