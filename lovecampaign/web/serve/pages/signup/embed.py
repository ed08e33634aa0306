"""``/embed/LIST.js``: a sign-up form embedded in another site.

A script without dependencies: it renders the form in a shadow root, which isolates the styles of
both sites, and submits it with ``fetch``. ``/join/LIST/embed`` shows the snippet to paste, with a
plain form for visitors without JavaScript.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.model.contrast import shades_of
from lovecampaign.render.model.formatting import direction_of
from lovecampaign.web.serve.content.zones import regions
from lovecampaign.web.serve.handler.consent import consent_text
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.signup.join import FROM_ANYWHERE
from lovecampaign.web.serve.pages.signup.join_form import HONEYPOT, campaign_of, token_purpose

SCRIPT = (Path(__file__).parent / "embedded" / "form.js").read_text("utf-8")
#: Spares us a request for each page view of a busy blog; tokens are valid for much longer.
_KEPT = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_WORDS = ("email", "first_name", "optional", "zone", "button", "sending", "unreachable")


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        page(site, "/embed/{list}.js", get=send_script),
        page(site, "/join/{list}/embed", get=show_snippet),
    ]


def send_script(context: RequestContext) -> Response:
    """The script with its texts and colours, in the visitor's language."""
    settings = json.dumps(_settings(context, campaign_of(context)), ensure_ascii=True)
    return Response(
        f"{SCRIPT.rstrip()}({settings});\n",
        media_type="text/javascript; charset=utf-8",
        headers={**FROM_ANYWHERE, **_KEPT},
    )


def show_snippet(context: RequestContext) -> Response:
    """The snippet to paste into another site."""
    campaign = campaign_of(context)
    root, name = context.site.settings.public_url, quote(context.part("list"), safe="")
    return context.page(
        "join/embed.html", campaign, script=f"{root}/embed/{name}.js", action=f"{root}/join/{name}"
    )


def _settings(context: RequestContext, campaign: Campaign) -> Mapping[str, Any]:
    name, translation = context.part("list"), context.translation(campaign)
    consent, shades = consent_text(translation, campaign, name), shades_of(campaign.brand.color)
    return {
        "action": f"{context.site.settings.public_url}/join/{quote(name, safe='')}",
        "seal": context.form_token(token_purpose(name)),
        "version": consent.version,
        "consent": consent.text,
        "privacy": campaign.sender.privacy_url or "",
        "trap": HONEYPOT,
        "language": translation.language,
        "direction": direction_of(translation.language),
        "words": {
            **{key: translation(f"join.field.{key}") for key in _WORDS},
            "privacy": translation("base.privacy"),
            "next": translation("join.next"),
            "regions": {one.name: translation(f"zones.{one.name}") for one in regions("en")},
        },
        "light": [shades.color_on_paper, shades.color, shades.on_color],
        "dark": [shades.color_dark, shades.color_dark, shades.on_color_dark],
    }
