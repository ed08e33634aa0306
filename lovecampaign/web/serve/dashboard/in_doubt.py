"""``…/doubts``: what became of messages whose outcome nobody knows? The operator says it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.store.ledger.settle_by_event import settle_doubts_by_events
from lovecampaign.store.reports.recent_problems import (
    find_doubts,
    list_doubts,
    resend_doubts,
    settle_doubts,
)
from lovecampaign.store.sending.in_doubt import YOUNGEST_TO_RESEND
from lovecampaign.store.sending.transactional_queue import list_transactional_in_doubt
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.dashboard.view import Desk, Office, desk_page
from lovecampaign.web.serve.handler.handler import Declined
from lovecampaign.web.serve.handler.site import Site

#: Rows on the page; the form has a field for each, and a form takes a hundred.
SHOWN = 50
_FIELD = "d"
_ARRIVED, _RESEND = "arrived", "resend"
_SAID = frozenset({_ARRIVED, _RESEND, "too_young", "all_too_young", "none_ticked", "none_left"})


def routes(site: Site, office: Office) -> Sequence[BaseRoute]:
    return [desk_page(site, office, "/doubts", get=show_doubts, post=settle)]


def show_doubts(desk: Desk) -> Response:
    """The oldest first, with the two buttons."""
    return _show(desk, said=desk.visit.query("said"), count=_number(desk.visit.query("count")))


def settle(desk: Desk) -> Response:
    """Settle those that were ticked, or all: as sent, or to be sent once more."""
    wanted, now = desk.visit.form.get("do"), desk.visit.now
    if wanted not in (_ARRIVED, _RESEND):
        raise Declined("trouble.unreadable")
    ticked = _ticked(desk)
    if ticked is not None and not ticked:
        return _show(desk, said="none_ticked", count=0, status=400)
    database = desk.visit.site.database
    settle_doubts_by_events(database, now)
    desk.office.counters.forget(desk.campaign)
    with database.write() as connection:
        ids = find_doubts(connection, _campaign_id(desk), ticked)
        if not ids:
            return _show(desk, said="none_left", count=0, status=409)
        if wanted == _ARRIVED:
            return desk.go("/doubts", said="arrived", count=settle_doubts(connection, ids, now))
        resent = resend_doubts(connection, ids, now)
    if resent.too_young:
        said = "all_too_young" if resent.too_young == len(ids) else "too_young"
        return _show(desk, said=said, count=resent.too_young, status=409)
    return desk.go("/doubts", said="resend", count=resent.number)


def _show(desk: Desk, *, said: str, count: int, status: int = 200) -> Response:
    with desk.visit.site.database.read() as connection:
        doubts = list_doubts(connection, _campaign_id(desk), SHOWN)
        asked = list_transactional_in_doubt(connection, desk.campaign.id)
    return desk.show(
        "doubts.html",
        "doubts",
        status,
        said=said if said in _SAID else "",
        count=count,
        doubts=doubts,
        asked=asked[:SHOWN],
        young_after=desk.visit.now - YOUNGEST_TO_RESEND,
        minutes=int(YOUNGEST_TO_RESEND.total_seconds() // 60),
        mask=mask_address,
    )


def _campaign_id(desk: Desk) -> int:
    return desk.record.id if desk.record else 0


def _ticked(desk: Desk) -> Sequence[int] | None:
    """None: all of them."""
    if desk.visit.form.get("all"):
        return None
    names = (name.removeprefix(_FIELD) for name in desk.visit.form if name.startswith(_FIELD))
    return [_number(name) for name in names if _number(name)]


def _number(text: str) -> int:
    """What a visitor typed; 0 for what is no number that a row could have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
