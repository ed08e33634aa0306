"""``/c/TOKEN``: a subscriber's own month: small tasks done, letters to read again, what was missed.

An email may be forwarded, and this link with it: the page has no name and no address, and the
letters are the copies to pass on. Opening it changes nothing; its buttons mark a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.lru import LruCache
from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.render.markup.actions import find_action
from lovecampaign.render.model.content import read_content
from lovecampaign.render.plain.plain_path import PlainPath
from lovecampaign.render.plain.sample_recipients import sample_recipients
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.dialogue.tasks import (
    mark_done,
    read_done_days,
    read_progress,
    unmark_done,
)
from lovecampaign.store.ledger.lookup import list_sent_days
from lovecampaign.web.serve.handler.open_link import OpenedLink, open_link
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site

#: Values of the form's field ``do``.
DONE, UNDO = "done", "undo"
#: The headlines of a few campaigns; each takes some milliseconds.
_CACHED_HEADLINES = 256
_HEADLINES: LruCache[tuple[str, str, str], tuple[Email, str]] = LruCache(_CACHED_HEADLINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDay:
    """One day of the month that has gone out."""

    key: str
    number: int
    headline: str
    #: The small task's words; None: the day has none.
    task: str | None
    is_done: bool
    #: Where to read it again; None: the subscriber did not get it.
    letter: str | None


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/c/{token}", get=show, post=act)]


def show(context: RequestContext) -> Response:
    link = open_link(context, Purpose.MONTH)
    zone = effective_zone(link.delivery.timezone, link.campaign)
    with context.site.database.read() as connection:
        days = _read_days(context, connection, link)
        subscriber_id = link.delivery.subscriber_id
        progress = read_progress(
            connection, link.delivery.campaign_id, {subscriber_id: zone}, context.now
        )[subscriber_id]
    return context.page(
        "heroes/month.html",
        link.campaign,
        days=days,
        asked=next((day for day in days if day.key == _asked_day(context, link)), None),
        progress=progress,
        tasks=sum(day.task is not None for day in days),
    )


def act(context: RequestContext) -> Response:
    """Mark a task as done, or take the mark back."""
    link = open_link(context, Purpose.MONTH)
    day, action = context.form.get("day", ""), context.form.get("do")
    with context.site.database.write() as connection:
        known = {one.key for one in _read_days(context, connection, link) if one.task}
        if day not in known:
            raise NotFound
        if action == DONE:
            zone = effective_zone(link.delivery.timezone, link.campaign)
            mark_done(connection, link.delivery, day, context.now, zone)
        elif action == UNDO:
            unmark_done(connection, link.delivery, day)
    return context.show_next(f"/c/{link.token}", day=day)


def _asked_day(context: RequestContext, link: OpenedLink) -> str:
    """The day of the letter with the link, or the one that its button names."""
    return context.query("day") or link.delivery.email_key


def _read_days(
    context: RequestContext, connection: Connection, link: OpenedLink
) -> Sequence[MonthDay]:
    """The days that have gone out to any subscriber, the first first."""
    delivery = link.delivery
    campaign = link.campaign.in_language(
        choose_language(link.campaign.languages or (link.campaign.language,), delivery.language)
    )
    done = read_done_days(connection, delivery)
    sent = list_sent_days(connection, delivery.campaign_id, delivery.subscriber_id)
    return [
        MonthDay(
            key=email.key,
            number=email.number,
            headline=_headline(campaign, email),
            task=find_action(email.copy.text, "done"),
            is_done=email.key in done,
            letter=_letter(context, sent[email.key]),
        )
        for email in campaign.day_emails
        if email.key in sent and email.number is not None
    ]


def _letter(context: RequestContext, own: RowKey | None) -> str | None:
    """The copy without personal data: one forwarded letter must not open the others'."""
    if own is None:
        return None
    return f"/v/{context.site.signer.sign(Purpose.SHARE, own)}?share=1"


def _headline(campaign: Campaign, email: Email) -> str:
    """The subject as a reader without a name gets it; the day's key where it has mistakes."""
    key = (campaign.id, campaign.language, email.key)
    made_for, headline = _HEADLINES.get(key, lambda _: (email, _render_headline(campaign, email)))
    if made_for is not email:
        headline = _render_headline(campaign, email)
        _HEADLINES.put(key, (email, headline))
    return headline


def _render_headline(campaign: Campaign, email: Email) -> str:
    try:
        content = read_content(campaign, email)
        _, unknown = sample_recipients(campaign, email, content)
        return PlainPath(campaign, email, content, "").subject(unknown)
    except LovecampaignError:
        return email.key
