"""Request handling: from a route to its handler and back.

A handler is a plain function from a :class:`RequestContext` to a response. It runs in a thread,
after the body was read and its origin checked. Its exceptions become error pages.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.catalog import Translation
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.web.serve.content.i18n import accepted_languages
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.client_address import UNKNOWN_ADDRESS, Address
from lovecampaign.web.serve.http.form_tokens import FIELD
from lovecampaign.web.serve.http.request_body import BodyKind, Refusal, read_body

_LOG = logging.getLogger(__name__)
#: Of responses named by their content's hash.
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
#: Of a form that is shown again as the response to a POST: with no-store, going back to it is an
#: error page in Chromium. It holds the visitor's input, which no shared cache may keep
#: (RFC 9111, 5.2.2.7).
REVALIDATE = "private, no-cache"
#: For mail programs and webhooks, which retry a 503 by themselves.
RETRY_AFTER_SECONDS = "60"
Handler: TypeAlias = "Callable[[RequestContext], Response]"
#: Runs in the event loop, so it must not block (:mod:`.group_commit`).
AsyncHandler: TypeAlias = "Callable[[RequestContext], Awaitable[Response]]"
#: A response where the head alone shows that a POST cannot be accepted: its body is not read.
CheckHead: TypeAlias = Callable[[Request], Response | None]
_Result = TypeVar("_Result")


class NotFound(Exception):
    """The address names nothing, or nothing that this visitor may see."""


class LinkFromTestMessage(Exception):
    """The link of a test message: it opens a page that says so."""


class FormRejected(Exception):
    """The form is not accepted; ``key`` names the text that says why."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """One request with its parsed body, and what handlers need to answer it."""

    site: Site
    request: Request
    now: datetime
    #: Of a form: the first value of each field.
    form: Mapping[str, str]
    #: Of a webhook.
    body: bytes

    @property
    def address(self) -> Address:
        """The client's address."""
        address: Address = self.request.scope.get("client_address", UNKNOWN_ADDRESS)
        return address

    def part(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    @property
    def accepted_languages(self) -> tuple[str, ...]:
        """The visitor's languages, the best first."""
        return accepted_languages(self.request.headers.get("accept-language", ""))

    def translation(
        self, campaign: Campaign | None = None, *, is_operators: bool = False
    ) -> Translation:
        """In the visitor's language, else in the campaign's; the dashboard has fewer."""
        wanted = self.accepted_languages
        choices = self.site.translations
        choose = choices.for_operator if is_operators else choices.choose
        return choose(*wanted, *([campaign.language] if campaign else []))

    def is_within_limits(self, purpose: str) -> bool:
        """Takes one from the visitor's and their network's rate limit (LOVECAMPAIGN_FORM_…)."""
        return self.site.rate_limiter.allow(purpose, self.address)

    def form_token(self, purpose: str) -> str:
        """The CSRF token for a form's hidden field ``seal``."""
        return self.site.form_tokens.sign(purpose, self.now)

    def age_of_form(self, purpose: str) -> timedelta | None:
        """How long the visitor had the form; None without a valid token for this purpose."""
        return self.site.form_tokens.age(purpose, self.form.get(FIELD, ""), self.now)

    def require_form_token(self, purpose: str) -> None:
        """Raises FormRejected without a valid token for this purpose."""
        if self.age_of_form(purpose) is None:
            raise FormRejected("error.expired")

    def page(
        self, template: str, campaign: Campaign | None = None, status: int = 200, **names: Any
    ) -> HTMLResponse:
        """A rendered template. In it: ``t("key")``, ``campaign``, ``format_time``, ``names``."""
        translation = self.translation(campaign, is_operators=template.startswith("dashboard/"))
        html = self.site.renderer.render(template, translation, campaign, **names)
        return _html_response(html, translation, status)

    def plain_page(self, template: str, campaign: Campaign) -> HTMLResponse:
        """A page that depends on nothing but the language; cached."""
        translation = self.translation(campaign)
        html = self.site.renderer.render_cached(template, translation, campaign)
        return _html_response(html, translation)

    def show_next(self, path: str, **query: str) -> RedirectResponse:
        """Post/Redirect/Get (RFC 9110, 15.4.4): "back" and "reload" never send a form again.

        What the next page is to say goes in ``query``, as a signed token without personal data.
        """
        query_string = f"?{urlencode(query)}" if query else ""
        return RedirectResponse(f"{self.site.hosts.root}{path}{query_string}", status_code=303)

    def was_redirected_with(self, purpose: str, name: str) -> bool:
        """Whether our own redirect put a token for this purpose into the query."""
        return self.site.form_tokens.age(purpose, self.query(name), self.now) is not None

    def say(
        self, key: str, campaign: Campaign | None = None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A page with a title and one paragraph: the texts ``key.title`` and ``key.words``."""
        return self.page("notice.html", campaign, status, key=key, values=values)


def page(  # noqa: PLR0913 - one parameter for each part of a route
    site: Site,
    path: str,
    *,
    get: Handler | None = None,
    post: Handler | None = None,
    post_async: AsyncHandler | None = None,
    body: BodyKind = BodyKind.FORM,
    check_head: CheckHead = lambda _request: None,
) -> Route:
    """The route of a page. ``get`` must change nothing; ``post``, or ``post_async``, acts.

    ``check_head`` refuses a POST before its body is read.
    """
    handlers = {name: _in_thread(one) for name, one in (("GET", get), ("POST", post)) if one}
    if post_async is not None:
        handlers["POST"] = post_async

    async def answer(request: Request) -> Response:
        refused = check_head(request) if request.method == "POST" else None
        if refused is not None:
            return refused
        with site.body_budget.lease(body) as lease:
            read = await read_body(request, body, site.hosts, lease)
            context = RequestContext(
                site=site, request=request, now=site.clock.now(), form=read.form, body=read.raw
            )
            if read.refusal is not None:
                return _refuse(context, read.refusal)
            return await handlers["GET" if request.method == "HEAD" else request.method](context)

    # Mail programs put slashes and more behind a link: all of it is read as the token.
    route = Route(path.replace("{token}", "{token:path}"), answer, methods=list(handlers))
    route.path = path  # as the access log and the metrics name it
    return route


def handle(
    handler: Callable[[RequestContext], _Result], context: RequestContext
) -> _Result | Response:
    """The handler's result, or the error page for its exception."""
    try:
        return handler(context)
    except NotFound:
        return context.say("error.not_found", status=404)
    except LinkFromTestMessage:
        return context.say("error.test_link")
    except FormRejected as rejected:
        return context.say(rejected.key, status=rejected.status)
    except LovecampaignError as error:
        # For the operator to fix: a database that does not answer, a missing code file.
        _LOG.warning("A page could not be shown: %s", error.message)
        answer = context.say("error.not_now", status=503)
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return answer


def _refuse(context: RequestContext, refusal: Refusal) -> Response:
    answer = context.say(f"error.{refusal.text}", status=refusal.status)
    if refusal is Refusal.NO_ROOM:
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


def json_error(status: int, why: str) -> Response:
    """For webhooks."""
    return JSONResponse({"error": why}, status_code=status)


def _html_response(html: str, translation: Translation, status: int = 200) -> HTMLResponse:
    headers = {"Content-Language": translation.language, "Vary": "Accept-Language"}
    if status == 422:
        headers["Cache-Control"] = REVALIDATE
    return HTMLResponse(html, status_code=status, headers=headers)


def _in_thread(handler: Handler) -> AsyncHandler:
    async def answer(context: RequestContext) -> Response:
        return await run_in_threadpool(handle, handler, context)

    return answer
