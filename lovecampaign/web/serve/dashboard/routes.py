"""The dashboard's routes, and its page of deals."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.store.checkout.deal_report import report_deals
from lovecampaign.web.serve.dashboard import in_doubt, login, month, problems, series
from lovecampaign.web.serve.dashboard.desk import cases, letter_parts, letters
from lovecampaign.web.serve.dashboard.view import CampaignView, DashboardState, dashboard_page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site) -> Sequence[BaseRoute]:
    state = DashboardState.of(site)
    # The desk before the campaigns: a path below /dashboard/desk is never a campaign's.
    modules = (login, cases, letters, letter_parts, month, series, in_doubt, problems)
    return [
        *(route for module in modules for route in module.routes(site, state)),
        dashboard_page(site, state, "/deals", get=show_deals),
    ]


def show_deals(view: CampaignView) -> Response:
    """``…/deals``: each deal's current stock."""
    deals = report_deals(view.request.site.database, view.campaign, view.request.now)
    return view.show("deals.html", "deals", deals=deals)
