"""``/style/HASH.css``: in which colour is this campaign's page?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.content.brand import OUR_COLOR, style_name, stylesheet
from lovecampaign.web.serve.handler.handler import IMMUTABLE, NotFound, Visit, page
from lovecampaign.web.serve.handler.site import Site


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/style/{name}", get=show_style)]


def show_style(visit: Visit) -> Response:
    """Only colours that a campaign wears."""
    wanted = visit.part("name")
    color = next((one for one in _colors(visit.site) if style_name(one) == wanted), None)
    if color is None:
        raise NotFound
    return Response(stylesheet(color), media_type="text/css", headers=IMMUTABLE)


def _colors(site: Site) -> Iterable[str]:
    yield OUR_COLOR
    for campaign in site.campaigns.all():
        yield campaign.brand.color
