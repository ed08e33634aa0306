"""``/p/TOKEN`` for links sent by mail: show personal data, erase it, change the address.

Such a link proves access to the mailbox within the last hour. Opening it changes nothing; its
button acts.
"""

from __future__ import annotations

import json

from starlette.responses import Response

from lovecampaign.audience.address import reachable_key
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.tokens import RowKey
from lovecampaign.delivery.desk.promise import step_dates
from lovecampaign.store.dialogue.desk.cases import find_followed_case, reopen_case
from lovecampaign.store.ledger.transactional_mail import (
    TransactionalKind,
    find_transactional,
    mark_used,
)
from lovecampaign.store.signup.mailed_links import (
    LinkState,
    MailedLink,
    find_mailed_link,
    request_address_change,
)
from lovecampaign.store.subscribers.change_address import move_address
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.subject_access import export_personal_data
from lovecampaign.web.serve.content.data_summary import summarize_data
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.open_link import note_unknown_row
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext
from lovecampaign.web.serve.pages.signup.join_form import MAX_ADDRESS_LENGTH, one_line

_FILE_NAME = "my-data.json"


def show_mailed(context: RequestContext, row: RowKey) -> Response:
    """The button, or the state of the link."""
    return _ask(context, _find(context, row))


def act_on_mailed(context: RequestContext, row: RowKey) -> Response:
    link = _find(context, row)
    if link.state is not LinkState.GOOD:
        return _ask(context, link)
    acts = {
        TransactionalKind.DOWNLOAD: _show_data,
        TransactionalKind.FORGET: _forget,
        TransactionalKind.MOVE: _ask_new_address,
        TransactionalKind.CHANGE_ADDRESS: _move,
        TransactionalKind.FOLLOW_THROUGH: _reopen_case,
    }
    return acts[link.kind](context, link)


def _find(context: RequestContext, row: RowKey) -> MailedLink:
    with context.site.database.read() as connection:
        link = find_mailed_link(connection, row, context.now)
        is_known = link is not None or find_transactional(connection, row) is not None
    if not is_known:
        raise note_unknown_row(context)
    if link is None:
        raise NotFound
    return link


def _ask(
    context: RequestContext, link: MailedLink, *, typed: str = "", is_wrong: bool = False
) -> Response:
    if link.state is not LinkState.GOOD:
        status = 410 if link.state is LinkState.EXPIRED else 200
        return context.say(f"mailed.{link.state.value}", _campaign(context, link), status)
    return context.page(
        "preferences/mailed_link.html",
        _campaign(context, link),
        422 if is_wrong else 200,
        kind=link.kind.value.replace("-", "_"),
        address=mask_address(link.address),
        new_address=link.new_address or "",
        typed=typed,
        is_wrong=is_wrong,
        has_error=is_wrong,
    )


def _show_data(context: RequestContext, link: MailedLink) -> Response:
    """On a page or as a file, any number of times within the hour."""
    with context.site.database.read() as connection:
        data = export_personal_data(connection, link.subscriber_id)
    if context.form.get("do") != "file":
        campaign = _campaign(context, link)
        parts = summarize_data(data, context.translation(campaign))
        return context.page("preferences/data.html", campaign, parts=parts)
    return Response(
        json.dumps(data, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_FILE_NAME}"'},
    )


def _forget(context: RequestContext, link: MailedLink) -> Response:
    forget(context.site.database, link.address_key, context.now)
    return context.say("mailed.forgotten", _campaign(context, link))


def _ask_new_address(context: RequestContext, link: MailedLink) -> Response:
    """Send a confirmation link to the new address; the response does not depend on its state."""
    typed = one_line(context.form.get("email", ""), MAX_ADDRESS_LENGTH)
    key = reachable_key(typed)
    if key is None:
        return _ask(context, link, typed=typed, is_wrong=True)
    if not context.is_within_limits("link by mail"):
        return context.say("error.too_often", _campaign(context, link), 429)
    with context.site.database.write() as connection:
        request_address_change(connection, link, typed, key, context.now)
    context.site.mailer.wake()
    return context.say("mailed.sent", _campaign(context, link), address=typed)


def _move(context: RequestContext, link: MailedLink) -> Response:
    address, campaign = link.new_address or "", _campaign(context, link)
    key = reachable_key(address)
    if key is None:
        raise NotFound
    with context.site.database.write() as connection:
        is_moved = move_address(connection, link.subscriber_id, address, key, context.now)
        if is_moved:
            mark_used(connection, link.transactional_id, context.now)
    key_of_text = "mailed.moved" if is_moved else "mailed.taken"
    return context.say(key_of_text, campaign, address=address)


def _reopen_case(context: RequestContext, link: MailedLink) -> Response:
    """The case is open again, with new dates; pressed twice, it is the same."""
    campaign = _campaign(context, link)
    with context.site.database.write() as connection:
        case_id = find_followed_case(connection, link.transactional_id)
        if case_id is None or campaign is None:
            raise NotFound
        reopen_case(connection, case_id, step_dates(campaign, context.now), context.now)
    return context.say("mailed.reopened", campaign)


def _campaign(context: RequestContext, link: MailedLink) -> Campaign | None:
    return context.site.campaigns.by_key(link.campaign_key)
