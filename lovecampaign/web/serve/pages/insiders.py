"""``/p/TOKEN?insiders=1``: would this reader like to hear early? One button, and they will."""

from __future__ import annotations

from sqlalchemy.engine import Connection
from starlette.responses import Response

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.slots import late_insiders_get_email_now
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.signup.confirm import RequestOrigin
from lovecampaign.store.signup.insiders import (
    InsiderConsent,
    InsiderStatus,
    join_insiders,
    read_insider_status,
)
from lovecampaign.web.serve.handler.consent import ConsentText, consent_text
from lovecampaign.web.serve.handler.handler import NotFound, Visit
from lovecampaign.web.serve.handler.open_link import Opened
from lovecampaign.web.serve.pages.join_form import user_agent

#: In the query of the letter's link, and in the field ``do`` of the button.
WANTED = "insiders"
#: In the query, sealed: they have just joined.
JOINED = "joined"


def ask_insider(visit: Visit, opened: Opened) -> Response:
    """The question with its button, or why there is none."""
    with visit.site.database.read() as connection:
        standing = read_insider_status(connection, opened.campaign, opened.delivery, visit.now)
        at_once = _hears_at_once(connection, visit, opened)
    is_new = standing is InsiderStatus.MEMBER and visit.is_sealed(_purpose(opened), JOINED)
    return _show(visit, opened, "joined" if is_new else standing.value, at_once=at_once)


def become_insider(visit: Visit, opened: Opened) -> Response:
    """Join, by the words that were read."""
    consent = _consent(visit, opened.campaign)
    if visit.form.get("version") != consent.version:
        return ask_insider(visit, opened)  # the words have changed, or were not shown
    agreement = InsiderConsent(
        text=consent.text,
        version=consent.version,
        locale=visit.wording(opened.campaign).language,
        origin=RequestOrigin(ip=str(visit.address), user_agent=user_agent(visit)),
    )
    with visit.site.database.write() as connection:
        before = join_insiders(connection, opened.campaign, opened.delivery, agreement, visit.now)
    joined = {JOINED: visit.seal(_purpose(opened))} if before is InsiderStatus.OPEN else {}
    return visit.show_next(f"/p/{visit.part('token')}", **{WANTED: "1"}, **joined)


def _purpose(opened: Opened) -> str:
    return f"{JOINED} insiders {opened.delivery.id}"


def _hears_at_once(connection: Connection, visit: Visit, opened: Opened) -> bool:
    campaign, zone = opened.campaign, opened.delivery.timezone or None
    record = read_campaign(connection, campaign.id)
    founders_until = record.first_claim_at if record else None
    place = effective_zone(zone, campaign)
    return late_insiders_get_email_now(campaign, place, visit.now, founders_until)


def _show(visit: Visit, opened: Opened, state: str, *, at_once: bool) -> Response:
    campaign = opened.campaign
    if campaign.insiders is None:
        raise NotFound
    return visit.page(
        "insiders.html",
        campaign,
        state=state,
        at_once=at_once,
        consent=_consent(visit, campaign),
        list=campaign.insiders.list,
        token=visit.part("token"),
        launch=campaign.launch.at,
        zone=effective_zone(opened.delivery.timezone or None, campaign),
    )


def _consent(visit: Visit, campaign: Campaign) -> ConsentText:
    if campaign.insiders is None:
        raise NotFound
    return consent_text(visit.wording(campaign), campaign, campaign.insiders.list)
