"""``/webhooks/sendgrid``: SendGrid's event webhook.

Answers 200 once every event is stored; SendGrid retries other batches for a day.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.delivery.feedback.provider_events import apply_reports
from lovecampaign.web.serve.handler.request_context import RequestContext, json_error, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.webhooks.sendgrid_parse import MalformedBatch, read_batch
from lovecampaign.web.serve.webhooks.sendgrid_signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    VARIABLE,
    Verify,
    verifier,
)

#: The source noted with a suppression.
SOURCE = "sendgrid"


def routes(site: Site) -> Sequence[BaseRoute]:
    """Raises UsageError for an invalid public key in the settings."""
    key = site.settings.sendgrid_webhook_public_key
    verify = verifier(key) if key else None

    def take(context: RequestContext) -> Response:
        return take_batch(context, verify)

    return [page(site, "/webhooks/sendgrid", post=take, body=BodyKind.WEBHOOK)]


def take_batch(context: RequestContext, verify: Verify | None) -> Response:
    """Answers in JSON: 200, also where nothing was new; 400, 401, 404 with an error text."""
    if verify is None:
        return json_error(404, f"events are not taken: {VARIABLE} is not set")
    headers = context.request.headers
    signature, timestamp = headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    if not verify(context.body, signature, timestamp):
        return json_error(401, f"{SIGNATURE_HEADER} is not SendGrid's for this body")
    try:
        reports = read_batch(context.body, context.site.signer, context.now)
    except MalformedBatch:
        return json_error(400, "the body is not JSON")
    campaigns = {campaign.id: campaign for campaign in context.site.campaigns.all()}
    new = apply_reports(context.site.database, reports, campaigns, SOURCE, context.now)
    return JSONResponse({"events": len(reports), "new": new})
