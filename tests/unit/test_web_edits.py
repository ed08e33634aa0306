"""An edit of a campaign is seen, wherever in its folder or the templates, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.campaign.paths import TEMPLATE_FOLDER
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.edits import fingerprint


def test_what_is_not_edited_stays_the_same(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    before = fingerprint(folder, tmp_path)
    (tmp_path / "notes.txt").write_text("of no campaign")
    assert fingerprint(folder, tmp_path) == before


def test_an_edit_is_seen(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    before = fingerprint(folder, tmp_path)
    (folder / "campaign.yaml").write_text("version: 1")
    assert fingerprint(folder, tmp_path) != before


def test_a_template_that_comes_or_goes_is_seen(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    template = tmp_path / TEMPLATE_FOLDER / "new.mjml.j2"
    template.parent.mkdir(parents=True, exist_ok=True)
    without = fingerprint(folder, tmp_path)
    template.write_text("<mjml></mjml>")
    assert fingerprint(folder, tmp_path) != without
    template.unlink()
    assert fingerprint(folder, tmp_path) == without


def test_a_campaign_that_is_gone_has_no_files(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "gone", tmp_path) == frozenset()
