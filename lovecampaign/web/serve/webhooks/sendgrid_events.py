"""``/webhooks/sendgrid``: SendGrid's event webhook.

Answers 200 once every event is stored; SendGrid retries other batches for a day.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.delivery.provider_events import apply_reports
from lovecampaign.web.serve.handler.request_context import RequestContext, json_error, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.webhooks.bounded_json import MalformedJson
from lovecampaign.web.serve.webhooks.sendgrid_parse import read_batch
from lovecampaign.web.serve.webhooks.sendgrid_signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    VARIABLE,
    verifier,
)

#: The source noted with a suppression.
SOURCE = "sendgrid"


def routes(site: Site) -> Sequence[BaseRoute]:
    """Raises UsageError for an invalid public key in the settings."""
    key = site.settings.sendgrid_webhook_public_key
    verify = verifier(key) if key else None

    def check_head(request: Request) -> Response | None:
        if verify is None:
            return json_error(404, f"events are not taken: {VARIABLE} is not set")
        return None if all(_signature(request)) else _not_signed()

    def take(context: RequestContext) -> Response:
        is_signed = verify is not None and verify(context.body, *_signature(context.request))
        return take_batch(context) if is_signed else _not_signed()

    return [
        page(site, "/webhooks/sendgrid", post=take, body=BodyKind.WEBHOOK, check_head=check_head)
    ]


def take_batch(context: RequestContext) -> Response:
    """Answers a signed batch in JSON: 200, also where nothing was new; 400 with an error text."""
    try:
        reports = read_batch(context.body, context.site.signer, context.now)
    except MalformedJson as error:
        return json_error(400, str(error))
    campaigns = {campaign.id: campaign for campaign in context.site.campaigns.all()}
    new = apply_reports(context.site.database, reports, campaigns, SOURCE, context.now)
    return JSONResponse({"events": len(reports), "new": new})


def _signature(request: Request) -> tuple[str, str]:
    """The signature and its timestamp, '' where missing."""
    return request.headers.get(SIGNATURE_HEADER, ""), request.headers.get(TIMESTAMP_HEADER, "")


def _not_signed() -> Response:
    return json_error(401, f"{SIGNATURE_HEADER} is not SendGrid's for this body")
