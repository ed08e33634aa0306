"""``/heroes/CAMPAIGN``: the wall, answers of readers who allowed it; and its feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.locale import base_language, choose_language, with_region
from lovecampaign.core.clock import format_instant
from lovecampaign.render.card.draw import CardWords
from lovecampaign.store.dialogue.stories.published import WallEntry, read_wall
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.heroes.card import card_response

#: Entries of the feed; the page has all.
_FEED_LENGTH = 50


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        page(site, "/heroes/{campaign}", get=show_wall),
        page(site, "/heroes/{campaign}/feed", get=show_feed),
        page(site, "/heroes/{campaign}/card.png", get=show_wall_card),
    ]


def show_wall(context: RequestContext) -> Response:
    campaign = _campaign_of(context)
    entries = _read(context, campaign)
    return context.page(
        "heroes/wall.html", campaign, questions=_by_question(entries), **_names(context, campaign)
    )


def show_feed(context: RequestContext) -> Response:
    campaign = _campaign_of(context)
    entries = _read(context, campaign)
    updated = entries[0].published_at if entries else context.site.clock.now()
    feed = context.site.renderer.render(
        "heroes/feed.xml",
        context.translation(campaign),
        campaign,
        entries=entries[:_FEED_LENGTH],
        updated=updated,
        instant=format_instant,
        **_names(context, campaign),
    )
    return Response(feed, media_type="application/atom+xml")


def show_wall_card(context: RequestContext) -> Response:
    """The picture of the page in link previews."""
    campaign = _campaign_of(context)
    t = context.translation(campaign)
    words = CardWords(
        campaign.name,
        t("wall.described", campaign=campaign.name),
        t("wall.title"),
        campaign.sender.name,
    )
    return card_response(words, campaign.brand.color)


def _campaign_of(context: RequestContext) -> Campaign:
    """The campaign with this ``id``, else the one in this folder; raises NotFound."""
    name = context.part("campaign")
    by_folder = (one for one in context.site.campaigns.all() if one.slug == name)
    campaign = context.site.campaigns.by_key(name) or next(by_folder, None)
    if campaign is None:
        raise NotFound
    return campaign


def _read(context: RequestContext, campaign: Campaign) -> Sequence[WallEntry]:
    with context.site.database.read() as connection:
        record = read_campaign(connection, campaign.id)
        return read_wall(connection, record.id) if record is not None else ()


def _by_question(entries: Sequence[WallEntry]) -> Mapping[str, Sequence[WallEntry]]:
    """Each question with its answers; the newest of both first."""
    questions: dict[str, list[WallEntry]] = {}
    for entry in entries:
        questions.setdefault(entry.hero.question, []).append(entry)
    return questions


def _names(context: RequestContext, campaign: Campaign) -> dict[str, Any]:
    base, page_language = context.site.settings.public_url, context.translation(campaign).language
    own = choose_language(campaign.languages, page_language)
    is_same = base_language(own) == base_language(page_language)
    return {
        "url": f"{base}/heroes/{campaign.id}",
        "join": f"{base}/join/{campaign.audience.list}",
        "locale": with_region(own if is_same else page_language),
    }
