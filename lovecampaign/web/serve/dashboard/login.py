"""Who gets in? ``/dashboard``: the password, the way out, the choice among several campaigns."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.web.serve.dashboard.sessions import COOKIE, LONGEST, Session
from lovecampaign.web.serve.dashboard.view import HOME, Office, require_seal, seal_for
from lovecampaign.web.serve.handler.handler import Declined, Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.rate_limit import Allowance, Rate

#: Of the password.
TRIES = Allowance(address=Rate(count=5, seconds=15 * 60), network=Rate(count=20, seconds=15 * 60))
_LOGIN = "dashboard login"


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    def show(visit: Visit) -> Response:
        session = office.session_of(visit)
        return _ask(visit) if session is None else _show_campaigns(visit, session)

    def act(visit: Visit) -> Response:
        session = office.session_of(visit)
        if visit.form.get("do") == "leave" and session is not None:
            return _leave(visit, office, session)
        return _enter(visit, office)

    return [page(site, HOME, get=show, post=act)]


def _ask(visit: Visit, status: int = 200, *, is_wrong: bool = False) -> Response:
    return visit.page(
        "dashboard/login.html", status=status, seal=visit.seal(_LOGIN), is_wrong=is_wrong
    )


def _enter(visit: Visit, office: Office) -> Response:
    sessions = office.require_sessions()
    visit.require_form(_LOGIN)
    if not visit.site.limits.allow(_LOGIN, visit.address, TRIES):
        raise Declined("trouble.too_often", status=429)
    if not sessions.admits(visit.form.get("password", "")):
        return _ask(visit, status=403, is_wrong=True)
    answer = _go_home(visit)
    answer.set_cookie(
        COOKIE,
        sessions.begin(visit.now),
        max_age=int(LONGEST.total_seconds()),
        path=_cookie_path(visit),
        secure=visit.site.hosts.is_https,
        httponly=True,
        samesite="strict",
    )
    return answer


def _leave(visit: Visit, office: Office, session: Session) -> Response:
    require_seal(visit, session)
    office.require_sessions().leave(session, visit.now)
    answer = _go_home(visit)
    answer.delete_cookie(COOKIE, path=_cookie_path(visit))
    return answer


def _show_campaigns(visit: Visit, session: Session) -> Response:
    """The one campaign at once; of several, a list with the newest first."""
    campaigns = sorted(visit.site.campaigns.all(), key=lambda one: one.start, reverse=True)
    if len(campaigns) == 1:
        root = visit.site.hosts.root
        return RedirectResponse(f"{root}{HOME}/{campaigns[0].id}", status_code=303)
    return visit.page(
        "dashboard/campaigns.html", campaigns=campaigns, seal=seal_for(visit, session)
    )


def _go_home(visit: Visit) -> Response:
    return RedirectResponse(_cookie_path(visit), status_code=303)


def _cookie_path(visit: Visit) -> str:
    return f"{visit.site.hosts.root}{HOME}"
