"""The routes of the preview. Only they are asynchronous: pages are rendered in threads."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.core.errors import LovecampaignError, ProblemsFound
from lovecampaign.web.calendar import first_instants
from lovecampaign.web.preview.access import AccessMiddleware, AccessPolicy
from lovecampaign.web.preview.authoring.routes import AuthorRoutes
from lovecampaign.web.preview.letter.color_schemes import ColorScheme
from lovecampaign.web.preview.live.live_reload import ReloadEvents
from lovecampaign.web.preview.pages import HERE, PageContext, Pages
from lovecampaign.web.preview.readers.filters import DayFilter
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber
from lovecampaign.web.preview.readers.test_send import PreviewSender

MAX_MATCHES = 20
RouteHandler: TypeAlias = Callable[[Request], Awaitable[Response]]


class PageNotFound(Exception):
    """The URL names nothing of this campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The application of the running preview."""

    pages: Pages
    sender: PreviewSender
    access: AccessPolicy
    events: ReloadEvents
    now: Callable[[], datetime]
    #: Writes the traceback of a bug to a file; returns its path.
    note_bug: Callable[[BaseException], Path]

    def application(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            self.events.start()
            yield

        return Starlette(
            routes=[
                Route("/", self._page(self._month)),
                Route("/email/{key}", self._page(self._email)),
                Route("/frame/{key}", self._page(self._frame)),
                Route("/reader", self._page(self._timeline)),
                Route("/day/{day}", self._page(self._day)),
                Route("/count/{key}", self._page(self._count)),
                Route("/calendar.ics", self._page(self._calendar)),
                Route("/people", self._page(self._people)),
                Route("/i/{name}", self._page(self._picture)),
                Route("/send", self._send, methods=["POST"]),
                *AuthorRoutes(desk=self.pages.desk, access=self.access).routes(),
                Route("/events", self._events),
                Mount("/static", StaticFiles(directory=HERE / "static")),
            ],
            middleware=[Middleware(AccessMiddleware, policy=self.access)],
            exception_handlers={Exception: self.answer_bug},
            lifespan=lifespan,
        )

    async def answer_bug(self, _: Request, error: Exception) -> Response:
        """The page for a bug of ours; the traceback goes into a file."""
        path = await run_in_threadpool(self.note_bug, error)
        words = f"This is a mistake in lovecampaign, not in what you wrote. Details: {path}"
        return HTMLResponse(self.pages.error("This page cannot be shown", words), status_code=500)

    # -- pages, each rendered in a thread

    def _page(self, write: Callable[[Request], Response]) -> RouteHandler:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._answer, write, request)

        return answer

    def _answer(self, write: Callable[[Request], Response], request: Request) -> Response:
        try:
            return write(request)
        except PageNotFound as error:
            page = self.pages.error("Nothing is here", str(error))
            return HTMLResponse(page, status_code=404)
        except ProblemsFound as error:
            words = "Fix this, save, and the month appears."
            return HTMLResponse(self.pages.error(error.message, words, error.problems))
        except LovecampaignError as error:  # of the database
            page = self.pages.error("The database does not answer", error.message)
            return HTMLResponse(page, status_code=503)

    def _month(self, request: Request) -> Response:
        return HTMLResponse(self.pages.month(self._context(request)))

    def _email(self, request: Request) -> Response:
        email = self._find_email(request.path_params["key"])
        self.pages.checker.open_key = email.key
        return HTMLResponse(self.pages.email(email, self._context(request)))

    def _frame(self, request: Request) -> Response:
        email = self._find_email(request.path_params["key"])
        mode = request.query_params.get("mode", ColorScheme.LIGHT)
        if mode not in list(ColorScheme):
            raise PageNotFound(f"Emails are shown light, dark or inverted, not {mode}.")
        page = self.pages.frame(email, self._find_reader(request), ColorScheme(mode))
        return HTMLResponse(page or "")

    def _timeline(self, request: Request) -> Response:
        return HTMLResponse(self.pages.timeline(self._context(request)))

    def _day(self, request: Request) -> Response:
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError as error:
            raise PageNotFound("Days are written like 2027-02-28.") from error
        choice = DayFilter.read(request.query_params)
        return HTMLResponse(self.pages.day(day, self._context(request), choice))

    def _count(self, request: Request) -> Response:
        email = self._find_email(request.path_params["key"])
        return HTMLResponse(self.pages.count(email, self._context(request)))

    def _calendar(self, _: Request) -> Response:
        # icalendar takes longer to import than the month's page to be made.
        from lovecampaign.schedule.icalendar import format_calendar

        campaign = self.pages.state.require_campaign()
        events = first_instants(campaign)
        return Response(
            format_calendar(campaign.name, campaign.id, self.now(), events),
            media_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{campaign.slug}.ics"'},
        )

    def _people(self, request: Request) -> Response:
        words = request.query_params.get("q", "").strip()
        if not words or not self.access.trusts(request):
            return JSONResponse([])
        campaign = self.pages.state.require_campaign()
        found = self.pages.people.find(campaign, words, MAX_MATCHES)
        return JSONResponse([{"id": one.id, "name": one.name, "email": one.email} for one in found])

    def _picture(self, request: Request) -> Response:
        file: Path | None = self.pages.state.pictures.get(request.path_params["name"])
        if file is None or not file.is_file():
            raise PageNotFound("No email shows this picture.")
        return FileResponse(file)

    # -- test sends and events

    async def _send(self, request: Request) -> Response:
        form = await request.form()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        if not self.access.allows_form(request, fields.get("token", "")):
            words = "Reload this page on the machine where the preview runs, and try again."
            return JSONResponse({"ok": False, "words": words}, status_code=403)
        return await run_in_threadpool(self._send_test, fields)

    def _send_test(self, fields: dict[str, str]) -> Response:
        try:
            email = self._find_email(fields.get("key", ""))
            reader = self._reader_of(fields.get("as", ""), is_trusted=True)
            campaign = self.pages.state.require_campaign()
        except (PageNotFound, ProblemsFound) as error:
            return JSONResponse({"ok": False, "words": str(error)}, status_code=404)
        except LovecampaignError as error:
            return JSONResponse({"ok": False, "words": error.message}, status_code=503)
        result = self.sender.send(campaign, email, reader, fields.get("to", ""))
        return JSONResponse({"ok": result.is_sent, "words": result.words})

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self.events.events(), media_type="text/event-stream")

    # -- what the URL names

    def _context(self, request: Request) -> PageContext:
        return PageContext(
            reader=self._find_reader(request),
            now=self.now(),
            is_trusted=self.access.trusts(request),
            form_token=self.access.form_token,
            version=self.events.version,
        )

    def _find_email(self, key: str) -> Email:
        email = self.pages.state.require_campaign().find_email(key)
        if email is None:
            raise PageNotFound(f"The campaign has no email {key} any more.")
        return email

    def _find_reader(self, request: Request) -> PreviewSubscriber:
        key = request.query_params.get("as", "")
        return self._reader_of(key, is_trusted=self.access.trusts(request))

    def _reader_of(self, key: str, *, is_trusted: bool) -> PreviewSubscriber:
        readers = self.pages.readers
        if key.isdecimal() and len(key) < 19 and is_trusted:
            campaign = self.pages.state.require_campaign()
            found = self.pages.people.reader(campaign, int(key), self.now())
        else:
            key, _, language = key.partition(".")
            found = next((one for one in readers if one.key == (key or readers[0].key)), None)
            if found and language in self.pages.state.require_campaign().languages[1:]:
                found = found.in_language(language)
        if found is None:
            raise PageNotFound("There is no such reader.")
        return found
