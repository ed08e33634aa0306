"""The ASGI application of ``serve``: routes, middleware and error pages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from lovecampaign.web.serve import assets
from lovecampaign.web.serve.content.templates import STATIC
from lovecampaign.web.serve.dashboard import routes as dashboard
from lovecampaign.web.serve.handler.request_context import IMMUTABLE, RequestContext
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.access_log import AccessLogMiddleware, WriteLine
from lovecampaign.web.serve.http.security import SecurityMiddleware
from lovecampaign.web.serve.pages import deal, home, preferences, unsubscribe, web_view
from lovecampaign.web.serve.pages.heroes import answer, card, gift, help_request, month, wall
from lovecampaign.web.serve.pages.signup import confirm, embed, join
from lovecampaign.web.serve.webhooks import health, inbound, redeem, sendgrid_events

_LOG = logging.getLogger(__name__)
MakeRoutes: TypeAlias = Callable[[Site], Sequence[BaseRoute]]

#: In the order in which paths are matched.
ROUTES: tuple[MakeRoutes, ...] = (
    home.routes,
    assets.routes,
    health.routes,
    join.routes,
    embed.routes,
    confirm.routes,
    unsubscribe.routes,
    preferences.routes,
    web_view.routes,
    deal.routes,
    answer.routes,
    card.routes,
    month.routes,
    help_request.routes,
    gift.routes,
    wall.routes,
    redeem.routes,
    sendgrid_events.routes,
    inbound.routes,
    dashboard.routes,
)


def application(
    site: Site, write_line: WriteLine, makers: Sequence[MakeRoutes] = ROUTES
) -> ASGIApp:
    """All pages behind the middleware; ``write_line`` takes the lines of the access log."""
    pages = Starlette(
        routes=[
            *(route for make_routes in makers for route in make_routes(site)),
            Mount("/static", _VersionedStaticFiles(directory=STATIC)),
        ],
        exception_handlers={HTTPException: _http_error_page(site), Exception: _bug_page(site)},
    )
    pages.router.redirect_slashes = False
    secured = SecurityMiddleware(pages, site.hosts, site.proxies)
    return AccessLogMiddleware(secured, site.metrics, write_line)


class _VersionedStaticFiles(StaticFiles):
    """Immutable where the URL has the content's hash in its query."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        scope = args[2] if len(args) > 2 else kwargs["scope"]
        if scope["query_string"]:
            answer.headers.update(IMMUTABLE)
        return answer


def _http_error_page(site: Site) -> Callable[[Request, Exception], Response]:
    """For an unknown path (404) or method (405)."""

    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        headers = (error.headers if isinstance(error, HTTPException) else None) or {}
        key = "error.wrong_method" if status == 405 else "error.not_found"
        allowed = headers.get("Allow", "")
        if status == 405 and "GET" not in allowed:  # a webhook
            key = "error.for_programs"
        page = _context(site, request).say(key, status=status, methods=allowed)
        page.headers.update(headers)
        return page

    return answer


def _bug_page(site: Site) -> Callable[[Request, Exception], Response]:
    """For unexpected exceptions: a page in words, with the details in a bug file."""

    def answer(request: Request, error: Exception) -> Response:
        path = site.note_bug(error)
        _LOG.error("A page has a fault, a mistake in lovecampaign. Details: %s", path)
        return _context(site, request).say("error.bug", status=500)

    return answer


def _context(site: Site, request: Request) -> RequestContext:
    return RequestContext(site=site, request=request, now=site.clock.now(), form={}, body=b"")
