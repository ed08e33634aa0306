"""``/``: what is this place?"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/", get=show_home)]


def show_home(visit: Visit) -> Response:
    """One sentence for each list that can be joined, and where to join."""
    campaigns = _joinable(visit)
    return visit.page("home.html", campaigns[0] if campaigns else None, campaigns=campaigns)


def _joinable(visit: Visit) -> Sequence[Campaign]:
    """The campaign that counts for each audience, the one that began last first."""
    shelf = visit.site.campaigns
    lists = sorted({campaign.audience.list for campaign in shelf.all()})
    found = [shelf.for_list(name, visit.now) for name in lists]
    campaigns = {campaign.id: campaign for campaign in found if campaign is not None}
    return sorted(campaigns.values(), key=lambda campaign: campaign.start, reverse=True)
