"""``/``: the home page, with each list that can be joined."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/", get=show_home)]


def show_home(context: RequestContext) -> Response:
    campaigns = _joinable(context)
    return context.page("home.html", campaigns[0] if campaigns else None, campaigns=campaigns)


def _joinable(context: RequestContext) -> Sequence[Campaign]:
    """The current campaign of each audience's list, the latest start first."""
    live = context.site.campaigns
    lists = sorted({campaign.audience.list for campaign in live.all()})
    current = [live.for_list(name, context.now) for name in lists]
    campaigns = {campaign.id: campaign for campaign in current if campaign is not None}
    return sorted(campaigns.values(), key=lambda campaign: campaign.start, reverse=True)
