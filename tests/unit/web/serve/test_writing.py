"""A page that says the same to everybody is written once, and anew when its campaign changes."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.serve.content.i18n import Texts
from lovecampaign.web.serve.content.templates import Writer

PAGE = "join_sent.html"


def read_campaign(workspace: Path, name: str) -> Campaign:
    folder = write_campaign(workspace, days=2, settings={"name": name})
    campaign = load_campaign(folder, workspace).campaign
    assert campaign is not None
    return campaign


def test_it_is_kept_for_each_language(tmp_path: Path) -> None:
    writer, texts, campaign = Writer(), Texts(), read_campaign(tmp_path, "Bloom Month")

    english, french = (
        writer.write_once(PAGE, texts.speak(language), campaign) for language in ("en", "fr")
    )

    assert english == writer.write(PAGE, texts.speak("en"), campaign)
    assert french == writer.write(PAGE, texts.speak("fr"), campaign)
    assert writer.write_once(PAGE, texts.speak("en"), campaign) is english


def test_a_campaign_that_was_changed_is_shown_as_it_is_now(tmp_path: Path) -> None:
    writer, wording = Writer(), Texts().speak("en")
    before = writer.write_once(PAGE, wording, read_campaign(tmp_path, "Bloom Month"))
    after = writer.write_once(PAGE, wording, read_campaign(tmp_path, "Seed Month"))

    assert "Bloom Month" in before
    assert "Seed Month" in after
    assert "Bloom Month" not in after
