"""``/dashboard``: login, logout, and the list of campaigns."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.store.maintenance.access import end_session
from lovecampaign.web.serve.dashboard.sessions import COOKIE, MAX_AGE, Session
from lovecampaign.web.serve.dashboard.view import (
    HOME,
    DashboardState,
    require_session_token,
    session_token,
)
from lovecampaign.web.serve.handler.guess_limit import GuessKind
from lovecampaign.web.serve.handler.request_context import FormRejected, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.rate_limit import FormRateLimits, Rate

#: Of all tries at this process, before the database is asked.
TRIES = FormRateLimits(
    address=Rate(count=5, seconds=15 * 60), network=Rate(count=20, seconds=15 * 60)
)
_LOGIN = "dashboard login"


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    def show(context: RequestContext) -> Response:
        session = state.session_of(context)
        return _show_form(context) if session is None else _show_campaigns(context, session)

    def act(context: RequestContext) -> Response:
        session = state.session_of(context)
        if context.form.get("do") == "leave" and session is not None:
            return _log_out(context, session)
        return _log_in(context, state)

    return [page(site, HOME, get=show, post=act)]


def _show_form(context: RequestContext, status: int = 200, *, is_wrong: bool = False) -> Response:
    return context.page(
        "dashboard/login.html",
        status=status,
        form_token=context.form_token(_LOGIN),
        is_wrong=is_wrong,
    )


def _log_in(context: RequestContext, state: DashboardState) -> Response:
    sessions = state.require_sessions()
    context.require_form_token(_LOGIN)
    guesses, request, now = context.site.guesses, context.request, context.now
    is_allowed = context.site.rate_limiter.allow(_LOGIN, context.address, TRIES)
    if not is_allowed or guesses.is_blocked(GuessKind.DASHBOARD_PASSWORD, request, now):
        raise FormRejected("error.too_often", status=429)
    if not sessions.is_password(context.form.get("password", "")):
        guesses.note_wrong(GuessKind.DASHBOARD_PASSWORD, request, now)
        return _show_form(context, status=403, is_wrong=True)
    home = _home_path(context)
    answer = RedirectResponse(home, status_code=303)
    answer.set_cookie(
        COOKIE,
        sessions.begin(context.now),
        max_age=int(MAX_AGE.total_seconds()),
        path=home,
        secure=context.site.hosts.is_https,
        httponly=True,
        samesite="strict",
    )
    return answer


def _log_out(context: RequestContext, session: Session) -> Response:
    require_session_token(context, session)
    end_session(context.site.database, session.id, context.now, MAX_AGE)
    home = _home_path(context)
    answer = RedirectResponse(home, status_code=303)
    answer.delete_cookie(COOKIE, path=home)
    return answer


def _show_campaigns(context: RequestContext, session: Session) -> Response:
    """Redirects to a single campaign; lists several, the newest first."""
    campaigns = sorted(context.site.campaigns.all(), key=lambda one: one.start, reverse=True)
    if len(campaigns) == 1:
        return RedirectResponse(f"{_home_path(context)}/{campaigns[0].id}", status_code=303)
    return context.page(
        "dashboard/campaigns.html",
        campaigns=campaigns,
        form_token=session_token(context, session),
    )


def _home_path(context: RequestContext) -> str:
    return f"{context.site.hosts.root}{HOME}"
