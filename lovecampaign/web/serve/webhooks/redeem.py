"""``/webhooks/redeem``: which code was used, as the shop tells it?

The shop signs the body with LOVECAMPAIGN_REDEEM_SECRET. The same call again changes nothing, so a
shop may repeat it until it is answered, and somebody who overheard it gains nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.core.clock import format_instant, parse_instant
from lovecampaign.store.checkout.redeem import LONGEST_CODE, Redemption, redeem_code
from lovecampaign.store.deal_stock.code_owner import AmbiguousCode, UnknownCode
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind

SIGNATURE_HEADER = "x-signature"
SCHEME = "sha256="
#: As beside a buyer: who said so.
SAID_BY = "webhook"
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class _Malformed(Exception):
    """Not what a shop is to send; the words are for who wrote its program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    code: str
    at: datetime


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/webhooks/redeem", post=redeem, takes=BodyKind.WEBHOOK)]


def redeem(visit: Visit) -> Response:
    """Answers in JSON: 200, also for what was known; 400, 401, 404 in words."""
    secret = visit.site.settings.redeem_secret
    if secret is None:
        return _refuse(404, "redemption calls are off: LOVECAMPAIGN_REDEEM_SECRET is not set")
    if not _is_signed(visit, secret):
        return _refuse(401, "X-Signature is not sha256= and the HMAC of this body")
    try:
        redemption = _note(visit, _read(visit.body))
    except _Malformed as error:
        return _refuse(400, str(error))
    except UnknownCode:
        return _refuse(404, "nobody was given this code")
    except AmbiguousCode:
        return _refuse(404, "two codes differ from this one only in capital and small letters")
    visit.site.post.wake()
    return JSONResponse(
        {
            "code": redemption.code,
            "deal": redemption.deal,
            "redeemed_at": format_instant(redemption.redeemed_at),
            "new": redemption.is_new,
        }
    )


def _is_signed(visit: Visit, secret: str) -> bool:
    """Over the bytes as they came, in a time that tells nothing."""
    wanted = SCHEME + hmac.new(secret.encode(), visit.body, hashlib.sha256).hexdigest()
    given = visit.request.headers.get(SIGNATURE_HEADER, "")
    return hmac.compare_digest(wanted.encode(), given.strip().lower().encode())


def _read(body: bytes) -> _Call:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Malformed("the body is not JSON") from error
    if not isinstance(said, dict):
        raise _Malformed('the body is not an object like {"code": "…", "at": "…"}')
    return _Call(code=_read_code(said.get("code")), at=_read_at(said.get("at")))


def _read_code(code: object) -> str:
    if not isinstance(code, str) or not code.strip() or not code.isprintable():
        raise _Malformed("code is not a text")
    if len(code) > LONGEST_CODE:
        raise _Malformed(f"code is longer than {LONGEST_CODE} characters")
    return code.strip()


def _read_at(at: object) -> datetime:
    if not isinstance(at, str):
        raise _Malformed("at is not an instant like 2027-02-27T10:30:00Z")
    try:
        instant = parse_instant(at[:64])
    except (ValueError, OverflowError) as error:
        raise _Malformed("at is not an instant like 2027-02-27T10:30:00Z") from error
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise _Malformed(f"at is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant


def _note(visit: Visit, call: _Call) -> Redemption:
    """A shop's clock may be ahead of ours: nothing was bought in the future."""
    with visit.site.database.write() as connection:
        return redeem_code(connection, call.code, at=min(call.at, visit.now), by=SAID_BY)


def _refuse(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
