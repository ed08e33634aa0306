"""Edits settings in place; comments and layout of the file stay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import core_value, read_tree
from lovecampaign.campaign.source.source import Source, Spot, read_source
from lovecampaign.campaign.source.tree import KeyPath, Node, Tree, as_step

#: Settings with dates that move with the start.
DATED_KEYS = frozenset(
    {"price_from", "charged_until", "approved", "until", "at", "opens", "closes"}
)
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


def replace_values(source: Source, tree: Tree, changes: Mapping[KeyPath, str]) -> str:
    """The file's text with some values replaced.

    A path that is not written, or has a value of several lines, does not change.
    """
    lines = list(source.lines)
    spots = {path: tree.spot(path) for path in changes if tree.has(path)}
    for path, spot in sorted(spots.items(), key=lambda item: _from_the_end(item[1])):
        line = lines[spot.line - 1]
        before, after = line[: spot.column - 1], line[spot.column - 1 + spot.width :]
        value = as_scalar(changes[path])
        lines[spot.line - 1] = before + value + _aligned(after, len(value) - spot.width)
    return "\n".join(lines)


def read_settings(path: Path) -> tuple[Source, Tree] | None:
    """A file's settings for editing, whatever their mistakes; None without a file."""
    source, _ = read_source(path, path.name)
    if source is None:
        return None
    return source, read_tree(source, fix_lines(source, 1, len(source.lines)))


def text_at(tree: Tree, *path: str) -> str | None:
    """The text at a path, or None."""
    node = tree.root
    for step in path:
        entry = node.entry(step) if node else None
        node = entry.value if entry else None
    return node.scalar if node and isinstance(node.scalar, str) else None


def as_scalar(text: str) -> str:
    """A text as a YAML scalar, quoted if YAML would read it as another value."""
    is_plain = re.fullmatch(r"[\w][\w ./+:-]*", text) and ": " not in text and text[-1] not in ": "
    return text if is_plain and core_value(text) == text else json.dumps(text, ensure_ascii=False)


def moved_dates(tree: Tree, days: int) -> dict[KeyPath, str]:
    """Changes that move all absolute dates that depend on the start."""
    if tree.root is None:
        return {}
    return {
        path: moved
        for path, value in _texts(tree.root)
        if path[-1] in DATED_KEYS and (moved := _move(value, days)) != value
    }


def _texts(node: Node, path: KeyPath = ()) -> list[tuple[KeyPath, str]]:
    if isinstance(node.scalar, str):
        return [(path, node.scalar)]
    texts: list[tuple[KeyPath, str]] = []
    for entry in node.entries or ():
        texts += _texts(entry.value, (*path, as_step(entry.key)))
    return texts


def _move(text: str, days: int) -> str:
    def moved(match: re.Match[str]) -> str:
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
            return (day + timedelta(days=days)).isoformat()
        except (ValueError, OverflowError):
            return match[0]

    return _DATE.sub(moved, text)


def _aligned(after: str, growth: int) -> str:
    """The rest of the line, with its comment at the old column if there is room."""
    gap = re.match(r" +(?=#)", after)
    return " " * max(2, len(gap[0]) - growth) + after[gap.end() :] if gap else after


def _from_the_end(spot: Spot) -> tuple[int, int]:
    """A sort key: from the end, no change moves the place of another."""
    return (-spot.line, -spot.column)
