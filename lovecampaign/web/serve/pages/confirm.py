"""``/confirm/TOKEN``: does this person want the letters? The page asks, the button says so.

Mail scanners open links, so opening changes nothing. Pressing twice is pressing once, and a link
that is too old offers a new one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import WELCOME, Campaign
from lovecampaign.core.tokens import Purpose
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.reports.next_email import find_next_email
from lovecampaign.store.signup.confirm import (
    Confirmation,
    ConfirmationState,
    RequestOrigin,
    confirm,
    find_confirmation,
)
from lovecampaign.store.signup.welcome import plan_welcome
from lovecampaign.web.serve.handler.handler import NotFound, Visit, page
from lovecampaign.web.serve.handler.open_link import read_token
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.join_form import hand_in, user_agent

#: In the query, sealed: it was this visitor who has just confirmed.
NOW = "now"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/confirm/{token}", get=show_question, post=answer)]


def show_question(visit: Visit) -> Response:
    """The button, or what has become of the link."""
    _, transactional_id = read_token(visit, Purpose.CONFIRM)
    with visit.site.database.read() as connection:
        found = find_confirmation(connection, transactional_id, visit.now)
    campaign = _campaign_of(visit, found)
    is_fresh = visit.is_sealed(_confirmed(transactional_id), NOW)
    if found is not None and found.state is ConfirmationState.DONE and is_fresh:
        return _done(visit, campaign, found)
    return _show(visit, found, campaign)


def answer(visit: Visit) -> Response:
    """Put them on the list; or, from an old link, send a new one."""
    _, transactional_id = read_token(visit, Purpose.CONFIRM)
    with visit.site.database.read() as connection:
        found = find_confirmation(connection, transactional_id, visit.now)
    campaign = _campaign_of(visit, found)
    if found is not None and found.state is ConfirmationState.EXPIRED:
        return _send_another(visit, campaign, found)
    record = record_campaign(visit.site.database, campaign)
    proof = RequestOrigin(ip=str(visit.address), user_agent=user_agent(visit))
    with visit.site.database.write() as connection:
        found = confirm(connection, transactional_id, proof, visit.now)
        if found is not None and found.state is ConfirmationState.OPEN:
            _welcome(connection, visit, campaign, record, found)
    visit.site.post.wake()
    if found is None or found.state is not ConfirmationState.OPEN:
        return _show(visit, found, campaign)
    seal = visit.seal(_confirmed(transactional_id))
    return visit.show_next(f"/confirm/{visit.part('token')}", **{NOW: seal})


def _confirmed(transactional_id: int) -> str:
    """What the seal is for of who has just pressed the button."""
    return f"confirmed {transactional_id}"


def _show(visit: Visit, found: Confirmation | None, campaign: Campaign) -> Response:
    if found is None:
        raise NotFound
    return visit.page(
        "confirm.html",
        campaign,
        410 if found.state is ConfirmationState.EXPIRED else 200,
        state=found.state.value,
        list=found.form.list,
        is_for_insiders=found.form.list != campaign.audience.list,
    )


def _send_another(visit: Visit, campaign: Campaign, found: Confirmation) -> Response:
    if not visit.is_within_limits("join"):
        return visit.say("trouble.too_often", campaign, 429)
    hand_in(visit, campaign, found.address, found.key, found.form)
    return visit.page("join_sent.html", campaign)


def _done(visit: Visit, campaign: Campaign, found: Confirmation) -> Response:
    zone = effective_zone(found.form.timezone or None, campaign)
    with visit.site.database.read() as connection:
        letter = find_next_email(connection, campaign, found.subscriber_id, visit.now)
    return visit.page(
        "confirmed.html",
        campaign,
        letter=letter,
        zone=zone,
        is_for_insiders=found.form.list != campaign.audience.list,
    )


def _welcome(
    connection: Connection,
    visit: Visit,
    campaign: Campaign,
    record: CampaignRecord,
    found: Confirmation,
) -> None:
    """Who joins after the month has ended is on the list for the next one."""
    if found.form.list != campaign.audience.list:
        return
    if find_next_email(connection, campaign, found.subscriber_id, visit.now) is not None:
        email_id = record.email_ids[WELCOME]
        plan_welcome(connection, record.id, email_id, found.subscriber_id, visit.now)


def _campaign_of(visit: Visit, found: Confirmation | None) -> Campaign:
    list_name = found.form.list if found else ""
    campaign = visit.site.campaigns.for_list(list_name, visit.now)
    if campaign is None:
        raise NotFound
    return campaign
