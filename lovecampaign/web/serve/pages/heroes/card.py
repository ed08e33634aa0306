"""``/card/TOKEN``: the share card of an answer, for its writer.

The token is in the mail that tells the hero, and opens nothing else, so that the address can be
shared. It shows the words as they are now, and none once they are withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.core.lru import LruCache
from lovecampaign.core.tokens import Purpose
from lovecampaign.render.card.draw import CardWords, draw_card
from lovecampaign.store.dialogue.stories.published import as_hero
from lovecampaign.store.dialogue.stories.stories import StoryState
from lovecampaign.web.serve.handler.open_link import read_token
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.heroes.answer import find_mailed_story

#: A card is 40 kB and takes a fifth of a second to draw.
_CACHED_CARDS = 64
_CARDS: LruCache[tuple[CardWords, str], bytes] = LruCache(_CACHED_CARDS)
#: Webmail and link previews load it from their own pages.
_HEADERS = {"Cross-Origin-Resource-Policy": "cross-origin"}


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/card/{token}", get=show_card)]


def show_card(context: RequestContext) -> Response:
    campaign, story = find_mailed_story(context, read_token(context, Purpose.CARD).row)
    if story.state is StoryState.WITHDRAWN:
        raise NotFound
    hero = as_hero(story)
    return card_response(
        CardWords(hero.question, hero.text, hero.name, campaign.name), campaign.brand.color
    )


def card_response(words: CardWords, color: str) -> Response:
    """The card as a response; drawn once for the same words."""
    drawn = _CARDS.get((words, color), lambda key: draw_card(*key))
    return Response(drawn, media_type="image/png", headers=_HEADERS)
