"""A bar chart of the figures and their targets, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.figures import Figure
from benchmarks.report import shown

_WIDTH, _ROW, _LEFT, _RIGHT = 860, 26, 340, 150
#: Longest bar, in multiples of the target.
_MOST_TIMES = 3.0
_REACHED, _MISSED = "#2e7d5b", "#c2185b"


def draw(figures: Sequence[Figure]) -> str:
    """A bar for each figure with a target; longer is better, and the line is the target."""
    bars = [figure for figure in figures if figure.target]
    height = _ROW * (len(bars) + 2)
    return "\n".join(
        [
            _head(height),
            "<title>Every figure next to its target</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#fffdfa"/>',
            *(line for row, figure in enumerate(bars) for line in _bar(row, figure)),
            *_target_line(len(bars)),
            "</svg>",
            "",
        ]
    )


def _head(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img">'
    )


def _bar(row: int, figure: Figure) -> Iterator[str]:
    top, times = _ROW * (row + 1), _goodness(figure)
    width = min(times, _MOST_TIMES) * _unit()
    color = _REACHED if figure.is_reached else _MISSED
    words = escape(f"{figure.part}: {figure.name}")
    yield f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{words[:56]}</text>'
    yield (
        f'<rect x="{_LEFT}" y="{top + 4}" width="{width:.0f}" height="{_ROW - 9}" fill="{color}"/>'
    )
    value = escape(f"{shown(figure.value)} {figure.unit}")
    yield f'<text x="{_LEFT + width + 6:.0f}" y="{top + 15}">{value}</text>'


def _target_line(rows: int) -> Iterator[str]:
    x, bottom = _LEFT + _unit(), _ROW * (rows + 1)
    yield f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{_ROW - 2}" y2="{bottom}" stroke="#333"/>'
    yield f'<text x="{x:.0f}" y="{_ROW - 8}" text-anchor="middle">target</text>'


def _goodness(figure: Figure) -> float:
    target = figure.target or 1.0
    if figure.is_less_better:
        return target / figure.value if figure.value else _MOST_TIMES
    return figure.value / target


def _unit() -> float:
    return (_WIDTH - _LEFT - _RIGHT) / _MOST_TIMES
