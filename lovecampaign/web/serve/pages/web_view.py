"""``/v/TOKEN``: the web view of an email, for its subscriber, and to share with friends.

A share token opens this page alone: the email without personal data, and a sign-up form. Emails
for insiders cannot be shared before the launch.
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
from lovecampaign.web.serve.handler.open_link import OpenedLink, open_link
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.letter_html import PageFrame, make_web_page

#: Emails use inline styles and images from anywhere. They run no scripts, and links open outside
#: the sandbox.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data: {media}; "
    "form-action 'self' {public}; base-uri 'none'; frame-ancestors 'none'; sandbox allow-forms "
    "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def routes(site: Site) -> Sequence[BaseRoute]:
    letters = WebVersions(site.settings)

    def show_letter(context: RequestContext) -> Response:
        link = open_link(context, Purpose.VIEW, Purpose.SHARE)
        email = link.email
        if email is None:  # removed from the campaign
            return context.say("web_view.gone", link.campaign, 410)
        is_early = email.is_insiders_only and context.now < link.campaign.launch.at
        if link.purpose is Purpose.SHARE and is_early:
            return _show_too_early(context, link.campaign)
        return _show(context, letters, link, email)

    return [page(site, "/v/{token}", get=show_letter)]


def _show_too_early(context: RequestContext, campaign: Campaign) -> Response:
    zone = effective_zone(None, campaign)
    time = LocalizedTime.of(campaign.launch.at, zone, context.translation(campaign).language)
    return context.say("web_view.early", campaign, 403, time=time)


def _show(
    context: RequestContext, letters: WebVersions, link: OpenedLink, email: Email
) -> Response:
    is_shared = link.purpose is Purpose.SHARE
    with context.site.database.read() as connection:
        try:
            message = letters.render(
                connection,
                link.campaign,
                email,
                link.delivery,
                context.now,
                shared_token=context.site.signer.sign(Purpose.SHARE, link.delivery.key),
                is_shared=is_shared,
            )
        except RenderError:  # it needs the subscriber's fields
            return context.say("web_view.gone", link.campaign, 410)
    if message is None:
        raise NotFound
    frame = _frame(context, link, message, is_shared=is_shared)
    return HTMLResponse(
        make_web_page(message.html, frame),
        headers={"Content-Security-Policy": _policy(context.site)},
    )


def _frame(
    context: RequestContext, link: OpenedLink, message: Message, *, is_shared: bool
) -> PageFrame:
    campaign, delivery = link.campaign, link.delivery
    translation = context.translation(campaign)

    def write(part: str) -> str:
        return context.site.renderer.render(
            f"web_view/{part}.html",
            translation,
            campaign,
            subject=message.subject,
            sent_at=delivery.first_claimed_at,
            zone=effective_zone(None if is_shared else delivery.timezone, campaign),
            shades=shades_of(campaign.brand.color),
            is_shared=is_shared,
            share=f"/v/{context.site.signer.sign(Purpose.SHARE, delivery.key)}?share=1",
        )

    return PageFrame(
        style=write("style"),
        before=write("before"),
        after=write("after"),
        in_letter_only=translation("web_view.in_letter_only"),
    )


def _policy(site: Site) -> str:
    origins = [site.settings.media_url, site.settings.public_url]
    media, public = (f"{one.scheme}://{one.netloc}" for one in map(urlsplit, origins))
    return _POLICY.format(media=media, public=public)
