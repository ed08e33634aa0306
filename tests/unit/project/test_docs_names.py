"""Paths, columns and names on the maintainers' pages exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.store.database.types import metadata
from tests.support.paths import REPOSITORY

PACKAGE = REPOSITORY / "lovecampaign"
PAGES = {
    name: (REPOSITORY / name).read_text("utf-8")
    for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md")
}
#: Ours in backticks: no commands, no routes, no SQL.
_QUOTED = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.-]+(?:/[\w.*-]+)*/?")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[a-z_]\w*)?")
_SUFFIXES = (".py", ".md", ".toml", ".yml", ".yaml", ".json", "/")
_CITATION = re.compile(
    r"(?P<page>ARCHITECTURE|CONTRIBUTING|docs/[a-z]+|[A-Z]+)\.md(?:, | \()\"(?P<title>[^\"\n]+)\""
)


def quoted(page: str) -> list[str]:
    return _QUOTED.findall(re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def is_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text)) and text.endswith(_SUFFIXES)


def exists(path: str) -> bool:
    return any(any(folder.glob(path.rstrip("/"))) for folder in (REPOSITORY, PACKAGE))


def defined_names(file: Path) -> set[str]:
    """Classes, functions, methods and assigned names of a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
    return names


def columns() -> set[str]:
    return {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c}


CODE = {
    word
    for top in (PACKAGE, REPOSITORY / "tests")
    for file in top.rglob("*.py")
    for word in re.findall(r"\w+", file.read_text("utf-8"))
}


@pytest.mark.parametrize("name", PAGES)
def test_every_path_exists(name: str) -> None:
    missing = [text for text in quoted(PAGES[name]) if is_path(text) and not exists(text)]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_every_name_and_column_exists(name: str) -> None:
    names = [text for text in quoted(PAGES[name]) if _NAME.fullmatch(text) and not is_path(text)]
    tables = set(metadata.tables)
    unknown = [
        text
        for text in names
        if not set(text.split(".")) <= CODE
        or (text.split(".")[0] in tables and "." in text and text not in columns())
    ]
    assert unknown == []


def rows_with_names(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """Files and names of each row of a table "Step | File | Names"."""
    for row in re.findall(
        r"^\|(?:[^|\n]*)\|([^|\n]*\.py`[^|\n]*)\|([^|\n]*)\|$", page, re.MULTILINE
    ):
        yield quoted(row[0]), quoted(row[1])


def test_each_step_of_a_path_names_what_its_files_define() -> None:
    rows = list(rows_with_names(PAGES["ARCHITECTURE.md"]))
    wrong = [
        f"{name}: not in {', '.join(files)}"
        for files, names in rows
        for name in names
        if not any(name in defined_names(PACKAGE / file) for file in files)
    ]
    assert len(rows) > 20
    assert wrong == []


def has_section(page: Path, title: str) -> bool:
    return page.exists() and f"\n## {title}\n" in page.read_text("utf-8")


def test_comments_cite_pages_and_sections_that_exist() -> None:
    sources = [
        file
        for top in ("lovecampaign", "tests", "tools", "benchmarks")
        for file in (REPOSITORY / top).rglob("*.py")
    ]
    wrong = [
        f"{file.relative_to(REPOSITORY)}: {cited[0]}"
        for file in sources
        for cited in _CITATION.finditer(file.read_text("utf-8"))
        if not has_section(REPOSITORY / f"{cited['page']}.md", cited["title"])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("core/lru.py", True),
        ("store/sending/", True),
        ("docs/rules.md", True),
        ("make test", False),
        ("/webhooks/sendgrid", False),
        ("delivery.state", False),
    ],
)
def test_a_path_is_told_from_other_words(text: str, *, is_one: bool) -> None:
    assert is_path(text) is is_one


def test_the_lines_that_speed_costs_are_those_of_the_code() -> None:
    """To a tenth, so that not every change has to touch the page."""
    text = (REPOSITORY / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| [^|]+\| ((?:`[^`]+`(?:, )?)+) \| ([\d,+ ]+) \|$", text, re.MULTILINE)
    counted = [
        (path, int(lines.replace(",", "")))
        for paths, numbers in rows
        for path, lines in zip(re.findall(r"`([^`]+)`", paths), numbers.split(" + "), strict=True)
    ]
    assert counted
    assert {
        path: lines for path, lines in counted if abs(_count_lines(path) - lines) > lines / 10
    } == {}


def _count_lines(path: str) -> int:
    place = REPOSITORY / "lovecampaign" / path
    files = [place] if place.is_file() else place.rglob("*.py")
    return sum(len(file.read_text().splitlines()) for file in files)
