"""Who may see a page of the dashboard, and what does each of them need?

Without a password in the settings there is no dashboard. Without a session every address leads to
the one form, and nothing is said about what there would be.
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
from lovecampaign.store.ledger.campaigns import CampaignRecord, find_campaign
from lovecampaign.store.ledger.settle_by_event import DROPPED
from lovecampaign.store.reports.recent_problems import count_doubts
from lovecampaign.web.serve.dashboard.background_counts import Counters
from lovecampaign.web.serve.dashboard.sessions import COOKIE, Session, Sessions
from lovecampaign.web.serve.handler.handler import Handler, NotFound, Visit, page
from lovecampaign.web.serve.handler.site import Site

HOME = "/dashboard"
#: Why a delivery was skipped or failed, as far as there are words for it.
KNOWN_REASONS = frozenset({*SkipReason, *FaultKind, GAVE_UP, DROPPED})
#: Where it is no comma: a narrow space that no line breaks at.
_THOUSANDS = {"fr": "\u202f"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all pages of the dashboard share while ``serve`` runs."""

    #: None: the dashboard is off.
    sessions: Sessions | None
    counters: Counters

    @classmethod
    def of(cls, site: Site) -> Office:
        password = site.settings.dashboard_password
        keys = site.settings.require_secret_keys()
        return cls(
            sessions=Sessions(keys, password) if password else None,
            counters=Counters(site.database),
        )

    def require_sessions(self) -> Sessions:
        """Raises NotFound where the dashboard is off."""
        if self.sessions is None:
            raise NotFound
        return self.sessions

    def session_of(self, visit: Visit) -> Session | None:
        """Raises NotFound where the dashboard is off."""
        cookie = visit.request.cookies.get(COOKIE, "")
        return self.require_sessions().find(cookie, visit.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody with a session, looking at one campaign."""

    visit: Visit
    office: Office
    session: Session
    campaign: Campaign
    #: None for a campaign that the ledger has not met.
    record: CampaignRecord | None

    @property
    def path(self) -> str:
        """Of the campaign's first page, for links."""
        return f"{self.visit.site.hosts.root}{HOME}/{self.campaign.id}"

    def show(self, template: str, here: str, status: int = 200, **names: Any) -> Response:
        """A page of this campaign; ``here`` is its place in the navigation."""
        return self.visit.page(
            f"dashboard/{template}",
            self.campaign,
            status,
            **{"said": "", "count": 0} | names,
            here=here,
            path=self.path,
            record=self.record,
            in_doubt=self._count_doubts(),
            known_reasons=KNOWN_REASONS,
            thousands=_THOUSANDS.get(self.visit.wording(self.campaign).language, ","),
            seal=seal_for(self.visit, self.session),
            has_others=len(self.visit.site.campaigns.all()) > 1,
        )

    def go(self, page_path: str, **said: object) -> Response:
        """After a form was taken: on to a page that says what came of it."""
        query = "&".join(f"{name}={value}" for name, value in said.items())
        return RedirectResponse(f"{self.path}{page_path}?{query}", status_code=303)

    def _count_doubts(self) -> int:
        if self.record is None:
            return 0
        with self.visit.site.database.read() as connection:
            return count_doubts(connection, self.record.id)


DeskHandler: TypeAlias = Callable[[Desk], Response]


def desk_page(
    site: Site,
    office: Office,
    path: str,
    *,
    get: DeskHandler | None = None,
    post: DeskHandler | None = None,
) -> Route:
    """A page about ``{campaign}``, below ``/dashboard/``, for those with a session."""
    return page(
        site,
        f"{HOME}/{{campaign}}{path}",
        get=_for_operators(office, get) if get else None,
        post=_for_operators(office, _sealed(post)) if post else None,
    )


def seal_for(visit: Visit, session: Session) -> str:
    """For the forms that one session sees; no other may send them."""
    return visit.seal(_purpose(session))


def require_seal(visit: Visit, session: Session) -> None:
    """Raises Declined for a form that this session did not get from us."""
    visit.require_form(_purpose(session))


def _purpose(session: Session) -> str:
    return f"dashboard {session.id}"


def _for_operators(office: Office, handler: DeskHandler) -> Handler:
    def answer(visit: Visit) -> Response:
        session = office.session_of(visit)
        if session is None:
            return RedirectResponse(f"{visit.site.hosts.root}{HOME}", status_code=303)
        return handler(_open_desk(visit, office, session))

    return answer


def _open_desk(visit: Visit, office: Office, session: Session) -> Desk:
    campaign = visit.site.campaigns.by_key(visit.part("campaign"))
    if campaign is None:
        raise NotFound
    record = find_campaign(visit.site.database, campaign)
    return Desk(visit=visit, office=office, session=session, campaign=campaign, record=record)


def _sealed(handler: DeskHandler) -> DeskHandler:
    def answer(desk: Desk) -> Response:
        require_seal(desk.visit, desk.session)
        return handler(desk)

    return answer
