"""Figures as a page, and as lines in a terminal."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure, Measured, NotMeasured, Ratio

_LIBRARIES = ("jinja2", "mjml-python", "sqlalchemy", "sendgrid", "urllib3")
_HOW = (
    "Written by `make bench`. Contenders take turns, round by round; figures are medians, and "
    "ratios are medians of the rounds' ratios. Absolute figures move with whatever else the "
    "machine does: trust the ratios."
)
_SIGNS: Mapping[bool | None, str] = {True: "yes", False: "**no**", None: ""}


def write_page(measured: Measured, machine: str, minutes: float) -> str:
    """RESULTS.md."""
    return "\n".join(
        [
            "# Results",
            "",
            _HOW,
            "",
            machine,
            "",
            "![Every figure next to its target](chart.svg)",
            *_parts(measured),
            "",
            f"Took {minutes:.0f} minutes.",
            "",
        ]
    )


def line_of(each: Figure | NotMeasured) -> str:
    """One figure for the terminal."""
    if isinstance(each, NotMeasured):
        return f"{each.part:10} {each.name}: not measured, {each.why}"
    target = "" if each.target is None else f"   target {_bound(each)}"
    ratios = "".join(f"   {one.times:.2f} × {one.peer}" for one in each.ratios)
    return f"{each.part:10} {each.name}: {shown(each.value)} {each.unit}{target}{ratios}"


def shown(value: float) -> str:
    """Rounded to the digits that are not noise."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def describe_machine() -> str:
    """The machine without its name, and the versions of libraries."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; "
        f"load {os.getloadavg()[0]:.1f} at the end.\n\n"
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {ssl.OPENSSL_VERSION}, {libraries}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _parts(measured: Measured) -> Iterator[str]:
    for part in dict.fromkeys(each.part for each in measured):
        each_of_part = [each for each in measured if each.part == part]
        figures = [each for each in each_of_part if isinstance(each, Figure)]
        yield from ("", f"## {part}", "")
        if figures:
            yield from ("| | measured | target | reached | |", "|---|---:|---:|---|---|")
        yield from (row for figure in figures for row in _rows(figure))
        for each in each_of_part:
            if isinstance(each, NotMeasured):
                yield from ("", f"Not measured: {each.name} ({each.why}).")


def _rows(figure: Figure) -> Iterator[str]:
    measured = f"{shown(figure.value)} {figure.unit}"
    target = "" if figure.target is None else _bound(figure)
    yield f"| {figure.name} | {measured} | {target} | {_SIGNS[figure.is_reached]} | {figure.note} |"
    for ratio in figure.ratios:
        yield _ratio_row(ratio, figure.unit)


def _ratio_row(ratio: Ratio, unit: str) -> str:
    target = "" if ratio.target is None else f"≥ {ratio.target:g} ×"
    is_reached = None if ratio.target is None else ratio.times >= ratio.target
    peer = "" if ratio.value is None else f"{shown(ratio.value)} {unit}"
    name = f"… next to {ratio.peer}"
    return f"| {name} | {ratio.times:.2f} × | {target} | {_SIGNS[is_reached]} | {peer} |"


def _bound(figure: Figure) -> str:
    sign = "≤" if figure.is_less_better else "≥"
    return f"{sign} {figure.target:,g} {figure.unit}"
