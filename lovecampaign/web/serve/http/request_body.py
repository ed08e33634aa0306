"""What did the visitor send? Read within limits of size and time, and judged by its origin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from lovecampaign.web.serve.http.security import Hosts

KILOBYTE = 1024
MOST_FIELDS = 100
URL_ENCODED = "application/x-www-form-urlencoded"


class BodyKind(Enum):
    """Who may send a body, and how much of it."""

    FORM = "form"  #: of a page of ours, from a page of ours
    OPEN_FORM = "open form"  #: from anywhere: forms embedded in other sites
    ONE_CLICK = "one click"  #: from anywhere (RFC 8058); what cannot be read is an empty form
    WEBHOOK = "webhook"  #: of a program; its signature is looked at by the handler

    @property
    def most_bytes(self) -> int:
        return 5 * KILOBYTE * KILOBYTE if self is BodyKind.WEBHOOK else 64 * KILOBYTE

    @property
    def most_seconds(self) -> float:
        return 30.0 if self is BodyKind.WEBHOOK else 10.0


class Refusal(Enum):
    """Why a body is not read to its end."""

    TOO_LARGE = ("too_large", 413)
    TOO_SLOW = ("too_slow", 408)
    UNREADABLE = ("unreadable", 400)
    FROM_ELSEWHERE = ("from_elsewhere", 403)

    def __init__(self, text: str, status: int) -> None:
        #: Its words: ``trouble.TEXT``.
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What was sent."""

    form: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    refusal: Refusal | None = None


async def read_body(
    request: Request, kind: BodyKind, hosts: Hosts, *, most_seconds: float | None = None
) -> Body:
    """The body of a POST; of anything else nothing is read."""
    if request.method != "POST":
        return Body()
    if kind is BodyKind.FORM and not comes_from_us(request, hosts):
        return Body(refusal=Refusal.FROM_ELSEWHERE)
    if _said_length(request) > kind.most_bytes:
        return Body(refusal=Refusal.TOO_LARGE)
    try:
        async with asyncio.timeout(most_seconds or kind.most_seconds):
            return await _read(request, kind)
    except TimeoutError:
        return Body(refusal=Refusal.TOO_SLOW)
    except (HTTPException, MultiPartException, ClientDisconnect, UnicodeDecodeError, ValueError):
        return Body(refusal=None if kind is BodyKind.ONE_CLICK else Refusal.UNREADABLE)


def comes_from_us(request: Request, hosts: Hosts) -> bool:
    """Whether a browser says that the form stood on a page of ours.

    ``Sec-Fetch-Site`` cannot be forged by a page; an old browser sends ``Origin``. What sends
    neither is no browser, and has nobody's session to misuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or hosts.wrote(origin, request.headers["host"])


def _said_length(request: Request) -> int:
    said = request.headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 19 else 0


async def _read(request: Request, kind: BodyKind) -> Body:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > kind.most_bytes:
            return Body(refusal=Refusal.TOO_LARGE)
        chunks.append(chunk)
    raw = b"".join(chunks)
    if kind is BodyKind.WEBHOOK:
        return Body(raw=raw)
    return Body(raw=raw, form=await _fields(request, raw))


async def _fields(request: Request, raw: bytes) -> Mapping[str, str]:
    """The first value of each field, of either encoding; files are left out."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == URL_ENCODED:
        return read_url_encoded(raw.decode("latin-1"))  # nearly all are
    again = Request(request.scope, _replay(raw))
    async with again.form(max_files=5, max_fields=MOST_FIELDS, max_part_size=64 * KILOBYTE) as form:
        fields: dict[str, str] = {}
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.setdefault(name, value)
        return fields


def read_url_encoded(text: str) -> Mapping[str, str]:
    """As :func:`urllib.parse.parse_qsl` reads it, in a fifth of the time."""
    if text.count("&") >= MOST_FIELDS:
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


def _replay(raw: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive
