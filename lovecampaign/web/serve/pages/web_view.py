"""``/v/TOKEN``: how does a letter read in a browser, for its reader, and for a friend?

A friend's token opens this and nothing else: the letter without a name, and a form to get such
letters. The insiders' letters are theirs alone until the doors open for everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.message import Message
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.display.web_version import WebVersions
from lovecampaign.render.model.contrast import shades_of
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.formatting import LocalizedTime
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.web.serve.handler.handler import NotFound, Visit, page
from lovecampaign.web.serve.handler.open_link import Opened, open_link
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.letter_html import Surroundings, make_page

#: Mail is full of inline styles, and may show pictures from anywhere. It runs nothing, and what
#: it links to opens on its own.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data: {media}; "
    "form-action 'self' {public}; base-uri 'none'; frame-ancestors 'none'; sandbox allow-forms "
    "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def routes(site: Site) -> Sequence[BaseRoute]:
    letters = WebVersions(site.settings)

    def show_letter(visit: Visit) -> Response:
        opened = open_link(visit, Purpose.LINKS, Purpose.SHARE)
        email = opened.email
        if email is None:  # its author has taken it out of the campaign
            return visit.say("letter.gone", opened.campaign, 410)
        if opened.purpose is Purpose.SHARE and _is_early(visit, opened.campaign, email):
            return _say_when(visit, opened.campaign)
        return _show(visit, letters, opened, email)

    return [page(site, "/v/{token}", get=show_letter)]


def _is_early(visit: Visit, campaign: Campaign, email: Email) -> bool:
    """Whether the letter is for insiders, who hear before everybody else."""
    return email.is_insiders_only and visit.now < campaign.launch.at


def _say_when(visit: Visit, campaign: Campaign) -> Response:
    zone = effective_zone(None, campaign)
    time = LocalizedTime.of(campaign.launch.at, zone, visit.wording(campaign).language)
    return visit.say("letter.early", campaign, 403, time=time)


def _show(visit: Visit, letters: WebVersions, opened: Opened, email: Email) -> Response:
    is_shared = opened.purpose is Purpose.SHARE
    render = letters.for_friend if is_shared else letters.for_subscriber
    with visit.site.database.read() as connection:
        try:
            message = render(connection, opened.campaign, email, opened.delivery, visit.now)
        except RenderError:  # it cannot be told without its reader's fields
            return visit.say("letter.gone", opened.campaign, 410)
    if message is None:
        raise NotFound
    around = _surroundings(visit, opened, message, is_shared=is_shared)
    return HTMLResponse(
        make_page(message.html, around), headers={"Content-Security-Policy": _policy(visit.site)}
    )


def _surroundings(
    visit: Visit, opened: Opened, message: Message, *, is_shared: bool
) -> Surroundings:
    campaign, delivery = opened.campaign, opened.delivery
    wording = visit.wording(campaign)

    def write(part: str) -> str:
        return visit.site.writer.write(
            f"letter/{part}.html",
            wording,
            campaign,
            subject=message.subject,
            sent_at=delivery.first_claimed_at,
            zone=effective_zone(None if is_shared else delivery.timezone, campaign),
            shades=shades_of(campaign.brand.color),
            is_shared=is_shared,
            share=f"/v/{visit.site.signer.sign(Purpose.SHARE, delivery.id)}?share=1",
        )

    return Surroundings(
        style=write("style"),
        before=write("before"),
        after=write("after"),
        in_letter_only=wording("letter.in_letter_only"),
    )


def _policy(site: Site) -> str:
    origins = [site.settings.media_url, site.settings.public_url]
    media, public = (f"{one.scheme}://{one.netloc}" for one in map(urlsplit, origins))
    return _POLICY.format(media=media, public=public)
