"""Access control and context of the dashboard's pages.

Without a password in the settings the dashboard is off. Without a session every path below it
redirects to the login form, whether it exists or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.message import FaultKind
from lovecampaign.delivery.base.settlements import GAVE_UP
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.dialogue.desk.letters import count_waiting_letters
from lovecampaign.store.ledger.campaigns import CampaignRecord, find_campaign
from lovecampaign.store.ledger.settle_by_event import DROPPED
from lovecampaign.store.maintenance.access import is_session_ended
from lovecampaign.store.reports.recent_problems import count_in_doubt
from lovecampaign.web.serve.dashboard.background_counts import DashboardCounters
from lovecampaign.web.serve.dashboard.figures import Figures
from lovecampaign.web.serve.dashboard.sessions import COOKIE, Session, Sessions
from lovecampaign.web.serve.handler.request_context import Handler, NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site

HOME = "/dashboard"
#: Skip and failure reasons that have a text.
KNOWN_REASONS = frozenset({*SkipReason, *FaultKind, GAVE_UP, DROPPED})
#: Thousands separators other than a comma.
_THOUSANDS = {"fr": "\N{NARROW NO-BREAK SPACE}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardState:
    """Shared by all pages of the dashboard while ``serve`` runs."""

    #: None: the dashboard is off.
    sessions: Sessions | None
    counters: DashboardCounters

    @classmethod
    def of(cls, site: Site) -> DashboardState:
        password = site.settings.dashboard_password
        keys = site.settings.require_secret_keys()
        return cls(
            sessions=Sessions(keys, password) if password else None,
            counters=DashboardCounters(site.database),
        )

    def require_sessions(self) -> Sessions:
        """Raises NotFound where the dashboard is off."""
        if self.sessions is None:
            raise NotFound
        return self.sessions

    def session_of(self, context: RequestContext) -> Session | None:
        """Raises NotFound where the dashboard is off."""
        cookie = context.request.cookies.get(COOKIE, "")
        session = self.require_sessions().find(cookie, context.now)
        if session is None or is_session_ended(context.site.database, session.id):
            return None
        return session


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A logged-in operator's request for a page of one campaign."""

    request: RequestContext
    state: DashboardState
    session: Session
    campaign: Campaign
    #: None for a campaign that is not in the ledger yet.
    record: CampaignRecord | None

    @property
    def path(self) -> str:
        """The campaign's first page, for links."""
        return f"{self.request.site.hosts.root}{HOME}/{self.campaign.id}"

    def show(self, template: str, here: str, status: int = 200, **names: Any) -> Response:
        """A page of this campaign; ``here`` is its place in the navigation."""
        return self.request.page(
            f"dashboard/{template}",
            self.campaign,
            status,
            **{"said": "", "count": 0} | names,
            here=here,
            path=self.path,
            record=self.record,
            in_doubt=self._count_in_doubt(),
            waiting=self._count_waiting(),
            known_reasons=KNOWN_REASONS,
            thousands=_THOUSANDS.get(
                self.request.translation(self.campaign, is_operators=True).language, ","
            ),
            form_token=session_token(self.request, self.session),
            has_others=len(self.request.site.campaigns.all()) > 1,
        )

    def figures(self) -> Figures | None:
        """None while they are counted for the first time."""
        return self.state.counters.figures.get(self.campaign, self.record, self.request.now)

    def redirect(self, page_path: str, **said: object) -> Response:
        """After a form: to a page that shows the result in ``said``."""
        query = "&".join(f"{name}={value}" for name, value in said.items())
        return RedirectResponse(f"{self.path}{page_path}?{query}", status_code=303)

    def _count_in_doubt(self) -> int:
        if self.record is None:
            return 0
        with self.request.site.database.read() as connection:
            return count_in_doubt(connection, self.record.id)

    def _count_waiting(self) -> int:
        with self.request.site.database.read() as connection:
            return count_waiting_letters(connection)


DashboardHandler: TypeAlias = Callable[[CampaignView], Response]


def dashboard_page(
    site: Site,
    state: DashboardState,
    path: str,
    *,
    get: DashboardHandler | None = None,
    post: DashboardHandler | None = None,
) -> Route:
    """The route of a page about ``{campaign}``; requires a session, and for a POST its token."""
    return page(
        site,
        f"{HOME}/{{campaign}}{path}",
        get=_require_session(state, get) if get else None,
        post=_require_session(state, post, needs_token=True) if post else None,
    )


def session_token(context: RequestContext, session: Session) -> str:
    """The CSRF token of a session's forms."""
    return context.form_token(_token_purpose(session))


def require_session_token(context: RequestContext, session: Session) -> None:
    """Raises FormRejected without a valid token of this session."""
    context.require_form_token(_token_purpose(session))


def _token_purpose(session: Session) -> str:
    return f"dashboard {session.id}"


def _require_session(
    state: DashboardState, handler: DashboardHandler, *, needs_token: bool = False
) -> Handler:
    def answer(context: RequestContext) -> Response:
        session = state.session_of(context)
        if session is None:
            return RedirectResponse(f"{context.site.hosts.root}{HOME}", status_code=303)
        campaign = context.site.campaigns.by_key(context.part("campaign"))
        if campaign is None:
            raise NotFound
        if needs_token:
            require_session_token(context, session)
        record = find_campaign(context.site.database, campaign)
        return handler(
            CampaignView(
                request=context, state=state, session=session, campaign=campaign, record=record
            )
        )

    return answer
