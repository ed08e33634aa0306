"""``…/in-doubt``: deliveries in doubt, which the operator settles or resends."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.store.ledger.settle_by_event import settle_all_in_doubt_by_events
from lovecampaign.store.reports.recent_problems import (
    find_ids_in_doubt,
    list_in_doubt_problems,
    resend_ids,
    settle_ids_as_sent,
)
from lovecampaign.store.sending.in_doubt import YOUNGEST_TO_RESEND
from lovecampaign.store.sending.transactional_queue import list_transactional_in_doubt
from lovecampaign.web.serve.dashboard.view import CampaignView, DashboardState, dashboard_page
from lovecampaign.web.serve.handler.request_context import FormRejected
from lovecampaign.web.serve.handler.site import Site

#: Rows on the page. The form has a field for each, and at most a hundred fields.
SHOWN = 50
_FIELD = "d"
_ARRIVED, _RESEND = "arrived", "resend"
_SAID = frozenset({_ARRIVED, _RESEND, "too_young", "all_too_young", "none_ticked", "none_left"})


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    return [dashboard_page(site, state, "/in-doubt", get=show_in_doubt, post=settle)]


def show_in_doubt(view: CampaignView) -> Response:
    """The oldest first, with the two buttons."""
    return _show(
        view,
        said=view.request.query("said"),
        count=_number(view.request.query("count")),
    )


def settle(view: CampaignView) -> Response:
    """Settle the ticked deliveries, or all: as sent, or to be sent again."""
    action, now = view.request.form.get("do"), view.request.now
    if action not in (_ARRIVED, _RESEND):
        raise FormRejected("error.unreadable")
    ticked = _ticked(view)
    if ticked is not None and not ticked:
        return _show(view, said="none_ticked", count=0, status=400)
    database = view.request.site.database
    settle_all_in_doubt_by_events(database, now)
    view.state.counters.forget(view.campaign)
    with database.write() as connection:
        ids = find_ids_in_doubt(connection, _campaign_id(view), ticked)
        if not ids:
            return _show(view, said="none_left", count=0, status=409)
        if action == _ARRIVED:
            return view.redirect(
                "/in-doubt", said="arrived", count=settle_ids_as_sent(connection, ids, now)
            )
        resent = resend_ids(connection, ids, now)
    if resent.too_young:
        said = "all_too_young" if resent.too_young == len(ids) else "too_young"
        return _show(view, said=said, count=resent.too_young, status=409)
    return view.redirect("/in-doubt", said="resend", count=resent.number)


def _show(view: CampaignView, *, said: str, count: int, status: int = 200) -> Response:
    with view.request.site.database.read() as connection:
        doubts = list_in_doubt_problems(connection, _campaign_id(view), SHOWN)
        asked = list_transactional_in_doubt(connection, view.campaign.id)
    return view.show(
        "in_doubt.html",
        "in-doubt",
        status,
        said=said if said in _SAID else "",
        count=count,
        doubts=doubts,
        asked=asked[:SHOWN],
        young_after=view.request.now - YOUNGEST_TO_RESEND,
        minutes=int(YOUNGEST_TO_RESEND.total_seconds() // 60),
    )


def _campaign_id(view: CampaignView) -> int:
    return view.record.id if view.record else 0


def _ticked(view: CampaignView) -> Sequence[int] | None:
    """None: all of them."""
    if view.request.form.get("all"):
        return None
    names = (name.removeprefix(_FIELD) for name in view.request.form if name.startswith(_FIELD))
    return [_number(name) for name in names if _number(name)]


def _number(text: str) -> int:
    """0 for text that is not a possible row id."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
