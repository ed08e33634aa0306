"""Reads the presets, and finds the layout of a file by its signature columns."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lovecampaign.audience.status import STATUS_OF_PRESET, ImportStatus, StatusReader, ValueRule
from lovecampaign.audience.vocabulary.words import field_name

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout of a tool's export. Headings are in the form of :func:`field_name`."""

    tool: str
    name: str
    #: The layout is recognised if all headings of one of these are there.
    signatures: tuple[frozenset[str], ...]
    #: Heading → the value of a ``Column``.
    columns: Mapping[str, str]
    #: Headings that say nothing about consent.
    plain: frozenset[str]
    #: Heading, or its start before a ``*`` → the meaning of its values.
    says: Mapping[str, StatusReader]
    #: A row without a value in all of these never subscribed.
    never_asked_without: tuple[str, ...]
    #: What the export cannot say, as a warning and its hint.
    note: str
    note_hint: str

    def reader_of(self, heading: str) -> StatusReader | None:
        """The meaning of the column's values; None if it says nothing of consent."""
        if (exact := self.says.get(heading)) is not None:
            return exact
        starts = (known for known in self.says if known.endswith("*"))
        return next((self.says[known] for known in starts if heading.startswith(known[:-1])), None)

    def explains(self, heading: str) -> bool:
        return (
            heading in self.plain or heading in self.columns or self.reader_of(heading) is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The layouts of one tool."""

    tool: str
    sources: tuple[str, ...]
    layouts: tuple[Layout, ...]
    #: The layouts as the file writes them, for the documentation's table.
    written: tuple[Mapping[str, Any], ...] = ()


@cache
def load_presets() -> tuple[Preset, ...]:
    """All presets, by the tool's name."""
    presets = [_read_preset(file) for file in _FOLDER.rglob("*.toml")]
    return tuple(sorted(presets, key=lambda preset: preset.tool.casefold()))


def find_layout(headings: Iterable[str]) -> Layout | None:
    """The layout with the largest signature that the headings hold; None without one."""
    there = frozenset(headings)
    found = [
        (len(signature), layout)
        for preset in load_presets()
        for layout in preset.layouts
        for signature in layout.signatures
        if signature <= there
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def _read_preset(file: Path) -> Preset:
    data = tomllib.loads(file.read_text("utf-8"))
    return Preset(
        tool=data["tool"],
        sources=tuple(data["sources"]),
        layouts=tuple(_read_layout(data, layout) for layout in data["layout"]),
        written=tuple(data["layout"]),
    )


def _read_layout(data: Mapping[str, Any], layout: Mapping[str, Any]) -> Layout:
    says: dict[str, StatusReader] = {}
    for headings, meanings in layout.get("says", {}).items():
        reader = ValueRule(_read_meanings(meanings)).read
        for heading in headings.split("|"):
            says[field_name(heading.rstrip("*")) + ("*" if heading.endswith("*") else "")] = reader
    return Layout(
        tool=data["tool"],
        name=layout["name"],
        signatures=tuple(frozenset(map(field_name, each)) for each in layout["signatures"]),
        columns=MappingProxyType(
            {field_name(name): column for name, column in layout.get("columns", {}).items()}
        ),
        plain=frozenset(map(field_name, layout.get("plain", ()))),
        says=MappingProxyType(says),
        never_asked_without=tuple(map(field_name, layout.get("never_asked_without", ()))),
        note=data.get("note", ""),
        note_hint=data.get("note_hint", ""),
    )


def _read_meanings(meanings: Mapping[str, str]) -> Mapping[str, ImportStatus]:
    return {value: STATUS_OF_PRESET[word] for value, word in meanings.items()}
