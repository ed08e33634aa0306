"""Access and context of the desk's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lovecampaign.delivery.desk.campaigns import DeskCampaigns
from lovecampaign.delivery.desk.team import find_colleague, list_team
from lovecampaign.delivery.desk.write import Writing
from lovecampaign.store.dialogue.desk.letters import DeskLetter, find_letter
from lovecampaign.web.serve.dashboard.sessions import Session
from lovecampaign.web.serve.dashboard.view import (
    HOME,
    DashboardState,
    require_session_token,
    session_token,
)
from lovecampaign.web.serve.handler.request_context import (
    FormRejected,
    Handler,
    NotFound,
    RequestContext,
    page,
)
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.security import page_policy

DESK = f"{HOME}/desk"
_MAX_WORDS = 2_000
_SAID = frozenset({"answered", "taken", "closed", "case", "step", "bent", "followed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """A logged-in person's request for a page of the desk."""

    request: RequestContext
    session: Session
    campaigns: DeskCampaigns

    def show(self, template: str, status: int = 200, **names: object) -> Response:
        said = self.request.query("said")
        response = self.request.page(
            f"dashboard/desk/{template}",
            self.campaigns.newest,
            status,
            **{"error": "", "typed": {}, "said": said if said in _SAID else ""} | names,
            form_token=session_token(self.request, self.session),
            zone=self.campaigns.newest.timezone,
            now=self.request.now,
            team=list_team(self.campaigns.newest),
            desk=f"{self.request.site.hosts.root}{DESK}",
        )
        # The letter's HTML and the email are framed.
        response.headers["Content-Security-Policy"] = f"{page_policy()}; frame-src 'self'"
        return response

    def redirect(self, path: str, said: str) -> Response:
        """After a form (Post/Redirect/Get)."""
        root = self.request.site.hosts.root
        return RedirectResponse(f"{root}{DESK}{path}?said={said}", status_code=303)

    def number(self, name: str) -> int:
        """A row id in the path; raises NotFound for anything else."""
        text = self.request.part(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise NotFound
        return int(text)

    def field(self, name: str, longest: int = _MAX_WORDS) -> str:
        return self.request.form.get(name, "").strip()[:longest]

    def person(self) -> str:
        """Who works at the desk, as they say."""
        named = self.field("as", 100)
        if not named:
            raise FormRejected("error.unreadable")
        return find_colleague(self.campaigns.newest, named).name

    def writing(self, key: str | None, person: int | None, owner: str) -> Writing:
        """The form's text to a person; ``key``: the campaign that it is about."""
        database, form = self.request.site.database, self.request.form
        campaign, campaign_id = self.campaigns.recorded_sender(database, key, person)
        return Writing(
            campaign=campaign,
            campaign_id=campaign_id,
            owner=owner,
            text=form.get("text", "").replace("\r\n", "\n").strip(),
            accepts_phrases=bool(form.get("as_it_is")),
        )


DeskHandler = Callable[[DeskView], Response]


def desk_page(
    site: Site,
    state: DashboardState,
    path: str,
    *,
    get: DeskHandler,
    post: DeskHandler | None = None,
) -> Route:
    """The route of a page of the desk; requires a session, and for a POST its token."""
    return page(
        site,
        f"{DESK}{path}",
        get=_require_session(state, get),
        post=_require_session(state, post, needs_token=True) if post else None,
    )


def _require_session(
    state: DashboardState, handler: DeskHandler, *, needs_token: bool = False
) -> Handler:
    def answer(context: RequestContext) -> Response:
        session = state.session_of(context)
        campaigns = context.site.campaigns.all()
        if session is None or not campaigns:
            return RedirectResponse(f"{context.site.hosts.root}{HOME}", status_code=303)
        if needs_token:
            require_session_token(context, session)
        return handler(
            DeskView(request=context, session=session, campaigns=DeskCampaigns(campaigns))
        )

    return answer


def find_letter_of(view: DeskView) -> DeskLetter:
    """The letter of the path; raises NotFound."""
    with view.request.site.database.read() as connection:
        letter = find_letter(connection, view.number("letter"))
    if letter is None:
        raise NotFound
    return letter
