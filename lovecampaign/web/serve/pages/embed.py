"""``/embed/LIST.js``: how does a form of ours stand in the sidebar of another site?

A script of its own, without a library: it draws the form inside a shadow root, so that neither
site's styles touch the other's, and sends it with ``fetch``. ``/join/LIST/embed`` shows what to
paste, with a plain form for visitors without scripts.
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
from lovecampaign.web.serve.handler.handler import Visit, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.pages.join import FROM_ANYWHERE
from lovecampaign.web.serve.pages.join_form import TRAP, campaign_of, purpose_of

SCRIPT = (Path(__file__).parent / "embedded" / "form.js").read_text("utf-8")
#: A blog that many read is not to ask us for each page; a seal is good for much longer.
_KEPT = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_WORDS = ("email", "first_name", "optional", "zone", "button", "sending", "unreachable")


def routes(site: Site) -> Sequence[BaseRoute]:
    return [
        page(site, "/embed/{list}.js", get=send_script),
        page(site, "/join/{list}/embed", get=show_snippet),
    ]


def send_script(visit: Visit) -> Response:
    """The script with its words and colours, in the language of whoever's page asks for it."""
    settings = json.dumps(_settings(visit, campaign_of(visit)), ensure_ascii=True)
    return Response(
        f"{SCRIPT.rstrip()}({settings});\n",
        media_type="text/javascript; charset=utf-8",
        headers={**FROM_ANYWHERE, **_KEPT},
    )


def show_snippet(visit: Visit) -> Response:
    """What to paste into another site."""
    campaign = campaign_of(visit)
    root, name = visit.site.settings.public_url, quote(visit.part("list"), safe="")
    return visit.page(
        "embed.html", campaign, script=f"{root}/embed/{name}.js", action=f"{root}/join/{name}"
    )


def _settings(visit: Visit, campaign: Campaign) -> Mapping[str, Any]:
    name, wording = visit.part("list"), visit.wording(campaign)
    consent, shades = consent_text(wording, campaign, name), shades_of(campaign.brand.color)
    return {
        "action": f"{visit.site.settings.public_url}/join/{quote(name, safe='')}",
        "seal": visit.seal(purpose_of(name)),
        "version": consent.version,
        "consent": consent.text,
        "privacy": campaign.sender.privacy_url or "",
        "trap": TRAP,
        "language": wording.language,
        "direction": direction_of(wording.language),
        "words": {
            **{key: wording(f"join.field.{key}") for key in _WORDS},
            "privacy": wording("base.privacy"),
            "next": wording("join.next"),
            "regions": {one.name: wording(f"zones.{one.name}") for one in regions()},
        },
        "light": [shades.color_on_paper, shades.color, shades.on_color],
        "dark": [shades.color_dark, shades.color_dark, shades.on_color_dark],
    }
