"""Invalid settings are removed from the data, with all below them."""

from __future__ import annotations

from typing import Any

import pytest

from lovecampaign.campaign.schema.removal import BrokenPaths, without
from lovecampaign.campaign.source.tree import KeyPath


@pytest.mark.parametrize(
    ("paths", "rest"),
    [
        ([], {"days": {9: {"at": 1}, "x": 2}, "skip": [1, 2, 3]}),
        ([("days",)], {"skip": [1, 2, 3]}),
        ([("days", "9", "at"), ("skip", 0), ("skip", 2)], {"days": {9: {}, "x": 2}, "skip": [2]}),
        ([("days", 9), ("days", 9, "at")], {"days": {"x": 2}, "skip": [1, 2, 3]}),
        ([("days", 9, "at"), ("days",)], {"skip": [1, 2, 3]}),
        ([("days", "x", "deeper", 0)], {"days": {9: {"at": 1}}, "skip": [1, 2, 3]}),
        ([("none",), ("skip", 7)], {"days": {9: {"at": 1}, "x": 2}, "skip": [1, 2, 3]}),
    ],
)
def test_paths_are_removed_and_the_rest_stays(paths: list[KeyPath], rest: dict[Any, Any]) -> None:
    data: dict[Any, Any] = {"days": {9: {"at": 1}, "x": 2}, "skip": [1, 2, 3]}
    assert without(data, paths) == rest
    assert data == {"days": {9: {"at": 1}, "x": 2}, "skip": [1, 2, 3]}


def test_settings_above_and_below_an_invalid_one_overlap_with_it() -> None:
    broken = BrokenPaths([("days", 9, "at"), ("launch",)])
    inside: list[KeyPath] = [
        (),
        ("days",),
        ("days", "9"),
        ("days", 9, "at", "x"),
        ("launch", "day"),
    ]
    outside: list[KeyPath] = [("start",), ("days", 8), ("days", 9, "kind")]
    assert all(map(broken.overlap, inside))
    assert not any(map(broken.overlap, outside))
    assert not BrokenPaths().overlap(("start",))
