"""How does a page get from its template to the visitor?"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Money
from lovecampaign.render.model.formatting import LocalizedDate, LocalizedTime, direction_of
from lovecampaign.web.serve.content.brand import style_path
from lovecampaign.web.serve.content.i18n import Wording

HERE = Path(__file__).parents[1]
STATIC = HERE / "static"


class Writer:
    """Fills templates. What visitors typed is only ever a value, never part of a template."""

    def __init__(self, root: str = "") -> None:
        self._root = root
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._kept: dict[tuple[str, str, str], tuple[Campaign, str]] = {}
        self._static = {file.name: root + _versioned(file) for file in STATIC.iterdir()}

    def write(
        self, template: str, wording: Wording, campaign: Campaign | None = None, **names: Any
    ) -> str:
        """The page; ``t`` is the visitor's wording, ``campaign`` colours it and signs it.

        Links begin with ``root``: the path below which LOVECAMPAIGN_PUBLIC_URL has us lie.
        """
        language = wording.language
        return self._templates.get_template(template).render(
            {
                "t": wording,
                "language": language,
                "direction": direction_of(language),
                "campaign": campaign,
                "root": self._root,
                "style": self._root + style_path(campaign.brand.color if campaign else None),
                "static": self._static.__getitem__,
                "say_time": _say_time(language),
                "say_date": _say_date(language),
                "say_price": _say_price,
                "slip": False,
                **names,
            }
        )

    def write_once(self, template: str, wording: Wording, campaign: Campaign) -> str:
        """:meth:`write` for a page that says the same to everybody, kept while the campaign stays
        as it is: a launch asks for hundreds a second, and writing one takes 0.2 ms.
        """
        name = (template, wording.language, campaign.id)
        kept = self._kept.get(name)
        if kept is None or kept[0] is not campaign:
            kept = self._kept[name] = (campaign, self.write(template, wording, campaign))
        return kept[1]


def _versioned(file: Path) -> str:
    """With the content's hash: browsers keep it until it changes."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return f"/static/{file.name}?{digest}"


def _say_time(language: str) -> Any:
    def say(instant: datetime, zone: str) -> str:
        """``Wednesday 3 March 2027, 23:59 (Paris time)``."""
        return str(LocalizedTime.of(instant, zone, language))

    return say


def _say_price(price: Money) -> str:
    """``59 EUR``, on one line."""
    return str(price).replace(" ", "\N{NO-BREAK SPACE}")


def _say_date(language: str) -> Any:
    def say(day: date) -> str:
        return str(LocalizedDate.of(day, language))

    return say
