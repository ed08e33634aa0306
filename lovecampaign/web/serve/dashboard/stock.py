"""``…/deals``: how many units are taken, bought and left?"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.store.checkout.deal_report import report_deals
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [desk_page(site, office, "/deals", get=show_deals)]


def show_deals(desk: Desk) -> Response:
    """Each deal's stock, as it is at this moment."""
    deals = report_deals(desk.visit.site.database, desk.campaign, desk.visit.now)
    return desk.show("deals.html", "deals", deals=deals)
