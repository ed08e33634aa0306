"""Reads request bodies within limits of size, time and memory, and checks their origin."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from lovecampaign.web.serve.http.security import Hosts

KILOBYTE = 1024
#: Of all bodies that are in memory at the same time.
BUDGET_BYTES = 32 * KILOBYTE * KILOBYTE
MAX_FIELDS = 100
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class BodyKind(Enum):
    """The allowed origins and limits of a body."""

    FORM = "form"  #: same origin only
    OPEN_FORM = "open form"  #: any origin: forms embedded in other sites
    ONE_CLICK = "one click"  #: any origin (RFC 8058); a malformed body is an empty form
    WEBHOOK = "webhook"  #: a batch of a program; the handler verifies its signature
    CALL = "call"  #: one short message of a program, signed as well

    @property
    def max_bytes(self) -> int:
        return 5 * KILOBYTE * KILOBYTE if self is BodyKind.WEBHOOK else 64 * KILOBYTE

    @property
    def is_form(self) -> bool:
        return self not in (BodyKind.WEBHOOK, BodyKind.CALL)

    @property
    def max_seconds(self) -> float:
        return 30.0 if self is BodyKind.WEBHOOK else 10.0


class Refusal(Enum):
    """Why a body is rejected."""

    TOO_LARGE = ("too_large", 413)
    TOO_SLOW = ("too_slow", 408)
    UNREADABLE = ("unreadable", 400)
    FROM_ELSEWHERE = ("from_elsewhere", 403)
    NO_ROOM = ("no_room", 503)

    def __init__(self, text: str, status: int) -> None:
        #: Its text: ``error.TEXT``.
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """A body that was read, or why it was not."""

    form: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    refusal: Refusal | None = None


class BodyBudget:
    """Bounds the memory of all bodies together. Used in the event loop only, so without a lock.

    Without it, a few hundred slow webhook bodies would take a gigabyte.
    """

    def __init__(self, max_bytes: int = BUDGET_BYTES) -> None:
        self._max_bytes = max_bytes
        self._used = 0

    @contextlib.contextmanager
    def lease(self, kind: BodyKind) -> Iterator[BodyLease]:
        """The share of one request, given back with the block.

        The last quarter is left to short bodies: batches must not keep a visitor from leaving.
        """
        is_large = kind is BodyKind.WEBHOOK
        lease = BodyLease(self, self._max_bytes * 3 // 4 if is_large else self._max_bytes)
        try:
            yield lease
        finally:
            self._used -= lease.taken

    def has_room(self, size: int, limit: int) -> bool:
        return self._used + size <= limit

    def use(self, size: int) -> None:
        self._used += size


class BodyLease:
    """The memory of one request's body."""

    def __init__(self, budget: BodyBudget, limit: int) -> None:
        self._budget = budget
        self._limit = limit
        self.taken = 0

    def has_room(self, size: int) -> bool:
        """Whether that many bytes would fit now."""
        return self._budget.has_room(size, self._limit)

    def take(self, size: int) -> bool:
        """Takes the bytes; False where the budget has not as many left."""
        if not self.has_room(size):
            return False
        self._budget.use(size)
        self.taken += size
        return True


async def read_body(
    request: Request,
    kind: BodyKind,
    hosts: Hosts,
    lease: BodyLease,
    *,
    max_seconds: float | None = None,
) -> RequestBody:
    """The body of a POST; empty for other methods."""
    if request.method != "POST":
        return RequestBody()
    refusal = _refusal_by_head(request, kind, hosts, lease)
    if refusal is not None:
        return RequestBody(refusal=refusal)
    try:
        async with asyncio.timeout(max_seconds or kind.max_seconds):
            return await _read(request, kind, lease)
    except TimeoutError:
        return RequestBody(refusal=Refusal.TOO_SLOW)
    except (HTTPException, MultiPartException, ClientDisconnect, UnicodeDecodeError, ValueError):
        return RequestBody(refusal=None if kind is BodyKind.ONE_CLICK else Refusal.UNREADABLE)


def is_same_origin(request: Request, hosts: Hosts) -> bool:
    """Whether the form was on a page of ours, by the browser's headers.

    A page cannot forge ``Sec-Fetch-Site``; old browsers send ``Origin``. A client that sends
    neither is not a browser, and has no session to misuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or hosts.is_own_origin(origin, request.headers["host"])


def _refusal_by_head(
    request: Request, kind: BodyKind, hosts: Hosts, lease: BodyLease
) -> Refusal | None:
    if kind is BodyKind.FORM and not is_same_origin(request, hosts):
        return Refusal.FROM_ELSEWHERE
    length = _content_length(request)
    if length > kind.max_bytes:
        return Refusal.TOO_LARGE
    return None if lease.has_room(length) else Refusal.NO_ROOM


def _content_length(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else 0


async def _read(request: Request, kind: BodyKind, lease: BodyLease) -> RequestBody:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > kind.max_bytes:
            return RequestBody(refusal=Refusal.TOO_LARGE)
        if not lease.take(len(chunk)):
            return RequestBody(refusal=Refusal.NO_ROOM)
        chunks.append(chunk)
    raw = b"".join(chunks)
    if not kind.is_form:
        return RequestBody(raw=raw)
    return RequestBody(raw=raw, form=await _fields(request, raw))


async def _fields(request: Request, raw: bytes) -> Mapping[str, str]:
    """The first value of each field, in either encoding, without files.

    Always in UTF-8, whatever charset a client declares: our pages are in UTF-8, and so browsers
    send their forms (WHATWG HTML, 4.10.21.5).
    """
    declared = request.headers.get("content-type", "")
    media_type = declared.partition(";")[0].strip().lower()
    if media_type == URL_ENCODED:
        return read_url_encoded(raw.decode(errors="replace"))  # nearly all forms
    return await _read_multipart(declared, raw) if media_type == MULTIPART else {}


async def _read_multipart(declared: str, raw: bytes) -> Mapping[str, str]:
    # Starlette decodes by the declared charset, and falls back to Latin-1. Declared as Latin-1,
    # the text holds the bytes as they came.
    _, options = parse_options_header(declared)
    boundary = options.get(b"boundary", b"").decode("latin-1")
    if not boundary or '"' in boundary or "\\" in boundary:
        raise MultiPartException("the boundary is missing or malformed")
    headers = Headers({"content-type": f'{MULTIPART}; boundary="{boundary}"; charset=latin-1'})
    parser = MultiPartParser(
        headers, _one_chunk(raw), max_files=5, max_fields=MAX_FIELDS, max_part_size=64 * KILOBYTE
    )
    form = await parser.parse()
    fields: dict[str, str] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields.setdefault(_as_utf8(name), _as_utf8(value))
    await form.close()
    return fields


def _as_utf8(latin: str) -> str:
    return latin.encode("latin-1").decode(errors="replace")


def read_url_encoded(text: str) -> Mapping[str, str]:
    """Same as :func:`urllib.parse.parse_qsl`, in a fifth of the time."""
    if text.count("&") >= MAX_FIELDS:
        raise ValueError("too many fields")
    fields: dict[str, str] = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if part:
            fields.setdefault(_unquoted(name), _unquoted(value))
    return fields


def _unquoted(text: str) -> str:
    spaced = text.replace("+", " ")
    return unquote(spaced) if "%" in spaced else spaced


async def _one_chunk(raw: bytes) -> AsyncGenerator[bytes, None]:
    yield raw
    yield b""  # the parser's end
