"""``/webhooks/redeem``: the shop reports a redeemed code.

The shop signs the body with LOVECAMPAIGN_REDEEM_SECRET (HMAC). Calls are idempotent: a shop may
retry until it gets an answer, and a replay changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import format_instant, parse_instant
from lovecampaign.store import tables
from lovecampaign.store.checkout.redeem import (
    LONGEST_CODE,
    RedeemedTooEarly,
    Redemption,
    redeem_code,
)
from lovecampaign.store.deal_stock.code_owner import AmbiguousCode, UnknownCode
from lovecampaign.web.serve.handler.guess_limit import GuessKind
from lovecampaign.web.serve.handler.request_context import (
    RETRY_AFTER_SECONDS,
    RequestContext,
    json_error,
    page,
)
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.webhooks.bounded_json import MalformedJson, read_json

SIGNATURE_HEADER = "x-signature"
SCHEME = "sha256="
_SIGNATURE = re.compile(SCHEME + "[0-9a-f]{64}")
#: The source noted with a buyer.
SOURCE = "webhook"
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class _MalformedCall(Exception):
    """An invalid body; the message is for the shop's developer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RedeemCall:
    code: str
    at: datetime


def routes(site: Site) -> Sequence[BaseRoute]:
    secret = site.settings.redeem_secret

    def check_head(request: Request) -> Response | None:
        if not secret:
            return json_error(404, "redemption calls are off: no LOVECAMPAIGN_REDEEM_SECRET is set")
        return None if _SIGNATURE.fullmatch(_signature(request)) else _not_signed()

    def take_call(context: RequestContext) -> Response:
        guesses, request, now = context.site.guesses, context.request, context.now
        if guesses.is_blocked(GuessKind.REDEEM_SIGNATURE, request, now):
            answer = json_error(429, "too many calls with a wrong X-Signature came from there")
            answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
            return answer
        if secret and _is_signed(context, secret):
            return redeem(context)
        guesses.note_wrong(GuessKind.REDEEM_SIGNATURE, request, now)
        return _not_signed()

    return [
        page(
            site,
            "/webhooks/redeem",
            post=take_call,
            body=BodyKind.CALL,
            check_head=check_head,
        )
    ]


def redeem(context: RequestContext) -> Response:
    """Answers a signed call in JSON: 200, also for a repeated one; else an error with its text."""
    try:
        redemption = _note(context, _read(context.body))
    except _MalformedCall as error:
        return json_error(400, str(error))
    except UnknownCode:
        return json_error(404, "this code was never given out")
    except RedeemedTooEarly as error:
        return json_error(409, f"{error.message}; {error.hint}")
    except AmbiguousCode:
        return json_error(404, "two codes differ from this one only in upper and lower case")
    context.site.mailer.wake()
    return JSONResponse(
        {
            "code": redemption.code,
            "deal": redemption.deal,
            "redeemed_at": format_instant(redemption.redeemed_at),
            "new": redemption.is_new,
        }
    )


def _is_signed(context: RequestContext, secret: str) -> bool:
    """Of the raw bytes; compares in constant time."""
    wanted = SCHEME + hmac.new(secret.encode(), context.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), _signature(context.request).encode())


def _signature(request: Request) -> str:
    return request.headers.get(SIGNATURE_HEADER, "").strip().lower()


def _not_signed() -> Response:
    return json_error(401, "X-Signature is not sha256= and the HMAC of this body")


def _read(body: bytes) -> _RedeemCall:
    try:
        call = read_json(body)
    except MalformedJson as error:
        raise _MalformedCall(str(error)) from error
    if not isinstance(call, dict):
        raise _MalformedCall('the body is not an object like {"code": "…", "at": "…"}')
    return _RedeemCall(code=_read_code(call.get("code")), at=_read_at(call.get("at")))


def _read_code(code: object) -> str:
    if not isinstance(code, str) or not code.strip() or not code.isprintable():
        raise _MalformedCall("code is not a text")
    if len(code) > LONGEST_CODE:
        raise _MalformedCall(f"code is longer than {LONGEST_CODE} characters")
    return code.strip()


def _read_at(at: object) -> datetime:
    if not isinstance(at, str):
        raise _MalformedCall("at is not an instant like 2027-02-27T10:30:00Z")
    try:
        instant = parse_instant(at[:64])
    except (ValueError, OverflowError) as error:
        raise _MalformedCall("at is not an instant like 2027-02-27T10:30:00Z") from error
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise _MalformedCall(f"at is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant


def _note(context: RequestContext, call: _RedeemCall) -> Redemption:
    """A shop's clock may be ahead of ours: later times count as now."""
    campaigns = {campaign.id: campaign for campaign in context.site.campaigns.all()}
    with context.site.database.write() as connection:

        def opening(campaign_id: int, deal: str) -> datetime:
            return _find_opening(connection, campaigns, campaign_id, deal)

        at = min(call.at, context.now)
        return redeem_code(connection, call.code, at=at, by=SOURCE, opening=opening)


def _find_opening(
    connection: Connection, campaigns: Mapping[str, Campaign], campaign_id: int, key: str
) -> datetime:
    """When the deal opened; without its campaign's files, when the month began somewhere."""
    rows = sa.select(tables.campaign.c.key, tables.campaign.c.start)
    record = connection.execute(rows.where(tables.campaign.c.id == campaign_id)).one()
    campaign = campaigns.get(record.key)
    if campaign is not None and key in campaign.deals:
        return campaign.deals[key].opens
    return datetime.combine(record.start, time(), UTC) - timedelta(days=1)
