"""``…/people`` and ``…/events``: counts per day, as SVG bar charts and as a table.

Bars are laid out on the server. Horizontal sizes are percentages, so that text keeps its size on a
phone. There are no inline styles: the stylesheet gives colours by class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.dashboard.figures import Figures
from lovecampaign.web.serve.dashboard.view import CampaignView, DashboardState, dashboard_page
from lovecampaign.web.serve.handler.site import Site

#: Of a chart, and of the text above its bars; in pixels.
HEIGHT, HEADROOM = 76, 18
#: A bar's share of its day's width.
_FILLED = 0.72
#: Labels nearer to an edge than this are aligned to it.
_EDGE_PERCENT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """One day's bar; ``x`` and ``width`` in percent, ``y`` and ``height`` in pixels."""

    day: date
    value: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One series."""

    #: ``sent``, ``joined`` …: names its texts and its colour.
    name: str
    total: int
    bars: tuple[ChartBar, ...]
    #: The highest bar, which has a label; None without bars.
    peak: ChartBar | None

    @property
    def peak_anchor(self) -> str:
        """The label's text-anchor, which keeps it inside the chart."""
        if self.peak is None or _EDGE_PERCENT <= self.peak.x <= 100 - _EDGE_PERCENT:
            return "middle"
        return "start" if self.peak.x < _EDGE_PERCENT else "end"

    @property
    def peak_x(self) -> float:
        return round(self.peak.x + self.peak.width / 2, 3) if self.peak else 0.0


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [
        dashboard_page(site, state, "/people", get=show_people),
        dashboard_page(site, state, "/events", get=show_events),
    ]


def show_people(view: CampaignView) -> Response:
    """Subscribers who joined, confirmed and unsubscribed."""
    figures = view.figures()
    return _show(view, "people", figures, figures.people if figures else {})


def show_events(view: CampaignView) -> Response:
    """Messages sent, and their events."""
    figures = view.figures()
    return _show(view, "events", figures, figures.events if figures else {})


def draw_chart(name: str, values: Mapping[date, int], days: Sequence[date]) -> Chart:
    """Bars over ``days``; none for days with zero."""
    bars = tuple(_bars(values, days))
    return Chart(
        name=name,
        total=sum(bar.value for bar in bars),
        bars=bars,
        peak=max(bars, key=lambda bar: bar.value, default=None),
    )


def _show(
    view: CampaignView,
    here: str,
    figures: Figures | None,
    series: Mapping[str, Mapping[date, int]],
) -> Response:
    days = list(figures.days) if figures else []
    return view.show(
        "series.html",
        here,
        figures=figures,
        charts=[draw_chart(name, values, days) for name, values in series.items()],
        series=series,
        # The table leaves out days on which all series are zero.
        days=[day for day in days if any(values.get(day) for values in series.values())],
        height=HEIGHT,
        is_counting=figures is None,
    )


def _bars(values: Mapping[date, int], days: Sequence[date]) -> Iterator[ChartBar]:
    highest = max((values.get(day, 0) for day in days), default=0)
    room = 100 / max(1, len(days))
    for place, day in enumerate(days):
        value = values.get(day, 0)
        if value > 0:
            # At least 2 px: one of many thousands stays visible.
            height = max(2.0, round((HEIGHT - HEADROOM) * value / highest, 1))
            yield ChartBar(
                day=day,
                value=value,
                x=round(place * room + room * (1 - _FILLED) / 2, 3),
                width=round(room * _FILLED, 3),
                y=round(HEIGHT - height, 1),
                height=height,
            )
