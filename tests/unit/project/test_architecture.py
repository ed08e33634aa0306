"""Packages import only from packages above them, at every level (ARCHITECTURE.md, "Code map")."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

PACKAGE = REPOSITORY / "lovecampaign"
MOST_ENTRIES = 15

#: The order inside each package, from the bottom up. Names on one line do not import each other;
#: a line may import from the lines above it. ``""`` is the whole package.
LAYERS: dict[str, tuple[frozenset[str], ...]] = {
    name: tuple(frozenset(line.split()) for line in lines.strip().splitlines())
    for name, lines in {
        "": """
            core
            campaign audience
            schedule render
            checks store providers
            delivery
            web
            cli
            testing
        """,
        "campaign": """
            source
            words
            model
            schema deals
            files
            workspace
        """,
        "cli": """
            output
            framework
            resources app
            desk heroes send serve subscribers write
            health
            maintain
        """,
        "checks": """
            base
            rules ignores
            month_rules two_processes
            registry
            email_inputs problem_cache
            run explain carried_over
        """,
        "delivery": """
            base desk
            prepare
            loop
            provider_events transactional processes engine
            display inbox run
        """,
        "delivery/desk": """
            promise phrases team message advocate campaigns history
            overview write help_request
            morning
        """,
        "delivery/engine": """
            rescue dispatch batch_job
            slots
            worker fleet_metrics
            watchdog health
        """,
        "delivery/inbox": """
            sorting
            mail_files
            mailboxes
            sort_files
            match
            take_in
            reader
            watcher
        """,
        "delivery/inbox/mailboxes": """
            mailbox
            imap maildir spool_writer
            open
        """,
        "delivery/inbox/sorting": """
            kinds words addresses
            parse
            quoted status_report stop our_delivery letter_parts
            text_report verdict
            automatic
            sort
        """,
        "providers": """
            base
            pool
            sendgrid smtp
            factory
        """,
        "render": """
            model
            values card
            markup mime templating
            plain
            fast lint
            renderer
        """,
        "store": """
            database
            tables
            ledger maintenance subscribers
            dialogue
            deal_stock signup
            eligibility
            checkout planning
            sending
            reports
        """,
        "web": """
            calendar hosting html reload uvicorn_server
            preview serve
        """,
        "web/serve": """
            content http
            handler
            assets dashboard pages webhooks
            app
            server
        """,
        "web/preview": """
            letter
            access readers
            authoring
            live
            pages
            app static_export
            server
        """,
    }.items()
}


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_name(file): file
    for file in sorted(PACKAGE.rglob("*.py"))
    if "migrations" not in file.relative_to(PACKAGE).parts
}


def imported_names(source: str, package: str) -> Iterator[str]:
    """Dotted names that a source text imports from our package, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(level=0):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            case ast.ImportFrom():
                base = ".".join(package.split(".")[: package.count(".") + 2 - node.level])
                inner = f"{base}.{node.module}" if node.module else base
                names = [f"{inner}.{alias.name}" for alias in node.names]
            case _:
                continue
        yield from (name for name in names if name.split(".")[0] == "lovecampaign")


def imported_modules(name: str, source: str) -> set[str]:
    """Our modules that a module imports; a name that is no module stands for its home."""
    package = name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]
    return {
        imported if imported in FILES else imported.rpartition(".")[0]
        for imported in imported_names(source, package)
    } - {name}


IMPORTS = {name: imported_modules(name, file.read_text("utf-8")) for name, file in FILES.items()}


def may_import(package: str, entry: str, other: str) -> bool:
    """Whether, inside of a package, one entry may import another."""
    floor_of = {name: floor for floor, names in enumerate(LAYERS[package]) for name in names}
    return entry == other or floor_of[other] < floor_of[entry]


@pytest.mark.parametrize("package", LAYERS, ids=lambda package: package or "lovecampaign")
def test_imports_follow_the_order_of_the_layers(package: str) -> None:
    prefix = ".".join(["lovecampaign", *package.split("/")]).rstrip(".") + "."
    wrong = {
        f"{name} imports {imported}"
        for name, modules in IMPORTS.items()
        for imported in modules
        if name.startswith(prefix) and imported.startswith(prefix)
        if name != "lovecampaign.__main__"
        if not may_import(package, _entry(name, prefix), _entry(imported, prefix))
    }
    assert wrong == set()


def _entry(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).split(".")[0]


@pytest.mark.parametrize("package", LAYERS, ids=lambda package: package or "lovecampaign")
def test_the_layers_name_every_entry_of_their_package(package: str) -> None:
    folder = PACKAGE / package
    entries = {
        path.stem
        for path in folder.iterdir()
        if (path.suffix == ".py" and not path.stem.startswith("__"))
        or any(file.name != "__init__.py" for file in path.rglob("*.py"))
    }
    assert entries - {"migrations"} == set().union(*LAYERS[package])


def test_core_imports_nothing_else_of_ours() -> None:
    outside = {
        f"{name} imports {imported}"
        for name, modules in IMPORTS.items()
        for imported in modules
        if name.startswith("lovecampaign.core.") and not imported.startswith("lovecampaign.core")
    }
    assert outside == set()


def test_time_zones_are_imported_from_core_only() -> None:
    """It chooses the copy of the tz database before a zone is read."""
    direct = re.compile(r"^\s*(?:from|import) zoneinfo", re.MULTILINE)
    found = {name for name, file in FILES.items() if direct.search(file.read_text("utf-8"))}

    assert found == {"lovecampaign.core.zones"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {name: set(modules) for name, modules in IMPORTS.items()}
    while free := {name for name, modules in left.items() if not modules & left.keys()}:
        left = {name: modules for name, modules in left.items() if name not in free}

    assert left == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import lovecampaign.store.tables", {"lovecampaign.store.tables"}),
        ("from lovecampaign import store", {"lovecampaign.store"}),
        (
            "def f():\n    from lovecampaign.web import app",
            {"lovecampaign.web.app"},
        ),
        ("from . import tables", {"lovecampaign.store.tables"}),
        ("from ..delivery import loop", {"lovecampaign.delivery.loop"}),
        ("import sqlalchemy\nfrom pathlib import Path", set()),
    ],
)
def test_imports_are_found_wherever_and_however_they_are_written(
    source: str, names: set[str]
) -> None:
    assert set(imported_names(source, "lovecampaign.store")) == names


@pytest.mark.parametrize(
    ("package", "entry", "other", "allowed"),
    [
        ("", "store", "campaign", True),
        ("", "store", "checks", False),
        ("", "campaign", "audience", False),
        ("", "core", "campaign", False),
        ("", "testing", "delivery", True),
        ("store", "sending", "eligibility", True),
        ("store", "eligibility", "sending", False),
    ],
)
def test_the_order_has_one_direction(
    package: str, entry: str, other: str, *, allowed: bool
) -> None:
    assert may_import(package, entry, other) is allowed


def test_each_class_name_exists_once() -> None:
    names = Counter(
        node.name
        for file in FILES.values()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name: count for name, count in names.items() if count > 1} == {}


@pytest.mark.parametrize("top", ["lovecampaign", "tests", "benchmarks", "tools"])
def test_a_folder_has_at_most_fifteen_entries(top: str) -> None:
    """Data of tests is left out: rule cases have a file for each code, letters one each."""
    folders = [REPOSITORY / top, *(path for path in (REPOSITORY / top).rglob("*") if path.is_dir())]
    entries = {
        str(folder.relative_to(REPOSITORY)): len(
            [path for path in folder.iterdir() if path.name not in {"__pycache__", "node_modules"}]
        )
        for folder in folders
        if not {"__pycache__", "node_modules", "cases", "data"} & set(folder.parts)
    }
    assert {folder: count for folder, count in entries.items() if count > MOST_ENTRIES} == {}


def test_only_the_output_module_of_the_command_line_prints() -> None:
    """The linter forbids ``print``; this finds the other ways to the screen.

    The fake servers of ``testing`` are programs of their own, which name their port.
    """
    speakers = {
        name
        for name, file in FILES.items()
        if file.name not in {"output.py", "received.py"}
        and _writes_to_the_screen(file.read_text(encoding="utf-8"))
    }

    assert speakers == set()


def _writes_to_the_screen(source: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("sys", "stdout"), ("sys", "stderr"), ("click", "echo")}
        for node in ast.walk(ast.parse(source))
    )
