"""Rooms import only from rooms above them (DESIGN.md, "The house")."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

PACKAGE = REPOSITORY / "lovecampaign"

#: Each line may import from the lines above it; rooms on one line do not import each other.
HOUSE: tuple[frozenset[str], ...] = (
    frozenset({"core"}),
    frozenset({"campaign", "audience"}),
    frozenset({"schedule", "render"}),
    frozenset({"checks", "store", "providers"}),
    frozenset({"delivery"}),
    frozenset({"web"}),
    frozenset({"cli"}),
    frozenset({"testing"}),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(HOUSE) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(source: str, package: tuple[str, ...] = ("lovecampaign",)) -> Iterator[str]:
    """Every room of ours that a source text imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(level=0):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            case ast.ImportFrom():
                base = ".".join(package[: len(package) - node.level + 1])
                inner = f"{base}.{node.module}" if node.module else base
                names = [f"{inner}.{alias.name}" for alias in node.names]
            case _:
                continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "lovecampaign" and len(parts) > 1 and parts[1] in FLOOR_OF:
                yield parts[1]


def may_import(room: str, other: str) -> bool:
    if room == other:
        return True
    return FLOOR_OF[other] < FLOOR_OF[room]


@pytest.mark.parametrize(
    "module", MODULES, ids=[str(module.relative_to(PACKAGE)) for module in MODULES]
)
def test_a_module_imports_only_from_rooms_above_its_own(module: Path) -> None:
    room = room_of(module)
    if room in {"__init__", "__main__"}:
        return
    package = ("lovecampaign", *module.relative_to(PACKAGE).parts[:-1])
    rooms = set(imported_rooms(module.read_text(encoding="utf-8"), package))

    assert {other for other in rooms if not may_import(room, other)} == set()


def test_every_module_lives_in_a_room_of_the_house() -> None:
    assert {room_of(module) for module in MODULES} - set(FLOOR_OF) == {"__init__", "__main__"}


def test_the_package_itself_imports_no_room() -> None:
    assert set(imported_rooms((PACKAGE / "__init__.py").read_text(encoding="utf-8"))) == set()


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("import lovecampaign.store.tables", {"store"}),
        ("from lovecampaign import store", {"store"}),
        ("from lovecampaign.campaign.model.campaign import Campaign", {"campaign"}),
        ("def f():\n    from lovecampaign.web import app", {"web"}),
        ("from . import tables", {"store"}),
        ("from ..delivery import loop", {"delivery"}),
        ("import sqlalchemy\nfrom lovecampaign import __version__", set()),
    ],
)
def test_imports_are_seen_wherever_and_however_they_stand(source: str, rooms: set[str]) -> None:
    assert set(imported_rooms(source, ("lovecampaign", "store"))) == rooms


@pytest.mark.parametrize(
    ("room", "other", "allowed"),
    [
        ("store", "campaign", True),
        ("store", "checks", False),
        ("campaign", "audience", False),
        ("delivery", "cli", False),
        ("core", "core", True),
        ("core", "campaign", False),
        ("testing", "delivery", True),
    ],
)
def test_the_house_has_one_direction(room: str, other: str, allowed: bool) -> None:
    assert may_import(room, other) is allowed


def test_only_the_output_module_of_the_command_line_prints() -> None:
    """The linter forbids ``print``; this finds the other ways to the screen.

    The servers of ``testing`` are programs of their own, which name their port.
    """
    speakers = {
        str(module.relative_to(PACKAGE))
        for module in MODULES
        if module.name not in {"output.py", "smtp_server.py", "sendgrid_server.py"}
        and _speaks(module.read_text(encoding="utf-8"))
    }

    assert speakers == set()


def _speaks(source: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("sys", "stdout"), ("sys", "stderr"), ("click", "echo")}
        for node in ast.walk(ast.parse(source))
    )
