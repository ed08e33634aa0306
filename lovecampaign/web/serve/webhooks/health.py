"""``/healthz``, ``/readyz``, ``/metrics``: does it live, can it work, how is it going?"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lovecampaign.web.serve.handler.handler import NotFound, Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.webhooks.readiness import Readiness

#: The text format that Prometheus reads (``prometheus_client.CONTENT_TYPE_LATEST``'s family).
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


def routes(site: Site) -> Sequence[BaseRoute]:
    readiness = Readiness(site)

    async def show_readiness(_request: Request) -> Response:
        """Whether forms can be taken: else a balancer should ask another machine."""
        troubles = list(await readiness.find_troubles())
        return JSONResponse(
            {"ready": not troubles, "troubles": troubles}, status_code=503 if troubles else 200
        )

    return [
        page(site, "/healthz", get=show_health),
        Route("/readyz", show_readiness, methods=["GET"]),
        page(site, "/metrics", get=show_metrics),
    ]


def show_health(_visit: Visit) -> Response:
    """The process answers; asks nobody else."""
    return PlainTextResponse("ok\n")


def show_metrics(visit: Visit) -> Response:
    """For a Prometheus on this machine or this network; to the world there is no such page."""
    is_near = visit.address.is_private and not visit.address.is_unspecified
    if not (is_near and visit.site.proxies.hides_nobody(visit.request)):
        raise NotFound
    return Response(visit.site.metrics.write(), media_type=_EXPOSITION)
