"""Which pages does the dashboard have?"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from lovecampaign.web.serve.dashboard import control, month, series, stock
from lovecampaign.web.serve.dashboard import in_doubt as doubts
from lovecampaign.web.serve.dashboard import login as entrance
from lovecampaign.web.serve.dashboard import problems as troubles
from lovecampaign.web.serve.dashboard.view import Office
from lovecampaign.web.serve.handler.site import Site

_MODULES = (entrance, month, series, doubts, stock, troubles, control)


def routes(site: Site) -> Sequence[BaseRoute]:
    office = Office.of(site)
    return [route for module in _MODULES for route in module.routes(site, office)]
