"""The preview shows every page in each language of the campaign."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.settings import Settings
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.preview.static_export import export_month

NOW = datetime(2027, 1, 20, tzinfo=UTC)
LETTER = "---\nsubject: Le sol\npreheader: Deux minutes\n---\nBonjour {{ first_name }}.\n"


def test_each_page_leads_to_the_same_one_in_the_other_language(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path / "ws",
        days=1,
        settings={"languages": ["en", "fr"], "launch": "none", "insiders": None, "deals": None},
        files={"days/01-sol.fr.md": LETTER},
    )
    settings = Settings(workspace=tmp_path / "ws")
    export_month(folder, settings, tmp_path / "out", facts=lambda _: Facts(now=NOW), now=NOW)

    own, french = (
        (tmp_path / "out" / f"email-day-01{end}.html").read_text() for end in ("", "-as-sam.fr")
    )
    assert "Day 1: a small thing for you" in own
    assert "Le sol" in french
    assert '<a href="email-day-01-as-sam.fr.html" data-keep>Français</a>' in own
    assert '<a href="email-day-01.html" data-keep>English</a>' in french
    assert 'href="email-day-01-as-robin.fr.html"' in french
    assert "Le sol" in (tmp_path / "out" / "index-as-robin.fr.html").read_text()
    frame = (tmp_path / "out" / "frames" / "day-01-light-as-sam.fr.html").read_text()
    assert "Bonjour Sam." in frame
