"""``/webhooks/sendgrid``: what became of the messages that SendGrid took?

Answered with 200 once every event is durably kept; SendGrid repeats for a day what is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.delivery.feedback.provider_events import apply_reports
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.webhooks.sendgrid_parse import NotABatch, read_batch
from lovecampaign.web.serve.webhooks.sendgrid_signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    VARIABLE,
    Verify,
    verifier,
)

#: As beside a suppression: who said so.
SAID_BY = "sendgrid"


def routes(site: Site) -> Sequence[BaseRoute]:
    """Raises UsageError where the key in the settings is none."""
    key = site.settings.sendgrid_webhook_public_key
    verify = verifier(key) if key else None

    def take(visit: Visit) -> Response:
        return take_batch(visit, verify)

    return [page(site, "/webhooks/sendgrid", post=take, takes=BodyKind.WEBHOOK)]


def take_batch(visit: Visit, verify: Verify | None) -> Response:
    """Answers in JSON: 200, also where nothing was new; 400, 401, 404 in words."""
    if verify is None:
        return _refuse(404, f"events are not taken: {VARIABLE} is not set")
    headers = visit.request.headers
    signature, timestamp = headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    if not verify(visit.body, signature, timestamp):
        return _refuse(401, f"{SIGNATURE_HEADER} is not SendGrid's for this body")
    try:
        reports = read_batch(visit.body, visit.site.signer, visit.now)
    except NotABatch:
        return _refuse(400, "the body is not JSON")
    campaigns = {campaign.id: campaign for campaign in visit.site.campaigns.all()}
    new = apply_reports(visit.site.database, reports, campaigns, SAID_BY, visit.now)
    return JSONResponse({"events": len(reports), "new": new})


def _refuse(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
