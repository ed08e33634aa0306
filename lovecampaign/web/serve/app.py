"""Which pages are there? The application that ``serve`` runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from lovecampaign.web.serve import health, home, images, style
from lovecampaign.web.serve.access_log import Observer, WriteLine
from lovecampaign.web.serve.guard import Guard, Hosts
from lovecampaign.web.serve.pages import Visit
from lovecampaign.web.serve.site import Site
from lovecampaign.web.serve.writing import STATIC

MakeRoutes: TypeAlias = Callable[[Site], Sequence[BaseRoute]]

#: What each module of pages adds, in the order in which paths are compared.
ROUTES: tuple[MakeRoutes, ...] = (
    home.routes,
    style.routes,
    images.routes,
    health.routes,
)


def application(site: Site, write_line: WriteLine) -> ASGIApp:
    """Every page behind its guard; ``write_line`` takes the lines of the access log."""
    pages = Starlette(
        routes=[
            *(route for make_routes in ROUTES for route in make_routes(site)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={HTTPException: _refuse(site), Exception: _answer_bug(site)},
    )
    pages.router.redirect_slashes = False
    guarded = Guard(pages, site.proxies, Hosts.of(site.settings))
    return Observer(guarded, site.metrics, write_line)


def _refuse(site: Site) -> Callable[[Request, Exception], Response]:
    """For a path or a method that there is not."""

    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        key = "trouble.wrong_method" if status == 405 else "trouble.not_found"
        page = _visit(site, request).say(key, status=status)
        if isinstance(error, HTTPException):
            page.headers.update(error.headers or {})
        return page

    return answer


def _answer_bug(site: Site) -> Callable[[Request, Exception], Response]:
    """For what nobody foresaw: in words, with the details in a file that only we read."""

    def answer(request: Request, error: Exception) -> Response:
        site.note_bug(error)
        return _visit(site, request).say("trouble.bug", status=500)

    return answer


def _visit(site: Site, request: Request) -> Visit:
    return Visit(site=site, request=request, now=site.clock.now(), form={}, body=b"")
