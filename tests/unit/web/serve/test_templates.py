"""A page without personal content is rendered once for each version of its campaign."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.serve.content.i18n import Translations
from lovecampaign.web.serve.content.templates import TemplateRenderer

PAGE = "join/sent.html"


def read_campaign(workspace: Path, name: str) -> Campaign:
    folder = write_campaign(workspace, days=2, settings={"name": name})
    campaign = load_campaign(folder, workspace).campaign
    assert campaign is not None
    return campaign


def test_it_is_kept_for_each_language(tmp_path: Path) -> None:
    writer, texts, campaign = (
        TemplateRenderer(),
        Translations(),
        read_campaign(tmp_path, "Bloom Month"),
    )

    english, french = (
        writer.render_cached(PAGE, texts.choose(language), campaign) for language in ("en", "fr")
    )

    assert english == writer.render(PAGE, texts.choose("en"), campaign)
    assert french == writer.render(PAGE, texts.choose("fr"), campaign)
    assert writer.render_cached(PAGE, texts.choose("en"), campaign) is english


def test_a_campaign_that_was_changed_is_shown_as_it_is_now(tmp_path: Path) -> None:
    writer, translation = TemplateRenderer(), Translations().choose("en")
    before = writer.render_cached(PAGE, translation, read_campaign(tmp_path, "Bloom Month"))
    after = writer.render_cached(PAGE, translation, read_campaign(tmp_path, "Seed Month"))

    assert "Bloom Month" in before
    assert "Seed Month" in after
    assert "Bloom Month" not in after
