"""``/d/TOKEN``: may this person have the deal now, and how do they take it?

A forwarded letter carries this link. So the page names nobody and shows no code: that goes into
the address of the checkout, after the button was pressed. Opening the link changes nothing, since
mail scanners open it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.deals.codes import fill_link
from lovecampaign.campaign.deals.deal_page import DealPageState, Visitor, find_page_state
from lovecampaign.campaign.deals.stock import Stock, closing_time
from lovecampaign.campaign.model.deal import Deal, compared_price
from lovecampaign.core.clock import format_instant
from lovecampaign.core.tokens import Purpose
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.checkout.deal_page import DealView, join_waitlist, take_unit, view_deal
from lovecampaign.store.deal_stock.stock import RecordedDeal
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.open_link import Opened, open_link
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.security import page_policy

#: What the page's form says that it wants, in its field ``do``.
CLAIM, WAIT = "claim", "wait"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/d/{token}", get=show_deal, post=take_deal)]


def show_deal(visit: Visit) -> Response:
    """The one page that is true for this person now."""
    opened = open_link(visit, Purpose.LINKS)
    return _show(visit, opened, _look(visit, opened))


def take_deal(visit: Visit) -> Response:
    """Claim a unit and go on to the checkout, or take a place in the line."""
    opened = open_link(visit, Purpose.LINKS)
    deal = _deal_of(opened)
    code = None
    if deal is not None:
        subscriber_id, wanted = opened.delivery.subscriber_id, visit.form.get("do")
        if wanted == CLAIM:
            code = take_unit(visit.site.database, deal, subscriber_id, visit.now)
        elif wanted == WAIT:
            delivery_id = opened.delivery.id
            join_waitlist(visit.site.database, deal, subscriber_id, delivery_id, visit.now)
        visit.site.post.wake()  # others who wait may have been told of a unit
    if deal is None or code is None:
        return RedirectResponse(_own_address(visit), status_code=303)
    return RedirectResponse(fill_link(deal.deal.link, code), status_code=303)


def _own_address(visit: Visit) -> str:
    return f"{visit.site.hosts.root}/d/{visit.part('token')}"


def _deal_of(opened: Opened) -> RecordedDeal | None:
    deal = opened.campaign.insider_deal
    if deal is None:
        return None
    return RecordedDeal(
        campaign=opened.campaign, campaign_id=opened.delivery.campaign_id, deal=deal
    )


def _look(visit: Visit, opened: Opened) -> DealView:
    deal = _deal_of(opened)
    if deal is not None:
        with visit.site.database.read() as connection:
            return view_deal(connection, deal, opened.delivery.subscriber_id, visit.now)
    nothing = Stock(quantity=None, redeemed=0, reserved=0)
    stranger = Visitor(is_insider=False)
    door = find_page_state(opened.campaign, None, nothing, stranger, visit.now)
    return DealView(door=door, stock=nothing, visitor=stranger)


def _show(visit: Visit, opened: Opened, found: DealView) -> Response:
    campaign, deal = opened.campaign, opened.campaign.insider_deal
    answer = visit.page(
        "deal.html",
        campaign,
        door=found.door.value,
        stock=found.stock,
        deal=deal,
        compared=compared_price(deal) if deal else None,
        offer=campaign.launch.offer if visit.now >= campaign.launch.at else None,
        ends=_ends(deal, found, campaign.launch.at),
        is_until_open=found.door in (DealPageState.EARLY, DealPageState.NOT_YET),
        lapsed_at=_lapsed_at(found.visitor, visit.now),
        closes=closing_time(deal, found.visitor.closes) if deal else None,
        claim_for=_said_length(deal.claim_for) if deal else None,
        checkout=urlsplit(deal.link).hostname if deal else None,
        may_join_insiders=campaign.insiders is not None and visit.now < campaign.insiders.until,
        zone=effective_zone(opened.delivery.timezone, campaign),
        token=visit.part("token"),
        now=format_instant(visit.now),
        instant=format_instant,
        instant_after=_instant_after,
    )
    # Browsers hold ``form-action`` against every redirect after a POST, and a checkout may send
    # its visitors on to wherever they pay.
    answer.headers["Content-Security-Policy"] = page_policy("https:", *_origin_of(deal))
    return answer


def _ends(deal: Deal | None, found: DealView, launch: datetime) -> datetime | None:
    """What the page counts down to: the same instants as in the letters."""
    visitor = found.visitor
    if found.door is DealPageState.EARLY:
        return launch
    if deal is None:
        return None
    return {
        DealPageState.NOT_YET: deal.opens,
        DealPageState.OPEN: closing_time(deal, visitor.closes),
        DealPageState.KEPT: visitor.kept_until,
        DealPageState.CLAIMED: visitor.claim.lapses_at if visitor.claim else None,
    }.get(found.door)


def _lapsed_at(visitor: Visitor, now: datetime) -> datetime | None:
    """When the unit went back that was kept for this person; None: there was none, or is one."""
    ends = [visitor.claim.lapses_at] if visitor.claim else []
    ends += [visitor.kept_until] if visitor.kept_until else []
    last = max(ends, default=now)
    return last if last < now else None


def _instant_after(end: datetime) -> str:
    """The whole second at which a time is surely over: a page that looks again sooner would find
    the unit still kept, and not look a second time.
    """
    return format_instant(end + timedelta(microseconds=-end.microsecond % 1_000_000))


def _said_length(length: timedelta) -> tuple[str, int]:
    """The text that says how long, and its number: whole days, hours, or minutes."""
    minutes = max(1, round(length / timedelta(minutes=1)))
    for unit, size in (("days", 24 * 60), ("hours", 60)):
        if minutes % size == 0:
            return unit, minutes // size
    return "minutes", minutes


def _origin_of(deal: Deal | None) -> Sequence[str]:
    if deal is None:
        return ()
    parts = urlsplit(deal.link)
    return (f"{parts.scheme}://{parts.netloc}",)
