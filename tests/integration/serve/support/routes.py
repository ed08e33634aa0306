"""Every route that there is, with parts filled in: so that no page escapes a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from starlette.routing import Route

from lovecampaign.core.tokens import Purpose
from lovecampaign.web.serve.app import ROUTES
from lovecampaign.web.serve.content.brand import style_path
from tests.support.serving import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One path of one route."""

    template: str
    path: str
    methods: frozenset[str]


def every_route(served: Serving) -> list[Route]:
    made = [route for make_routes in ROUTES for route in make_routes(served.site)]
    return [route for route in made if isinstance(route, Route)]


def every_path(served: Serving, delivery_id: int) -> list[Asked]:
    """Each route with parts that lead somewhere, and with parts that lead nowhere."""
    values = _values(served, delivery_id)
    return [
        Asked(template=route.path, path=path, methods=frozenset(route.methods or ()))
        for route in every_route(served)
        for path in _fill(route.path, values)
    ]


def _fill(template: str, values: Mapping[str, list[str]]) -> Iterator[str]:
    if "{" not in template:
        yield template
        return
    part = template[template.index("{") : template.index("}") + 1]
    for value in values.get(part, ["1", "nonsense"]):
        yield from _fill(template.replace(part, value), values)


def _values(served: Serving, delivery_id: int) -> dict[str, list[str]]:
    """What may stand for each part of a path."""
    purposes = (Purpose.LINKS, Purpose.SHARE, Purpose.CONFIRM, Purpose.MAILED)
    return {
        "{token}": [*(served.token(one, delivery_id) for one in purposes), "test", "nonsense"],
        "{list}": ["readers", "insiders", "nobody"],
        "{campaign}": ["test-month-2027-02", "nobody"],
        "{key}": ["day-01", "nothing"],
        "{name}": [style_path(None).rpartition("/")[2], "0" * 64 + ".png", "none"],
    }
