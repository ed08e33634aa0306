"""Classifies SendGrid's HTTP responses: the verdict on the recipients of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lovecampaign.core.clock import require_aware
from lovecampaign.core.message import FaultKind
from lovecampaign.providers.base.outcomes import (
    Verdict,
    accepted,
    permanent,
    stop_the_run,
    transient,
    unknown,
)
from lovecampaign.providers.sendgrid.http1 import HttpResponse

#: A longer Retry-After is cut.
LONGEST_WAIT_SECONDS = 3600.0
#: A Retry-After of 0, or in the past, is no reason to ask again at once.
_SHORTEST_WAIT_SECONDS = 1.0

_NAMES_THE_RECIPIENT = re.compile(r"personalizations\.\d+\.to(\.\d+(\.email)?)?")
_NAMES_PERSONALIZATION = re.compile(r"personalizations\.(\d{1,4})(\..*)?", re.DOTALL)
#: Disabled or suspended accounts, used-up credits, senders that are not verified.
_IS_ABOUT_ACCOUNT = re.compile(
    r"\baccount\b|\bcredits?\b|sender identity|under review|suspended|billing|permission"
    r"|not authori[sz]ed|authorization|api key",
    re.IGNORECASE,
)
_NAMES_THE_SENDER = re.compile(r"(from|reply_to)(\.email)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """One entry of ``errors`` in SendGrid's response."""

    message: str
    field: str


def classify_response(reply: HttpResponse, now: datetime) -> Verdict:
    """The verdict on the recipients of a request, where it is the same for all of them.

    429 and 503 happen although SendGrid's description of the endpoint omits them; 500, 502 and 504
    may come after the mail was accepted.
    """
    detail = _describe(reply)
    if reply.status == 202:
        limit = parse_rate_limit(reply, now)
        wait = limit.seconds if limit is not None and limit.left == 0 else None
        return accepted(detail, reply.headers.get("x-message-id"), retry_after_seconds=wait)
    if reply.status in (429, 503):
        return transient(detail, retry_after_seconds=_wait_seconds(reply, now))
    if 300 <= reply.status < 400:
        return stop_the_run(f"{detail}; a redirect is not followed")
    if 400 <= reply.status < 500:
        return _classify_rejection(reply, detail)
    return unknown(detail)  # 5xx, and any other 2xx: a proxy's login page, for example


def _classify_rejection(reply: HttpResponse, detail: str) -> Verdict:
    if reply.status == 408:  # the request was incomplete (RFC 9110 §15.5.9)
        return transient(detail)
    if reply.status in (401, 402, 403, 404, 405):
        return stop_the_run(detail)
    if reply.status == 413:
        return permanent(detail, FaultKind.MESSAGE)
    return _classify_by_field(reply, detail)


def verdicts_by_index(reply: HttpResponse, count: int) -> Mapping[int, Verdict]:
    """The verdicts on recipients that a rejection names, by their index in the request."""
    verdicts: dict[int, Verdict] = {}
    for error in parse_errors(reply):
        match = _NAMES_PERSONALIZATION.fullmatch(error.field)
        index = int(match[1]) if match else count
        if index >= count:
            continue
        is_address = _NAMES_THE_RECIPIENT.fullmatch(error.field) is not None
        detail = f"HTTP {reply.status} {error.message} ({error.field})"
        if is_address or index not in verdicts:
            verdicts[index] = permanent(
                detail, FaultKind.RECIPIENT if is_address else FaultKind.MESSAGE
            )
    return verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """``X-RateLimit-*``: how many more requests are taken until the window ends."""

    left: int
    seconds: float


def parse_rate_limit(reply: HttpResponse, now: datetime) -> RateLimit | None:
    """None where the headers are missing, as they may be for Mail Send."""
    left = reply.headers.get("x-ratelimit-remaining", "").strip()
    reset = reply.headers.get("x-ratelimit-reset", "").strip()
    if not left.isdecimal() or not reset.isdecimal():
        return None
    seconds = float(reset) - (_their_time(reply) or now).timestamp()
    return RateLimit(left=int(left), seconds=min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))


def parse_errors(reply: HttpResponse) -> list[ApiError]:
    """The ``errors`` of the response; empty where the body has another shape."""
    if not reply.body:  # nearly always
        return []
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    entries = errors if isinstance(errors, list) else []
    return [_as_error(entry) for entry in entries if isinstance(entry, dict)]


def _as_error(entry: dict[str, Any]) -> ApiError:
    return ApiError(message=str(entry.get("message") or ""), field=str(entry.get("field") or ""))


def _classify_by_field(reply: HttpResponse, detail: str) -> Verdict:
    errors = parse_errors(reply)
    fields = [error.field for error in errors]
    about_us = (error.message for error in errors if not error.field)
    if any(map(_IS_ABOUT_ACCOUNT.search, about_us)) or any(
        _NAMES_THE_SENDER.fullmatch(field) for field in fields
    ):
        return stop_the_run(detail)
    if any(_NAMES_THE_RECIPIENT.fullmatch(field) for field in fields):
        return permanent(detail, FaultKind.RECIPIENT)
    return permanent(detail, FaultKind.MESSAGE if any(fields) else FaultKind.UNCLEAR)


def _describe(reply: HttpResponse) -> str:
    messages = [
        f"{error.message} ({error.field})" if error.field else error.message
        for error in parse_errors(reply)
    ]
    return " ".join([f"HTTP {reply.status}", "; ".join(messages)]).strip()


def _wait_seconds(reply: HttpResponse, now: datetime) -> float | None:
    """Retry-After in seconds or as a date (RFC 9110 §10.2.3), else X-RateLimit-Reset."""
    now = _their_time(reply) or now
    asked = reply.headers.get("retry-after", "").strip()
    reset = reply.headers.get("x-ratelimit-reset", "").strip()
    if asked.isdecimal():
        seconds = float(asked)
    elif (date := _parse_date(asked)) is not None:
        seconds = (date - now).total_seconds()
    elif reset.isdecimal():
        seconds = float(reset) - now.timestamp()
    else:
        return None
    return min(max(seconds, _SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)


def _their_time(reply: HttpResponse) -> datetime | None:
    """The server's clock, so that an error of ours does not change the wait."""
    return _parse_date(reply.headers.get("date", ""))


def _parse_date(text: str) -> datetime | None:
    try:
        return require_aware(parsedate_to_datetime(text))
    except ValueError:
        return None
