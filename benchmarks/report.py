"""How do measured figures read: as a page, and as lines in a terminal?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.figures import Absence, Figure, Ratio

Found = Sequence[Figure | Absence]
_HOW = (
    "Written by `make bench`. Contenders take turns, round by round; figures are medians, and "
    "ratios are medians of the rounds' ratios. Absolute figures move with whatever else the "
    "machine does: trust the ratios."
)
_SIGNS: Mapping[bool | None, str] = {True: "yes", False: "**no**", None: ""}


def write_page(found: Found, machine: str, minutes: float) -> str:
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
            *_parts(found),
            "",
            f"Took {minutes:.0f} minutes.",
            "",
        ]
    )


def line_of(each: Figure | Absence) -> str:
    """For the terminal."""
    if isinstance(each, Absence):
        return f"{each.part:10} {each.name}: left out, {each.why}"
    target = "" if each.target is None else f"   target {_bound(each)}"
    ratios = "".join(f"   {one.times:.2f} × {one.peer}" for one in each.ratios)
    return f"{each.part:10} {each.name}: {shown(each.value)} {each.unit}{target}{ratios}"


def shown(value: float) -> str:
    """As many digits as mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _parts(found: Found) -> Iterator[str]:
    for part in dict.fromkeys(each.part for each in found):
        each_of_part = [each for each in found if each.part == part]
        figures = [each for each in each_of_part if isinstance(each, Figure)]
        yield from ("", f"## {part}", "")
        if figures:
            yield from ("| | measured | target | reached | |", "|---|---:|---:|---|---|")
        yield from (row for figure in figures for row in _rows(figure))
        for each in each_of_part:
            if isinstance(each, Absence):
                yield from ("", f"Left out: {each.name} ({each.why}).")


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
