"""A plain ``pip install`` brings what every command imports."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Of the extras ``postgres`` and ``cluster``: needed for a PostgreSQL URL and for workers only.
OPTIONAL = {"psycopg", "procrastinate"}
#: Ours, what only a type checker imports, and parts of Jinja and pydantic that come with them.
OWN = {"lovecampaign", "_typeshed", "markupsafe", "pydantic_core"}


def imported() -> Iterator[str]:
    package = ROOT / "lovecampaign"
    for file in package.rglob("*.py"):
        if file.is_relative_to(package / "testing"):
            continue  # fakes for tests
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (each.name.partition(".")[0] for each in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.partition(".")[0]


def test_every_import_is_a_core_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = (re.split(r"[\[<>=; ]", line)[0] for line in project["dependencies"])
    core = {name.lower().replace("_", "-") for name in named}
    dists = packages_distributions()
    foreign = set(imported()) - set(sys.stdlib_module_names) - OWN - OPTIONAL
    missing = {
        module
        for module in foreign
        if not core & {dist.lower().replace("_", "-") for dist in dists.get(module, ())}
    }

    assert {"starlette", "uvicorn", "watchfiles"} <= foreign
    assert "python-multipart" in core  # Starlette imports it for forms
    assert missing == set()
