"""``/u/TOKEN``: unsubscribe, with a button or one-click by the mail program (RFC 8058).

A POST from any origin unsubscribes at once, whatever its body, without a cookie or a redirect, and
is idempotent. It works with retired keys, for erased subscribers, and for campaigns with missing
files. A GET changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.provider_events import count_feedback
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.counters import EmailCounts
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.reports.next_email import find_next_email
from lovecampaign.store.signup.unsubscribe import (
    can_undo_unsubscribe,
    is_unsubscribed,
    undo_unsubscribe,
    unsubscribe_by_link,
)
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.open_link import (
    UnknownRow,
    VerifiedToken,
    load_delivery,
    read_token,
)
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.pages.unknown_link import act_on_unknown, show_unknown

_LOG = logging.getLogger(__name__)
#: Longer than for other pages: a mail program may try only once and hide a failure. Then 503,
#: which some retry.
PATIENCE_SECONDS = 8.0
#: What the undo button sends in its field ``do``; a mail program never does.
UNDO = "undo"
#: The page's own button: a browser is redirected, a mail program must not be (RFC 8058, 3.1).
LEAVE = "leave"
#: Query parameter with a token: the unsubscribe was just undone.
BACK = "back"


class UnsubscribeState(Enum):
    """The page's states; the values name its texts."""

    SUBSCRIBED = "ask"
    LEFT = "left"
    BACK = "back"  #: just undone


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeLink:
    """A link with a valid signature, of a delivery that the ledger knows."""

    token: str
    #: None for an erased subscriber.
    delivery: DeliveryRecord | None
    #: None where its files are missing, or invalid since before ``serve`` was started.
    campaign: Campaign | None
    #: Signed with a key in use: a retired one leaves, and never undoes that.
    may_undo: bool = True

    @property
    def lists(self) -> frozenset[str]:
        return self.campaign.lists if self.campaign else frozenset()


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        page(site, "/u/{token}", get=show_question, post=act, body=BodyKind.ONE_CLICK),
    ]


def show_question(context: RequestContext) -> Response:
    token = read_token(context, Purpose.LINKS, retired_too=True)
    try:
        link = _find(context, token)
    except UnknownRow:
        return show_unknown(context, token)
    with context.site.database.read() as connection:
        return _show(context, connection, link)


def act(context: RequestContext) -> Response:
    """Unsubscribe; or undo it, by the page's button."""
    token = read_token(context, Purpose.LINKS, retired_too=True)
    try:
        link = _find(context, token)
    except UnknownRow:
        return act_on_unknown(context, token)
    with context.site.database.with_busy_timeout(PATIENCE_SECONDS).write() as connection:
        if context.form.get("do") != UNDO:
            _unsubscribe(connection, link, context)
        elif link.delivery is not None and _undo(connection, link, context):
            is_back = context.form_token(_back_purpose(link.delivery))
            return context.show_next(f"/u/{link.token}", **{BACK: is_back})
        if context.form.get("do") in (LEAVE, UNDO):
            return context.show_next(f"/u/{link.token}")
        return _show(context, connection, link)


def _find(context: RequestContext, token: VerifiedToken) -> UnsubscribeLink:
    """Raises UnknownRow."""
    delivery = load_delivery(context, token)
    if delivery.is_forgotten:
        return UnsubscribeLink(token=token.text, delivery=None, campaign=None)
    return UnsubscribeLink(
        token=token.text,
        delivery=delivery,
        campaign=_find_campaign(context.site, delivery),
        may_undo=context.site.signer.verify(Purpose.LINKS, token.text) is not None,
    )


def _find_campaign(site: Site, delivery: DeliveryRecord) -> Campaign | None:
    """A broken campaign file must not prevent an unsubscribe."""
    try:
        return site.campaigns.by_key(delivery.campaign_key)
    except (LovecampaignError, OSError) as error:
        _LOG.warning("An unsubscribe from a campaign that cannot be read: %s", error)
        return None


def _unsubscribe(connection: Connection, link: UnsubscribeLink, context: RequestContext) -> None:
    delivery = link.delivery
    if delivery is not None and unsubscribe_by_link(connection, delivery, link.lists, context.now):
        left = EmailCounts(unsubscribes=1)
        count_feedback(connection, link.campaign, delivery, left, context.now)


def _undo(connection: Connection, link: UnsubscribeLink, context: RequestContext) -> bool:
    """Requires a form token, so that no other site can undo an unsubscribe."""
    delivery = link.delivery if link.may_undo else None
    if delivery is None or context.age_of_form(_undo_purpose(delivery)) is None:
        return False
    is_undone = undo_unsubscribe(connection, delivery, context.now)
    if is_undone:
        back = EmailCounts(unsubscribes=-1)
        count_feedback(connection, link.campaign, delivery, back, context.now)
    return is_undone


def _back_purpose(delivery: DeliveryRecord) -> str:
    return f"came back {delivery.id}"


def _undo_purpose(delivery: DeliveryRecord) -> str:
    return f"undo leaving {delivery.id}"


def _show(context: RequestContext, connection: Connection, link: UnsubscribeLink) -> Response:
    campaign, delivery, now = link.campaign, link.delivery, context.now
    state, zone, letter, form_token = UnsubscribeState.LEFT, None, None, None
    if delivery is not None:
        state = _find_state(context, connection, delivery, link.lists)
        is_open = link.may_undo and state is not UnsubscribeState.BACK
        if is_open and can_undo_unsubscribe(connection, delivery, now):
            form_token = context.form_token(_undo_purpose(delivery))
    if delivery is not None and campaign is not None:
        zone = effective_zone(delivery.timezone or None, campaign)
        if state is UnsubscribeState.BACK:
            letter = find_next_email(connection, campaign, delivery.subscriber_id, now)
    return context.page(
        "unsubscribe.html",
        campaign,
        state=state.value,
        letter=letter,
        zone=zone,
        token=link.token,
        address=mask_address(delivery.address) if delivery else None,
        form_token=form_token,
    )


def _find_state(
    context: RequestContext,
    connection: Connection,
    delivery: DeliveryRecord,
    lists: frozenset[str],
) -> UnsubscribeState:
    if is_unsubscribed(connection, delivery, lists):
        return UnsubscribeState.LEFT
    if context.was_redirected_with(_back_purpose(delivery), BACK):
        return UnsubscribeState.BACK
    return UnsubscribeState.SUBSCRIBED
