"""POST routes that open and write the author's files; they need loopback, Origin and form token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lovecampaign.core.errors import UsageError
from lovecampaign.web.preview.access import AccessPolicy
from lovecampaign.web.preview.authoring.desk import AuthorDesk
from lovecampaign.web.preview.authoring.pictures import MAX_BYTES

Act = Callable[[FormData], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorRoutes:
    """The routes; with ``desk`` None (``--share``) there are none."""

    desk: AuthorDesk | None
    access: AccessPolicy

    def routes(self) -> Sequence[Route]:
        if self.desk is None:
            return ()
        desk = self.desk
        return [
            Route("/open", self._post(lambda form: _open(desk, form)), methods=["POST"]),
            Route("/letter", self._post(lambda form: _write_letter(desk, form)), methods=["POST"]),
            Route("/picture", self._post(lambda form: _add_picture(desk, form)), methods=["POST"]),
        ]

    def _post(self, act: Act) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            token = request.headers.get("x-form-token", "")
            if not self.access.allows_form(request, token):
                words = "Reload this page on the machine where the preview runs, and try again."
                return _refusal(words, 403)
            size = request.headers.get("content-length", "")
            if not size.isdecimal() or int(size) > MAX_BYTES:
                return _refusal(f"Files of more than {MAX_BYTES // 1_000_000} MB are refused.", 413)
            async with request.form() as form:
                return await run_in_threadpool(_try, act, form)

        return answer


def _try(act: Act, form: FormData) -> Response:
    try:
        return JSONResponse({"ok": True, **act(form)})
    except UsageError as error:
        return _refusal(f"{error.message}{f': {error.hint}' if error.hint else ''}.", 422)
    except OSError as error:
        return _refusal(f"Not written: {error.strerror or error}.", 422)


def _refusal(words: str, status: int) -> Response:
    return JSONResponse({"ok": False, "words": words[:1].upper() + words[1:]}, status_code=status)


def _open(desk: AuthorDesk, form: FormData) -> Mapping[str, Any]:
    line, column = _number(form, "line") or 1, _number(form, "column") or 1
    answer = desk.open(_text(form, "file"), line, column)
    return {"ok": answer.is_opened, "words": answer.words}


def _write_letter(desk: AuthorDesk, form: FormData) -> Mapping[str, Any]:
    number = _number(form, "day")
    return {
        "words": desk.write_letter(number, _text(form, "kind")),
        "page": f"/email/day-{number:02d}",
    }


def _add_picture(desk: AuthorDesk, form: FormData) -> Mapping[str, Any]:
    upload = form.get("picture")
    if not isinstance(upload, UploadFile):
        raise UsageError("no picture came with the request")
    stored = desk.store_picture(upload.filename or "", upload.file)
    words = f"{stored.path}: {stored.width} × {stored.height} pixels, {stored.size / 1000:.0f} kB"
    return {"path": stored.path, "words": words}


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
