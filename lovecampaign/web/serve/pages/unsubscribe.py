"""``/u/TOKEN``: how does somebody leave? With one press, or none but their mail program's.

RFC 8058: a POST from anywhere acts at once, whatever its body says, without a cookie or a
redirect, and the same again is no mistake. It works with retired keys, for people who are
forgotten, and for campaigns whose files are gone. Opening the link changes nothing.
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
from lovecampaign.delivery.feedback.provider_events import count_feedback
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.counters import EmailCounts
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.store.reports.next_email import NextEmail, find_next_email
from lovecampaign.store.signup.unsubscribe import (
    can_undo_unsubscribe,
    is_unsubscribed,
    undo_unsubscribe,
    unsubscribe_by_link,
)
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.open_link import read_token
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.request_body import BodyKind

_LOG = logging.getLogger(__name__)
#: Longer than for other pages: a mail program asks once, and may not tell its reader that we
#: could not; 503 after it, which some ask again by themselves.
PATIENCE_SECONDS = 8.0
#: What the undo button sends in its field ``do``; a mail program never does.
UNDO = "undo"
#: And the page's own button to leave: a browser is sent on, a mail program never (RFC 8058, 3.1).
LEAVE = "leave"
#: In the query, sealed: they have just come back.
BACK = "back"


class State(Enum):
    """How somebody stands to the letters, as the page tells them."""

    READING = "ask"  #: the button leaves
    LEFT = "left"
    BACK = "back"  #: they just took their leaving back


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """Behind a link that was signed by us."""

    #: None where nothing is known of the letter's reader any more.
    delivery: DeliveryRecord | None
    #: None where its files are gone, or have mistakes since before ``serve`` was started.
    campaign: Campaign | None

    @property
    def lists(self) -> frozenset[str]:
        return self.campaign.lists if self.campaign else frozenset()


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        page(site, "/u/{token}", get=show_leaving, post=act, takes=BodyKind.ONE_CLICK),
    ]


def show_leaving(visit: Visit) -> Response:
    leaver = _find(visit)
    with visit.site.database.read() as connection:
        return _show(visit, connection, leaver)


def act(visit: Visit) -> Response:
    """Leave; or come back, by the button on the page that says so."""
    leaver = _find(visit)
    with visit.site.database.with_busy_timeout(PATIENCE_SECONDS).write() as connection:
        if visit.form.get("do") != UNDO:
            _leave(connection, leaver, visit)
        elif leaver.delivery is not None and _undo(connection, leaver, visit):
            seal = visit.seal(_came_back(leaver.delivery))
            return visit.show_next(f"/u/{visit.part('token')}", **{BACK: seal})
        if visit.form.get("do") in (LEAVE, UNDO):
            return visit.show_next(f"/u/{visit.part('token')}")
        return _show(visit, connection, leaver)


def _find(visit: Visit) -> Leaver:
    _, number = read_token(visit, Purpose.LINKS, retired_too=True)
    with visit.site.database.read() as connection:
        delivery = find_delivery(connection, number)
    if delivery is None or delivery.is_forgotten:
        delivery = None
    return Leaver(
        delivery=delivery,
        campaign=_campaign_as_far_as_known(visit.site, delivery) if delivery else None,
    )


def _campaign_as_far_as_known(site: Site, delivery: DeliveryRecord) -> Campaign | None:
    """Nobody is kept from leaving by a file of ours."""
    try:
        return site.campaigns.by_key(delivery.campaign_key)
    except (LovecampaignError, OSError) as error:
        _LOG.warning("Somebody leaves a campaign that cannot be read: %s", error)
        return None


def _leave(connection: Connection, leaver: Leaver, visit: Visit) -> None:
    delivery = leaver.delivery
    if delivery is not None and unsubscribe_by_link(connection, delivery, leaver.lists, visit.now):
        left = EmailCounts(unsubscribes=1)
        count_feedback(connection, leaver.campaign, delivery, left, visit.now)


def _undo(connection: Connection, leaver: Leaver, visit: Visit) -> bool:
    """Only from a page of ours: nobody is brought back by somebody else's form."""
    delivery = leaver.delivery
    if delivery is None or visit.age_of_form(_purpose(delivery)) is None:
        return False
    is_undone = undo_unsubscribe(connection, delivery, visit.now)
    if is_undone:
        back = EmailCounts(unsubscribes=-1)
        count_feedback(connection, leaver.campaign, delivery, back, visit.now)
    return is_undone


def _came_back(delivery: DeliveryRecord) -> str:
    return f"came back {delivery.id}"


def _purpose(delivery: DeliveryRecord) -> str:
    return f"undo leaving {delivery.id}"


def _show(visit: Visit, connection: Connection, leaver: Leaver) -> Response:
    delivery = leaver.delivery
    if delivery is None:
        return _page(visit, leaver, State.LEFT)
    is_gone = is_unsubscribed(connection, delivery, leaver.lists)
    if not is_gone and visit.is_sealed(_came_back(delivery), BACK):
        letter = _next_letter(connection, leaver, visit)
        return _page(visit, leaver, State.BACK, letter=letter)
    is_fresh = can_undo_unsubscribe(connection, delivery, visit.now)
    return _page(visit, leaver, State.LEFT if is_gone else State.READING, undo=is_fresh)


def _next_letter(connection: Connection, leaver: Leaver, visit: Visit) -> NextEmail | None:
    if leaver.campaign is None or leaver.delivery is None:
        return None
    subscriber_id = leaver.delivery.subscriber_id
    return find_next_email(connection, leaver.campaign, subscriber_id, visit.now)


def _page(
    visit: Visit,
    leaver: Leaver,
    state: State,
    *,
    undo: bool = False,
    letter: NextEmail | None = None,
) -> Response:
    delivery = leaver.delivery
    return visit.page(
        "leave.html",
        leaver.campaign,
        state=state.value,
        letter=letter,
        zone=_zone(leaver),
        token=visit.part("token"),
        address=mask_address(delivery.address) if delivery else None,
        seal=visit.seal(_purpose(delivery)) if delivery and undo else None,
    )


def _zone(leaver: Leaver) -> str | None:
    if leaver.campaign is None or leaver.delivery is None:
        return None
    return effective_zone(leaver.delivery.timezone or None, leaver.campaign)
