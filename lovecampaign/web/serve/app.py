"""Which pages are there? The application that ``serve`` runs."""

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

from lovecampaign.web.serve.assets import images, style
from lovecampaign.web.serve.content.templates import STATIC
from lovecampaign.web.serve.dashboard import routes as dashboard
from lovecampaign.web.serve.handler.handler import IMMUTABLE, Visit
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.access_log import Observer, WriteLine
from lovecampaign.web.serve.http.security import Guard
from lovecampaign.web.serve.pages import confirm, deal, embed, home, join, preferences, web_view
from lovecampaign.web.serve.pages import unsubscribe as leave
from lovecampaign.web.serve.webhooks import health, redeem, sendgrid_events

_LOG = logging.getLogger(__name__)
MakeRoutes: TypeAlias = Callable[[Site], Sequence[BaseRoute]]

#: What each module of pages adds, in the order in which paths are compared.
ROUTES: tuple[MakeRoutes, ...] = (
    home.routes,
    style.routes,
    images.routes,
    health.routes,
    join.routes,
    embed.routes,
    confirm.routes,
    leave.routes,
    preferences.routes,
    web_view.routes,
    deal.routes,
    redeem.routes,
    sendgrid_events.routes,
    dashboard.routes,
)


def application(
    site: Site, write_line: WriteLine, makers: Sequence[MakeRoutes] = ROUTES
) -> ASGIApp:
    """Every page behind its guard; ``write_line`` takes the lines of the access log."""
    pages = Starlette(
        routes=[
            *(route for make_routes in makers for route in make_routes(site)),
            Mount("/static", _Static(directory=STATIC)),
        ],
        exception_handlers={HTTPException: _refuse(site), Exception: _answer_bug(site)},
    )
    pages.router.redirect_slashes = False
    guarded = Guard(pages, site.hosts, site.proxies)
    return Observer(guarded, site.metrics, write_line)


class _Static(StaticFiles):
    """Files that pages name with their content's hash; asked for with it, they may be kept."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        scope = args[2] if len(args) > 2 else kwargs["scope"]
        if scope["query_string"]:
            answer.headers.update(IMMUTABLE)
        return answer


def _refuse(site: Site) -> Callable[[Request, Exception], Response]:
    """For a path or a method that there is not."""

    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        headers = (error.headers if isinstance(error, HTTPException) else None) or {}
        key = "trouble.wrong_method" if status == 405 else "trouble.not_found"
        allowed = headers.get("Allow", "")
        if status == 405 and "GET" not in allowed:  # a webhook: nobody is to open it
            key = "trouble.for_programs"
        page = _visit(site, request).say(key, status=status, methods=allowed)
        page.headers.update(headers)
        return page

    return answer


def _answer_bug(site: Site) -> Callable[[Request, Exception], Response]:
    """For what nobody foresaw: in words, with the details in a file that only we read."""

    def answer(request: Request, error: Exception) -> Response:
        path = site.note_bug(error)
        _LOG.error("A page has a fault, a mistake in lovecampaign. Details: %s", path)
        return _visit(site, request).say("trouble.bug", status=500)

    return answer


def _visit(site: Site, request: Request) -> Visit:
    return Visit(site=site, request=request, now=site.clock.now(), form={}, body=b"")
