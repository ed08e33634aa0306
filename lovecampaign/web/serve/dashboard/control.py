"""How is a campaign held, and let go on? ``…/pause`` and ``…/resume``; twice is once."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.store.ledger.campaigns import BY_HAND, pause, record_campaign, resume
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.site import Site

LONGEST_REASON = 200


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [
        desk_page(site, office, "/pause", post=hold),
        desk_page(site, office, "/resume", post=go_on),
    ]


def hold(desk: Desk) -> Response:
    """Nothing more is claimed from now on; what is on the wire is finished."""
    why = " ".join(desk.visit.form.get("why", "").split())[:LONGEST_REASON] or BY_HAND
    campaign_id = _campaign_id(desk)
    with desk.visit.site.database.write() as connection:
        pause(connection, campaign_id, desk.visit.now, why.replace("\0", ""))
    return desk.go("", said="paused")


def go_on(desk: Desk) -> Response:
    """What fell due meanwhile goes out, unless it is too late for its reader."""
    campaign_id = _campaign_id(desk)
    with desk.visit.site.database.write() as connection:
        resume(connection, campaign_id)
    return desk.go("", said="resumed")


def _campaign_id(desk: Desk) -> int:
    """A campaign may be paused before the ledger has met it."""
    record = desk.record or record_campaign(desk.visit.site.database, desk.campaign)
    return record.id
