"""What does an HTTP reply of SendGrid's mean for a message?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lovecampaign.core.clock import require_aware
from lovecampaign.core.message import Fault
from lovecampaign.providers.base.outcomes import (
    Verdict,
    accepted,
    permanent,
    stop_the_run,
    transient,
    unknown,
)
from lovecampaign.providers.sendgrid.http1 import HttpResponse

#: A promise to be back later than this is not waited for in one piece.
LONGEST_WAIT_SECONDS = 3600.0

_NAMES_THE_RECIPIENT = re.compile(r"personalizations\.\d+\.to(\.\d+(\.email)?)?")
_NAMES_A_PERSON = re.compile(r"personalizations\.(\d{1,4})(\..*)?", re.DOTALL)
_NAMES_THE_SENDER = re.compile(r"(from|reply_to)(\.email)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """One entry of the ``errors`` that SendGrid explains a refusal with."""

    message: str
    field: str


def classify_response(reply: HttpResponse, now: datetime) -> Verdict:
    """The verdict on the people of a request, where it is the same for all of them.

    429 and 503 are not in SendGrid's description of the endpoint, yet happen; 500, 502 and 504
    may come after the mail was taken.
    """
    said = _said(reply)
    if reply.status == 202:
        limit = parse_rate_limit(reply, now)
        wait = limit.seconds if limit is not None and limit.left == 0 else None
        return accepted(said, reply.headers.get("x-message-id"), retry_after_seconds=wait)
    if reply.status in (429, 503):
        return transient(said, retry_after_seconds=_wait_seconds(reply, now))
    if 300 <= reply.status < 400:
        return stop_the_run(f"{said}; a redirect is not followed")
    if 400 <= reply.status < 500:
        return _judge_refusal(reply, said)
    return unknown(said)  # 5xx, and 2xx that nobody promised: a proxy's login page, for example


def _judge_refusal(reply: HttpResponse, said: str) -> Verdict:
    if reply.status == 408:  # the server did not get the whole request (RFC 9110 §15.5.9)
        return transient(said)
    if reply.status in (401, 403, 404, 405):
        return stop_the_run(said)
    if reply.status == 413:
        return permanent(said, Fault.MESSAGE)
    return _judge_by_field(reply, said)


def verdicts_by_index(reply: HttpResponse, people: int) -> Mapping[int, Verdict]:
    """What a refusal says about some of a request's people, by their place in it."""
    verdicts: dict[int, Verdict] = {}
    for error in parse_errors(reply):
        found = _NAMES_A_PERSON.fullmatch(error.field)
        place = int(found[1]) if found else people
        if place >= people:
            continue
        is_address = _NAMES_THE_RECIPIENT.fullmatch(error.field) is not None
        said = f"HTTP {reply.status} {error.message} ({error.field})"
        if is_address or place not in verdicts:
            verdicts[place] = permanent(said, Fault.RECIPIENT if is_address else Fault.MESSAGE)
    return verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """``X-RateLimit-*``: how many more requests are taken until the window ends."""

    left: int
    seconds: float


def parse_rate_limit(reply: HttpResponse, now: datetime) -> RateLimit | None:
    """What the reply tells of it; the Mail Send endpoint does not always."""
    left = reply.headers.get("x-ratelimit-remaining", "").strip()
    reset = reply.headers.get("x-ratelimit-reset", "").strip()
    if not left.isdecimal() or not reset.isdecimal():
        return None
    seconds = float(reset) - (_their_time(reply) or now).timestamp()
    return RateLimit(left=int(left), seconds=min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))


def parse_errors(reply: HttpResponse) -> list[ApiError]:
    """What SendGrid names as wrong; empty where the body is not what it promises."""
    if not reply.body:  # of nearly all: to look for JSON in it takes longer than the rest of this
        return []
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return []
    found = body.get("errors") if isinstance(body, dict) else None
    entries = found if isinstance(found, list) else []
    return [_as_error(entry) for entry in entries if isinstance(entry, dict)]


def _as_error(entry: dict[str, Any]) -> ApiError:
    return ApiError(message=str(entry.get("message") or ""), field=str(entry.get("field") or ""))


def _judge_by_field(reply: HttpResponse, said: str) -> Verdict:
    fields = [error.field for error in parse_errors(reply)]
    if any(_NAMES_THE_SENDER.fullmatch(field) for field in fields):
        return stop_the_run(said)
    if any(_NAMES_THE_RECIPIENT.fullmatch(field) for field in fields):
        return permanent(said, Fault.RECIPIENT)
    return permanent(said, Fault.MESSAGE)


def _said(reply: HttpResponse) -> str:
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
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _their_time(reply: HttpResponse) -> datetime | None:
    """Their clock, so that a wrong one of ours does not shorten or stretch the wait."""
    return _parse_date(reply.headers.get("date", ""))


def _parse_date(text: str) -> datetime | None:
    try:
        return require_aware(parsedate_to_datetime(text))
    except ValueError:
        return None
