"""``/p/TOKEN``: what would this reader like to get?

A letter may be forwarded, and whoever holds it has this link: the page shows a first name and a
masked address, no fields and no history. What must be the reader's alone goes by a link that is
mailed to them (``mailed.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.core.tokens import Purpose
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.reports.next_email import NextEmail, find_next_email
from lovecampaign.store.signup.insiders import InsiderStatus, read_insider_status
from lovecampaign.store.signup.mailed_links import request_link
from lovecampaign.store.signup.unsubscribe import is_unsubscribed
from lovecampaign.store.subscribers.preferences import (
    Preferences,
    read_preferences,
    save_name_and_zone,
    save_preferences,
)
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.content.zones import regions
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.open_link import Opened, find_opened, read_token
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.insiders import WANTED, ask_insider, become_insider
from lovecampaign.web.serve.pages.mailed_links import act_on_mailed, show_mailed
from lovecampaign.web.serve.pages.preferences_form import (
    LONGEST_PAUSE,
    WishForm,
    read_wishes,
    shown_wishes,
)

#: What the page's other buttons send in their field ``do``: a link by mail is wanted.
MAILED = {
    "download": TransactionalKind.DOWNLOAD,
    "forget": TransactionalKind.FORGET,
    "move": TransactionalKind.MOVE,
}


#: In the query, sealed: what has just been done.
SAVED, MAIL_SENT = "saved", "sent"
#: What the button beside a pause sends there.
GO_ON = "go-on"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/p/{token}", get=show, post=act)]


def show(visit: Visit) -> Response:
    purpose, number = read_token(visit, Purpose.LINKS, Purpose.MAILED)
    if purpose is Purpose.MAILED:
        return show_mailed(visit, number)
    opened = find_opened(visit, purpose, number)
    if visit.query(WANTED):
        return ask_insider(visit, opened)
    if visit.is_sealed(_purpose(opened, MAIL_SENT), MAIL_SENT):
        address = mask_address(opened.delivery.address)
        return visit.say("choose.mailed", opened.campaign, address=address)
    is_saved = visit.is_sealed(_purpose(opened, SAVED), SAVED)
    with visit.site.database.read() as connection:
        known = _known(visit, connection, opened)
        return _show(visit, connection, opened, known, is_saved=is_saved)


def act(visit: Visit) -> Response:
    purpose, number = read_token(visit, Purpose.LINKS, Purpose.MAILED)
    if purpose is Purpose.MAILED:
        return act_on_mailed(visit, number)
    opened = find_opened(visit, purpose, number)
    wanted = visit.form.get("do", "")
    if wanted == WANTED:
        return become_insider(visit, opened)
    if wanted == GO_ON:
        return _end_pause(visit, opened)
    if wanted in MAILED:
        return _mail_link(visit, opened, MAILED[wanted])
    return _save(visit, opened)


def _save(visit: Visit, opened: Opened) -> Response:
    delivery = opened.delivery
    with visit.site.database.write() as connection:
        before = _preferences(visit, connection, opened)
        form = read_wishes(visit.form, before, visit.now)
        if form.wrong is not None:
            return _show(visit, connection, opened, form, status=422)
        wanted = Preferences(is_launch_only=form.is_launch_only, paused_until=form.paused_until)
        save_preferences(connection, delivery.campaign_id, delivery.subscriber_id, wanted)
        save_name_and_zone(
            connection, delivery.subscriber_id, form.first_name, form.timezone, visit.now
        )
    return _go_on(visit, opened, SAVED)


def _end_pause(visit: Visit, opened: Opened) -> Response:
    delivery = opened.delivery
    with visit.site.database.write() as connection:
        before = _preferences(visit, connection, opened)
        wanted = replace(before, paused_until=None)
        save_preferences(connection, delivery.campaign_id, delivery.subscriber_id, wanted)
    return _go_on(visit, opened, SAVED)


def _go_on(visit: Visit, opened: Opened, done: str) -> Response:
    """To the page that says what has been done."""
    seal = visit.seal(_purpose(opened, done))
    return visit.show_next(f"/p/{visit.part('token')}", **{done: seal})


def _purpose(opened: Opened, done: str) -> str:
    return f"{done} {opened.delivery.id}"


def _mail_link(visit: Visit, opened: Opened, kind: TransactionalKind) -> Response:
    """The answer is the same for who has asked often: their mailbox has links enough."""
    delivery, campaign = opened.delivery, opened.campaign
    if not visit.is_within_limits("link by mail"):
        return visit.say("trouble.too_often", campaign, 429)
    with visit.site.database.write() as connection:
        request_link(connection, kind, delivery.subscriber_id, delivery.campaign_id, visit.now)
    visit.site.post.wake()
    return _go_on(visit, opened, MAIL_SENT)


def _known(visit: Visit, connection: Connection, opened: Opened) -> WishForm:
    before = _preferences(visit, connection, opened)
    return shown_wishes(before, opened.delivery.first_name, opened.delivery.timezone)


def _preferences(visit: Visit, connection: Connection, opened: Opened) -> Preferences:
    delivery = opened.delivery
    return read_preferences(connection, delivery.campaign_id, delivery.subscriber_id, visit.now)


def _show(
    visit: Visit,
    connection: Connection,
    opened: Opened,
    form: WishForm,
    *,
    is_saved: bool = False,
    status: int = 200,
) -> Response:
    campaign, delivery = opened.campaign, opened.delivery
    standing = read_insider_status(connection, campaign, delivery, visit.now)
    return visit.page(
        "preferences.html",
        campaign,
        status,
        form=form,
        is_saved=is_saved,
        letter=_next_letter(visit, connection, opened) if is_saved else None,
        name=form.first_name if is_saved else delivery.first_name,
        slip=form.wrong is not None,
        is_unsubscribed=is_unsubscribed(connection, delivery, campaign.lists),
        may_join_insiders=standing is InsiderStatus.OPEN,
        address=mask_address(delivery.address),
        token=visit.part("token"),
        regions=regions(),
        default_zone=effective_zone(None, campaign),
        zone=effective_zone(form.timezone or None, campaign),
        longest_pause=LONGEST_PAUSE.days,
    )


def _next_letter(visit: Visit, connection: Connection, opened: Opened) -> NextEmail | None:
    return find_next_email(connection, opened.campaign, opened.delivery.subscriber_id, visit.now)
