"""``/d/TOKEN``: the deal's page, by stock, time and the subscriber's state.

A forwarded email carries this link, so the page shows neither name nor code: the code goes into the
checkout's URL after the button was pressed. A GET changes nothing, since mail scanners open links.
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
from lovecampaign.store.checkout.claims import DealView, join_waitlist, take_unit, view_deal
from lovecampaign.store.deal_stock.stock import RecordedDeal
from lovecampaign.web.serve.handler.open_link import OpenedLink, open_link
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.http.security import page_policy

#: Values of the form's field ``do``.
CLAIM, WAIT = "claim", "wait"


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/d/{token}", get=show_deal, post=take_deal)]


def show_deal(context: RequestContext) -> Response:
    link = open_link(context, Purpose.DEAL)
    return _show(context, link, _read_view(context, link))


def take_deal(context: RequestContext) -> Response:
    """Claim a unit and redirect to the checkout, or join the waitlist."""
    link = open_link(context, Purpose.DEAL)
    deal = _deal_of(link)
    code = None
    if deal is not None:
        subscriber_id, wanted = link.delivery.subscriber_id, context.form.get("do")
        if wanted == CLAIM:
            code = take_unit(context.site.database, deal, subscriber_id, context.now)
        elif wanted == WAIT:
            delivery_id = link.delivery.id
            join_waitlist(context.site.database, deal, subscriber_id, delivery_id, context.now)
        context.site.mailer.wake()  # a freed unit may have gone to the waitlist
    if deal is None or code is None:
        return context.show_next(f"/d/{link.token}")
    return RedirectResponse(fill_link(deal.deal.link, code), status_code=303)


def _preferences_token(context: RequestContext, link: OpenedLink) -> str:
    """The email with this link has that one too."""
    return context.site.signer.sign(Purpose.LINKS, link.delivery.key)


def _deal_of(link: OpenedLink) -> RecordedDeal | None:
    deal = link.campaign.insider_deal
    if deal is None:
        return None
    return RecordedDeal(campaign=link.campaign, campaign_id=link.delivery.campaign_id, deal=deal)


def _read_view(context: RequestContext, link: OpenedLink) -> DealView:
    deal = _deal_of(link)
    if deal is not None:
        with context.site.database.read() as connection:
            return view_deal(connection, deal, link.delivery.subscriber_id, context.now)
    nothing = Stock(quantity=None, redeemed=0, reserved=0)
    stranger = Visitor(is_insider=False)
    state = find_page_state(link.campaign, None, nothing, stranger, context.now)
    return DealView(state=state, stock=nothing, visitor=stranger)


def _show(context: RequestContext, link: OpenedLink, view: DealView) -> Response:
    campaign, deal = link.campaign, link.campaign.insider_deal
    answer = context.page(
        "deal.html",
        campaign,
        state=view.state.value,
        stock=view.stock,
        deal=deal,
        compared=compared_price(deal) if deal else None,
        offer=campaign.launch.offer if context.now >= campaign.launch.at else None,
        ends=_ends(deal, view, campaign.launch.at),
        is_until_open=view.state in (DealPageState.EARLY, DealPageState.NOT_YET),
        lapsed_at=_lapsed_at(view.visitor, context.now),
        closes=closing_time(deal, view.visitor.closes) if deal else None,
        claim_for=_duration(deal.claim_for) if deal else None,
        checkout=urlsplit(deal.link).hostname if deal else None,
        may_join_insiders=campaign.insiders is not None and context.now < campaign.insiders.until,
        zone=effective_zone(link.delivery.timezone, campaign),
        preferences=_preferences_token(context, link),
        now=format_instant(context.now),
        instant=format_instant,
        instant_after=_instant_after,
    )
    # Browsers apply ``form-action`` to every redirect after a POST, and a checkout may redirect to
    # a payment service.
    answer.headers["Content-Security-Policy"] = page_policy("https:", *_origin_of(deal))
    return answer


def _ends(deal: Deal | None, view: DealView, launch: datetime) -> datetime | None:
    """The end of the countdown: the same instants as in the emails."""
    visitor = view.visitor
    if view.state is DealPageState.EARLY:
        return launch
    if deal is None:
        return None
    return {
        DealPageState.NOT_YET: deal.opens,
        DealPageState.OPEN: closing_time(deal, visitor.closes),
        DealPageState.UNRESERVED: closing_time(deal, visitor.closes),
        DealPageState.KEPT: visitor.kept_until,
        DealPageState.CLAIMED: visitor.claim.lapses_at if visitor.claim else None,
    }.get(view.state)


def _lapsed_at(visitor: Visitor, now: datetime) -> datetime | None:
    """When the subscriber's claim lapsed; None without one, or while it is valid."""
    ends = [visitor.claim.lapses_at] if visitor.claim else []
    ends += [visitor.kept_until] if visitor.kept_until else []
    last = max(ends, default=now)
    return last if last < now else None


def _instant_after(end: datetime) -> str:
    """The next whole second: a page that reloads sooner would still find the unit reserved."""
    return format_instant(end + timedelta(microseconds=-end.microsecond % 1_000_000))


def _duration(length: timedelta) -> tuple[str, int]:
    """The text's key and number: whole days, hours, or minutes."""
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
