"""``/confirm/TOKEN``: double opt-in. The page asks, and its button confirms.

Mail scanners open links, so a GET changes nothing. Confirming is idempotent, and an expired link
offers a new one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import WELCOME, Campaign
from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.ledger.transactional_mail import find_transactional
from lovecampaign.store.reports.next_email import find_next_email
from lovecampaign.store.signup.confirm import (
    Confirmation,
    ConfirmationState,
    RequestOrigin,
    confirm,
    find_confirmation,
)
from lovecampaign.store.signup.welcome import plan_welcome
from lovecampaign.store.subscribers.preferences import note_yes_by_form
from lovecampaign.web.serve.handler.open_link import note_unknown_row, read_token
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.signup.join_form import submit_application, user_agent

#: Query parameter with a token: this visitor has just confirmed.
NOW = "now"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/confirm/{token}", get=show_question, post=answer)]


def show_question(context: RequestContext) -> Response:
    """The button, or the state of the link."""
    token = read_token(context, Purpose.CONFIRM)
    confirmation = _load(context, token.row)
    campaign = _campaign_of(context, confirmation)
    is_fresh = context.was_redirected_with(_token_purpose(token.row), NOW)
    if confirmation.state is ConfirmationState.DONE and is_fresh:
        return _show_done(context, campaign, confirmation)
    return _show_state(context, confirmation, campaign)


def answer(context: RequestContext) -> Response:
    """Confirm the membership; for an expired link, send a new one."""
    token = read_token(context, Purpose.CONFIRM)
    confirmation = _load(context, token.row)
    campaign = _campaign_of(context, confirmation)
    if confirmation.state is ConfirmationState.EXPIRED:
        return _send_another(context, campaign, confirmation)
    record = record_campaign(context.site.database, campaign)
    proof = RequestOrigin(ip=str(context.address), user_agent=user_agent(context))
    with context.site.database.write() as connection:
        confirmed = confirm(connection, token.row, proof, context.now)
        if confirmed is not None and confirmed.state is ConfirmationState.OPEN:
            _welcome(connection, context, campaign, record, confirmed)
    context.site.mailer.wake()
    if confirmed is None:
        raise NotFound
    if confirmed.state is not ConfirmationState.OPEN:
        return _show_state(context, confirmed, campaign)
    is_now = context.form_token(_token_purpose(token.row))
    return context.show_next(f"/confirm/{token.text}", **{NOW: is_now})


def _load(context: RequestContext, row: RowKey) -> Confirmation:
    with context.site.database.read() as connection:
        confirmation = find_confirmation(connection, row, context.now)
        is_known = confirmation is not None or find_transactional(connection, row) is not None
    if not is_known:
        raise note_unknown_row(context)
    if confirmation is None:
        raise NotFound
    return confirmation


def _token_purpose(row: RowKey) -> str:
    return f"confirmed {row.number} {row.nonce}"


def _show_state(
    context: RequestContext, confirmation: Confirmation, campaign: Campaign
) -> Response:
    return context.page(
        "join/confirm.html",
        campaign,
        410 if confirmation.state is ConfirmationState.EXPIRED else 200,
        state=confirmation.state.value,
        list=confirmation.form.list,
    )


def _send_another(
    context: RequestContext, campaign: Campaign, confirmation: Confirmation
) -> Response:
    if not context.is_within_limits("join"):
        return context.say("error.too_often", campaign, 429)
    submit_application(context, campaign, confirmation.address, confirmation.key, confirmation.form)
    return context.page("join/sent.html", campaign)


def _show_done(context: RequestContext, campaign: Campaign, confirmation: Confirmation) -> Response:
    with context.site.database.read() as connection:
        letter = find_next_email(connection, campaign, confirmation.subscriber_id, context.now)
    return context.page(
        "join/confirmed.html",
        campaign,
        letter=letter,
        zone=effective_zone(confirmation.form.timezone or None, campaign),
        is_for_insiders=confirmation.form.list != campaign.audience.list,
    )


def _welcome(
    connection: Connection,
    context: RequestContext,
    campaign: Campaign,
    record: CampaignRecord,
    confirmation: Confirmation,
) -> None:
    """Plan the welcome email, except after the month's end and for insiders."""
    if confirmation.form.list != campaign.audience.list:
        return
    subscriber_id, now = confirmation.subscriber_id, context.now
    note_yes_by_form(connection, record.id, subscriber_id)
    if find_next_email(connection, campaign, subscriber_id, now) is not None:
        plan_welcome(connection, record.id, record.email_ids[WELCOME], subscriber_id, now)


def _campaign_of(context: RequestContext, confirmation: Confirmation) -> Campaign:
    campaign = context.site.campaigns.for_list(confirmation.form.list, context.now)
    if campaign is None:
        raise NotFound
    return campaign
