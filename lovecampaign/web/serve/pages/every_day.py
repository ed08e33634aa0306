"""``/p/TOKEN?every-day=1``: chooses the daily month, by the button of the invitation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection
from starlette.responses import Response

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.reports.next_email import find_next_email, wants_days
from lovecampaign.store.signup.unsubscribe import is_unsubscribed
from lovecampaign.store.subscribers.preferences import (
    Preferences,
    note_activity,
    read_preferences,
    save_preferences,
)
from lovecampaign.web.serve.handler.open_link import OpenedLink
from lovecampaign.web.serve.handler.request_context import RequestContext

#: In the query of the email's link, and in the field ``do`` of the button.
EVERY_DAY = "every-day"


def show_every_day(context: RequestContext, link: OpenedLink) -> Response:
    """The button, or what was chosen with it; another choice is made on the whole page."""
    campaign, delivery, now = link.campaign, link.delivery, context.now
    with context.site.database.read() as connection:
        chosen = read_choice(context, connection, link)
        has_left = is_unsubscribed(connection, delivery, campaign.lists)
        letter = find_next_email(connection, campaign, delivery.subscriber_id, now)
    return context.page(
        "preferences/every_day.html",
        campaign,
        state=_state(campaign, chosen, now, has_left=has_left),
        letter=letter,
        days=campaign.days,
        starts=campaign.start,
        token=link.token,
        zone=effective_zone(delivery.timezone or None, campaign),
    )


def read_choice(context: RequestContext, connection: Connection, link: OpenedLink) -> Preferences:
    """What was chosen; silence is a choice, too, after an invitation."""
    delivery, now = link.delivery, context.now
    is_daily = wants_days(connection, link.campaign, delivery.subscriber_id, now)
    silence = Preferences(is_launch_only=not is_daily)
    return read_preferences(connection, delivery.campaign_id, delivery.subscriber_id, now, silence)


def _state(campaign: Campaign, chosen: Preferences, now: datetime, *, has_left: bool) -> str:
    if has_left:
        return "left"
    if now.date() > campaign.last_date:
        return "over"
    is_daily = not chosen.is_launch_only and chosen.paused_until is None
    return "chosen" if is_daily else "open"


def choose_every_day(context: RequestContext, link: OpenedLink) -> Response:
    """It ends a pause, too."""
    delivery = link.delivery
    with context.site.database.write() as connection:
        save_preferences(connection, delivery.campaign_id, delivery.subscriber_id, Preferences())
        note_activity(connection, delivery.subscriber_id, context.now)
    return context.show_next(f"/p/{link.token}", **{EVERY_DAY: "1"})
