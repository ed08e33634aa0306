"""A check asks the lists: how many, where, with which consent; and it makes no database."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.testing.campaigns import write_campaign
from tests.acceptance.program import lovecampaign

PEOPLE = """email,timezone,consent_at
a@reader.example,Europe/Paris,2026-01-01
b@reader.example,Asia/Tokyo,
c@reader.example,,
"""


def test_a_check_without_a_database_makes_none(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=3)
    assert lovecampaign("check", "--json", cwd=tmp_path).done().codes == []
    assert not list(tmp_path.glob("*.db*"))


def test_readers_without_consent_are_told(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=3)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    lovecampaign("subscribers", "import", "people.csv", "--apply", cwd=tmp_path).done()
    said = lovecampaign("check", "--json", "--now", "2027-01-20T12:00:00+01:00", cwd=tmp_path)
    assert said.done().codes == ["LC290"]
    assert "of 2 readers" in said.out


def test_a_campaign_started_late_is_told_for_the_zones_it_missed(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=3)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    lovecampaign("subscribers", "import", "people.csv", "--apply", cwd=tmp_path).done()
    said = lovecampaign("check", "--json", "--now", "2027-02-02T00:00:00+01:00", cwd=tmp_path)
    assert "LC231" in said.done().codes
    assert "Asia/Tokyo" in said.out
