"""``/webhooks/inbound/SECRET``: SendGrid's Inbound Parse, in its raw form.

A mail is streamed to the spool and on the disk before the answer 200. SendGrid repeats a call that
gets a 5xx for three days, and drops the mail at a 4xx: a setting that is wrong gets a 5xx.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lovecampaign.core.interval import Interval
from lovecampaign.delivery.inbox.mailboxes.open import SPOOL
from lovecampaign.delivery.inbox.mailboxes.spool_writer import SpoolWriter
from lovecampaign.delivery.inbox.sorting.addresses import ADDRESS
from lovecampaign.web.serve.handler.request_context import RETRY_AFTER_SECONDS, json_error
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import MULTIPART

VARIABLE = "LOVECAMPAIGN_INBOUND_SECRET"
_LOG = logging.getLogger(__name__)
#: SendGrid takes mail up to 30 MB.
MAX_BYTES = 32 << 20
_MAX_SECONDS = 120.0
#: Calls at the same time; each holds one chunk in memory.
_MAX_CALLS = 16
_MAX_ENVELOPE = 16 << 10
_NO_RAW_MAIL = "no field named email: switch on “POST the raw, full MIME message” at SendGrid"


class _MalformedForm(Exception):
    """The body is not a form with a mail; the message says why."""


class _TooLarge(Exception):
    """The body is larger than the limit."""


def routes(site: Site) -> Sequence[BaseRoute]:
    secret = site.settings.inbound_secret or ""
    spool = site.settings.workspace / SPOOL
    slots = asyncio.Semaphore(_MAX_CALLS)
    warning = Interval(3600.0)

    async def take(request: Request) -> Response:
        if not secret:
            return json_error(404, f"mail is not taken: {VARIABLE} is not set")
        given = str(request.path_params["secret"])
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return json_error(401, "the address does not end with the secret")
        if _declared_size(request) > MAX_BYTES:
            return _too_large()
        if slots.locked():
            return _try_again("too many calls at the same time")
        async with slots:
            answer = await _spool(request, spool)
        if answer.status_code == 503 and warning.is_due():
            _LOG.warning("A mail from the inbound webhook was not taken; SendGrid tries again")
        return answer

    return [Route("/webhooks/inbound/{secret}", take, methods=["POST"])]


async def _spool(request: Request, spool: Path) -> Response:
    try:
        parser = _MailParser(request.headers.get("content-type", ""), spool)
    except _MalformedForm as error:
        return json_error(400, str(error))
    try:
        async with asyncio.timeout(_MAX_SECONDS):
            async for chunk in request.stream():
                await run_in_threadpool(parser.feed, chunk)
            is_taken = await run_in_threadpool(parser.finish)
    except _TooLarge:
        return _too_large()
    except (_MalformedForm, FormParserError, ClientDisconnect):
        return json_error(400, "the body is not a complete form")
    except TimeoutError:
        return json_error(408, "the body came too slowly")
    except OSError as error:
        return _try_again(f"the mail cannot be stored: {error.strerror}")
    finally:
        parser.close()
    return JSONResponse({"taken": True}) if is_taken else _try_again(_NO_RAW_MAIL)


class _MailParser:
    """Writes the field ``email`` of a multipart form to the spool, and reads ``envelope``."""

    def __init__(self, content_type: str, spool: Path) -> None:
        media_type, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if media_type.decode("latin-1") != MULTIPART or not boundary:
            raise _MalformedForm("the body is not multipart/form-data")
        self._spool = spool
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_part_data": self._add_data,
                "on_end": self._end,
            },
        )
        self._size = 0
        self._name, self._header_name, self._header_value = b"", b"", b""
        self._envelope = b""
        self._is_complete = False
        self._mail: SpoolWriter | None = None

    def feed(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > MAX_BYTES:
            raise _TooLarge
        self._parser.write(chunk)

    def finish(self) -> bool:
        """Whether there was a mail; it is on the disk now."""
        if not self._is_complete:
            raise _MalformedForm("it ends in the middle")
        if self._mail is None or not self._mail.size:
            return False
        self._mail.name_recipient(_recipient(self._envelope))
        self._mail.commit()
        self._mail = None
        return True

    def close(self) -> None:
        if self._mail is not None:
            self._mail.discard()

    def _begin(self) -> None:
        self._name = b""

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._name = parse_options_header(self._header_value)[1].get(b"name", b"")
        self._header_name, self._header_value = b"", b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == b"email":
            if self._mail is None:
                self._mail = SpoolWriter(self._spool)
            self._mail.write(data[start:end])
        elif self._name == b"envelope" and len(self._envelope) < _MAX_ENVELOPE:
            self._envelope += data[start:end]

    def _end(self) -> None:
        self._is_complete = True


def _recipient(envelope: bytes) -> str:
    """The first recipient of ``{"to": ["bounces+…@…"], "from": "…"}``; '' where it has none."""
    try:
        found = json.loads(envelope)
        first = str(found["to"][0])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    address = ADDRESS.fullmatch(first.strip())
    return address[0] if address else ""


def _declared_size(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else 0


def _too_large() -> Response:
    return json_error(413, f"the body is larger than {MAX_BYTES >> 20} MB")


def _try_again(why: str) -> Response:
    answer = json_error(503, why)
    answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer
