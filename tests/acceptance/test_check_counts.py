"""A check asks the lists: how many, where, with which consent; and it makes no database."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.chaos.commands import fork_command as lovecampaign

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
    assert said.done().codes == ["LC290", "LC222"]  # the insiders' list is empty
    assert "2 readers have no consent" in said.out


def test_a_campaign_started_late_is_told_for_the_zones_it_missed(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=3)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    lovecampaign("subscribers", "import", "people.csv", "--apply", cwd=tmp_path).done()
    said = lovecampaign("check", "--json", "--now", "2027-02-02T00:00:00+01:00", cwd=tmp_path)
    assert "LC231" in said.done().codes
    assert "Asia/Tokyo" in said.out


def test_a_start_that_moved_after_a_letter_went_out_is_told_by_check_plan_and_send(
    tmp_path: Path,
) -> None:
    folder = write_campaign(tmp_path, days=3)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    lovecampaign("subscribers", "import", "people.csv", "--apply", cwd=tmp_path).done()
    key = {"LOVECAMPAIGN_SECRET_KEY": "test-key-that-is-long-enough-for-it"}
    now = ("--now", "2027-02-01T09:30:00+01:00")
    assert lovecampaign("send", "--json", *now, cwd=tmp_path, **key).done().data["sent"]
    settings = folder / "campaign.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("start: '2027-02-01'", "start: '2027-02-08'"), "utf-8")
    line = text.split("\n").index("start: '2027-02-01'") + 1
    for verb in ("check", "plan"):
        said = lovecampaign(verb, "--json", *now, cwd=tmp_path)
        assert said.code == 1
        (problem,) = said.json["errors"]
        assert (problem["code"], problem["line"]) == ("LC235", line)
        assert "lovecampaign new NAME --from test-month" in problem["hint"]
    assert lovecampaign("send", "--json", *now, cwd=tmp_path, **key).code == 2


def test_a_field_that_nobody_has_is_an_error_and_one_that_some_have_a_warning(
    tmp_path: Path,
) -> None:
    files = {
        "days/02-day-2.md": day_file(2, body="How is {{ fields.pet }}?\n"),
        "days/03-day-3.md": day_file(3, body="How is {{ fields.cat }}?\n"),
    }
    write_campaign(tmp_path, days=3, files=files)
    people = "email,consent_at,pet\na@reader.example,2026-01-01,dog\nb@reader.example,2026-01-01,\n"
    (tmp_path / "people.csv").write_text(people, "utf-8")
    lovecampaign("subscribers", "import", "people.csv", "--apply", cwd=tmp_path).done()
    said = lovecampaign("check", "--json", "--now", "2027-01-20T12:00:00+01:00", cwd=tmp_path)
    (error,) = said.json["errors"]
    (warning,) = (one for one in said.json["warnings"] if one["code"] != "LC222")
    assert "no subscriber has the field cat, so no one gets day-03" in error["message"]
    assert "1 of 2 readers have no field pet" in warning["message"]
