"""How do numbers by day become bars? Places and sizes for SVG, worked out on the server.

Across, everything is in percent and nothing is scaled, so that words keep their size on a phone.
No style stands in a page: colours come from the stylesheet, by class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

#: Of the whole picture, and of the room for words above the bars; in pixels.
HEIGHT, HEADROOM = 76, 18
#: A bar takes this much of the room of its day.
_FILLED = 0.72
#: Words nearer to an edge than this are written away from it.
_EDGE_PERCENT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day with something on it; across in percent, down in pixels."""

    day: date
    value: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One kind of thing, by day."""

    #: ``sent``, ``joined`` …: names its texts and its colour.
    name: str
    total: int
    bars: tuple[Bar, ...]
    #: The highest bar, which says its number itself; None where there is nothing.
    peak: Bar | None

    @property
    def peak_anchor(self) -> str:
        """On which side of its bar the number stands: never beyond the edge."""
        if self.peak is None or _EDGE_PERCENT <= self.peak.x <= 100 - _EDGE_PERCENT:
            return "middle"
        return "start" if self.peak.x < _EDGE_PERCENT else "end"

    @property
    def peak_x(self) -> float:
        return round(self.peak.x + self.peak.width / 2, 3) if self.peak else 0.0


def draw(name: str, values: Mapping[date, int], days: Sequence[date]) -> Chart:
    """Bars over ``days``; days without anything have none."""
    bars = tuple(_bars(values, days))
    return Chart(
        name=name,
        total=sum(bar.value for bar in bars),
        bars=bars,
        peak=max(bars, key=lambda bar: bar.value, default=None),
    )


def _bars(values: Mapping[date, int], days: Sequence[date]) -> Iterator[Bar]:
    highest = max((values.get(day, 0) for day in days), default=0)
    room = 100 / max(1, len(days))
    for place, day in enumerate(days):
        value = values.get(day, 0)
        if value > 0:
            # One of many thousands is still to be seen.
            height = max(2.0, round((HEIGHT - HEADROOM) * value / highest, 1))
            yield Bar(
                day=day,
                value=value,
                x=round(place * room + room * (1 - _FILLED) / 2, 3),
                width=round(room * _FILLED, 3),
                y=round(HEIGHT - height, 1),
                height=height,
            )
