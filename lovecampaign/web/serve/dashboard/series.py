"""``…/people`` and ``…/events``: how many each day? Bars, and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.dashboard.charts import HEIGHT, draw
from lovecampaign.web.serve.dashboard.figures import Figures
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [
        desk_page(site, office, "/people", get=show_people),
        desk_page(site, office, "/events", get=show_events),
    ]


def show_people(desk: Desk) -> Response:
    """Who came, said yes and left."""
    figures = _ask(desk)
    return _show(desk, "people", figures, figures.people if figures else {})


def show_events(desk: Desk) -> Response:
    """What was sent, and what providers and readers reported of it."""
    figures = _ask(desk)
    return _show(desk, "events", figures, figures.events if figures else {})


def _ask(desk: Desk) -> Figures | None:
    return desk.office.counters.figures.ask(desk.campaign, desk.record, desk.visit.now)


def _show(
    desk: Desk, here: str, figures: Figures | None, series: Mapping[str, Mapping[date, int]]
) -> Response:
    days = list(figures.days) if figures else []
    return desk.show(
        "series.html",
        here,
        figures=figures,
        charts=[draw(name, values, days) for name, values in series.items()],
        series=series,
        # Days on which nothing happened at all would only make the table long.
        days=[day for day in days if _is_busy(day, series)],
        height=HEIGHT,
        is_counting=figures is None,
    )


def _is_busy(day: date, series: Mapping[str, Mapping[date, int]]) -> bool:
    return any(values.get(day) for values in series.values())
