"""Health check of ``doctor``: fonts for the share cards of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.locale import own_name
from lovecampaign.cli.health.health_finding import HealthFinding, doubtful
from lovecampaign.render.markup.actions import find_action


def check_card_fonts(campaigns: Sequence[Campaign]) -> Iterator[HealthFinding]:
    """Languages of campaigns with a question of which no font here has the letters."""
    from lovecampaign.render.card.typefaces import INSTALL_FONTS, typeset

    asking = [one for one in campaigns if any(_asks(email.copy.text) for email in one.emails)]
    languages = dict.fromkeys(language for one in asking for language in one.languages)
    missing = [own_name(language) for language in languages if typeset(own_name(language)) is None]
    if missing:
        message = f"no font on this machine has the letters of {', '.join(missing)}"
        yield doubtful("cards", f"{message}: share cards leave them out", INSTALL_FONTS)


def _asks(copy: str) -> bool:
    return find_action(copy, "answer") is not None
