"""How is a page asked for and answered? The one way from a request to a handler and back.

A handler is a plain function from a :class:`Visit` to a response. It runs in a thread, once the
form has been read and judged. What it raises becomes a page in words.
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
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.web.serve.content.i18n import Wording, languages_asked_for
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.client_address import NOBODY, Address
from lovecampaign.web.serve.http.form_tokens import FIELD
from lovecampaign.web.serve.http.request_body import BodyKind, read_body

_LOG = logging.getLogger(__name__)
#: Of what is named by its content.
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
#: Of a form that is shown again as the answer to itself: with no-store, going back to it is an
#: error page in Chromium. It holds what this visitor typed, and no cache between us may keep it
#: (RFC 9111, 5.2.2.7).
FOR_BACK = "private, no-cache"
#: For programs that are told "not now": mail programs and webhooks ask once more by themselves.
RETRY_AFTER_SECONDS = "60"
Handler: TypeAlias = "Callable[[Visit], Response]"
#: What answers in the loop's thread, and keeps it no longer than a blink (:mod:`.crowd`).
Answering: TypeAlias = "Callable[[Visit], Awaitable[Response]]"
_Result = TypeVar("_Result")


class NotFound(Exception):
    """The address names nothing, or nothing that may be seen from here."""


class OnlyATest(Exception):
    """The link of a test message: it opens a page that says so."""


class Declined(Exception):
    """The form is not taken; ``key`` names the text that says why."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, read."""

    site: Site
    request: Request
    now: datetime
    #: Of a form: the first value of each field.
    form: Mapping[str, str]
    #: Of a webhook.
    body: bytes

    @property
    def address(self) -> Address:
        """Where the visitor comes from."""
        found: Address = self.request.scope.get("visitor", NOBODY)
        return found

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def wording(self, campaign: Campaign | None = None) -> Wording:
        """In the visitor's language, else in the campaign's."""
        wanted = languages_asked_for(self.request.headers.get("accept-language", ""))
        return self.site.texts.speak(*wanted, *([campaign.language] if campaign else []))

    def is_within_limits(self, purpose: str) -> bool:
        """Whether this visitor, and their network, may do this once more (LOVECAMPAIGN_FORM_…)."""
        return self.site.limits.allow(purpose, self.address)

    def seal(self, purpose: str) -> str:
        """For the hidden field ``seal`` of a form that posts to a :attr:`BodyKind.FORM`."""
        return self.site.seals.seal(purpose, self.now)

    def age_of_form(self, purpose: str) -> timedelta | None:
        """How long the visitor had the form; None for one not sealed for this, or too old."""
        return self.site.seals.age(purpose, self.form.get(FIELD, ""), self.now)

    def require_form(self, purpose: str) -> None:
        """Raises Declined for a form that was not sealed for this, or is too old."""
        if self.age_of_form(purpose) is None:
            raise Declined("trouble.expired")

    def page(
        self, template: str, campaign: Campaign | None = None, status: int = 200, **names: Any
    ) -> HTMLResponse:
        """A written page. In templates: ``t("key")``, ``campaign``, ``say_time``, ``names``."""
        wording = self.wording(campaign)
        text = self.site.writer.write(template, wording, campaign, visit=self, **names)
        return _as_answer(text, wording, status)

    def plain_page(self, template: str, campaign: Campaign) -> HTMLResponse:
        """A page on which nothing depends on who asks, but for the language. Written once."""
        wording = self.wording(campaign)
        return _as_answer(self.site.writer.write_once(template, wording, campaign), wording)

    def show_next(self, path: str, **query: str) -> RedirectResponse:
        """Send the browser on to a page of ours, so that "back" and "reload" never send a form
        again (RFC 9110, 15.4.4). What is to be said there is sealed, and names nobody.
        """
        asked = f"?{urlencode(query)}" if query else ""
        return RedirectResponse(f"{self.site.hosts.root}{path}{asked}", status_code=303)

    def is_sealed(self, purpose: str, name: str) -> bool:
        """Whether a page of ours sent the browser here, with that in its query."""
        return self.site.seals.age(purpose, self.query(name), self.now) is not None

    def say(
        self, key: str, campaign: Campaign | None = None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A page that only says something: the texts ``key.title`` and ``key.words``."""
        return self.page("said.html", campaign, status, key=key, values=values)


def page(
    site: Site,
    path: str,
    *,
    get: Handler | None = None,
    post: Handler | None = None,
    together: Answering | None = None,
    takes: BodyKind = BodyKind.FORM,
) -> Route:
    """The route of a page. ``get`` shows and changes nothing; ``post``, or ``together``, acts."""
    handlers = {name: _in_thread(one) for name, one in (("GET", get), ("POST", post)) if one}
    if together is not None:
        handlers["POST"] = together

    async def answer(request: Request) -> Response:
        answering = handlers["GET" if request.method == "HEAD" else request.method]
        return await _answer(site, request, answering, takes)

    return Route(path, answer, methods=list(handlers))


def handle(handler: Callable[[Visit], _Result], visit: Visit) -> _Result | Response:
    """What a handler returns; or the page in words for what it raised."""
    try:
        return handler(visit)
    except NotFound:
        return visit.say("trouble.not_found", status=404)
    except OnlyATest:
        return visit.say("trouble.test_link")
    except Declined as declined:
        return visit.say(declined.key, status=declined.status)
    except LovecampaignError as error:
        # The operator mends it: a database that does not answer, a code file that is gone.
        _LOG.warning("A page could not be shown: %s", error.message)
        answer = visit.say("trouble.not_now", status=503)
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return answer


def _as_answer(text: str, wording: Wording, status: int = 200) -> HTMLResponse:
    headers = {"Content-Language": wording.language, "Vary": "Accept-Language"}
    if status == 422:
        headers["Cache-Control"] = FOR_BACK
    return HTMLResponse(text, status_code=status, headers=headers)


def _in_thread(handler: Handler) -> Answering:
    async def answer(visit: Visit) -> Response:
        return await run_in_threadpool(handle, handler, visit)

    return answer


async def _answer(site: Site, request: Request, answering: Answering, takes: BodyKind) -> Response:
    read = await read_body(request, takes, site.hosts)
    visit = Visit(site=site, request=request, now=site.clock.now(), form=read.form, body=read.raw)
    if read.refusal is not None:
        return visit.say(f"trouble.{read.refusal.text}", status=read.refusal.status)
    return await answering(visit)
