"""``/p/TOKEN?insiders=1``: joins a subscriber to the advance-notification list."""

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
from lovecampaign.web.serve.handler.open_link import OpenedLink
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext
from lovecampaign.web.serve.pages.signup.join_form import user_agent

#: In the query of the email's link, and in the field ``do`` of the button.
WANTED = "insiders"
#: Query parameter with a token: they have just joined.
JOINED = "joined"


def show_insiders(context: RequestContext, link: OpenedLink) -> Response:
    """The button to join, or why there is none."""
    with context.site.database.read() as connection:
        standing = read_insider_status(connection, link.campaign, link.delivery, context.now)
        at_once = _hears_at_once(connection, context, link)
    is_new = standing is InsiderStatus.MEMBER and context.was_redirected_with(
        _token_purpose(link), JOINED
    )
    return _show(context, link, "joined" if is_new else standing.value, at_once=at_once)


def join_insiders_list(context: RequestContext, link: OpenedLink) -> Response:
    """Join, with the consent text that was shown."""
    consent = _consent(context, link.campaign)
    if context.form.get("version") != consent.version:
        return show_insiders(context, link)  # the text has changed, or was not shown
    agreement = InsiderConsent(
        text=consent.text,
        version=consent.version,
        locale=context.translation(link.campaign).language,
        origin=RequestOrigin(ip=str(context.address), user_agent=user_agent(context)),
    )
    with context.site.database.write() as connection:
        before = join_insiders(connection, link.campaign, link.delivery, agreement, context.now)
    joined = (
        {JOINED: context.form_token(_token_purpose(link))} if before is InsiderStatus.OPEN else {}
    )
    return context.show_next(f"/p/{link.token}", **{WANTED: "1"}, **joined)


def _token_purpose(link: OpenedLink) -> str:
    return f"{JOINED} insiders {link.token}"


def _hears_at_once(connection: Connection, context: RequestContext, link: OpenedLink) -> bool:
    campaign, zone = link.campaign, link.delivery.timezone or None
    record = read_campaign(connection, campaign.id)
    founders_until = record.first_claim_at if record else None
    place = effective_zone(zone, campaign)
    return late_insiders_get_email_now(campaign, place, context.now, founders_until)


def _show(context: RequestContext, link: OpenedLink, state: str, *, at_once: bool) -> Response:
    campaign = link.campaign
    if campaign.insiders is None:
        raise NotFound
    return context.page(
        "preferences/insiders.html",
        campaign,
        state=state,
        at_once=at_once,
        consent=_consent(context, campaign),
        list=campaign.insiders.list,
        token=link.token,
        launch=campaign.launch.at,
        zone=effective_zone(link.delivery.timezone or None, campaign),
    )


def _consent(context: RequestContext, campaign: Campaign) -> ConsentText:
    if campaign.insiders is None:
        raise NotFound
    return consent_text(context.translation(campaign), campaign, campaign.insiders.list)
