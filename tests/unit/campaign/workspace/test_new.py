"""A new campaign passes as it is, keeps every comment, and overwrites nothing."""

from __future__ import annotations

import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.edit_yaml import as_scalar
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example, find_workspace
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import read_settings
from lovecampaign.testing.campaigns import write_campaign

START = date(2028, 3, 15)


def loaded(workspace: Path, name: str) -> Campaign:
    found = load_campaign(workspace / "campaigns" / name, workspace)
    assert found.problems == ()
    assert found.campaign is not None
    return found.campaign


def test_a_new_campaign_in_an_empty_folder_loads_without_a_problem(tmp_path: Path) -> None:
    written = new_campaign(tmp_path, "my-launch", start=START, timezone="America/New_York")
    campaign = loaded(tmp_path, "my-launch")
    assert (campaign.id, campaign.name) == ("my-launch-2028-03", "My Launch")
    assert campaign.start == START
    assert campaign.timezone == "America/New_York"
    assert campaign.sending.unknown_timezone == "America/New_York"
    assert len(campaign.day_emails) + len(campaign.skip) == 27
    assert find_workspace(tmp_path) == tmp_path
    assert all(path.is_file() for path in written)


def test_the_workspace_gets_a_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    new_campaign(tmp_path, "a", start=START)
    mode = stat.S_IMODE((tmp_path / ".env").stat().st_mode)
    assert mode == 0o600
    (key,) = read_settings(tmp_path, {}).secret_keys
    assert len(key) >= 40
    assert ".env" in (tmp_path / ".gitignore").read_text().splitlines()


def test_a_second_campaign_keeps_the_secret_and_the_templates(tmp_path: Path) -> None:
    new_campaign(tmp_path, "a", start=START)
    secret = (tmp_path / ".env").read_text()
    letter = tmp_path / "templates" / "email" / "letter.mjml.j2"
    letter.write_text("my own")
    new_campaign(tmp_path, "b", start=START)
    assert (tmp_path / ".env").read_text() == secret
    assert letter.read_text() == "my own"


def test_an_env_file_without_a_key_gets_one_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOVECAMPAIGN_PROVIDER=maildir:x")
    (tmp_path / ".gitignore").write_text("*.pyc")
    new_campaign(tmp_path, "a", start=START)
    settings = read_settings(tmp_path, {})
    assert settings.provider_url == "maildir:x"
    assert settings.secret_keys
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n.env\n"


def test_only_the_lines_that_have_to_change_do(tmp_path: Path) -> None:
    new_campaign(tmp_path, "a", start=START)
    old = (find_example() / EXAMPLE_CAMPAIGN / "campaign.yaml").read_text().splitlines()
    new = (tmp_path / "campaigns" / "a" / "campaign.yaml").read_text().splitlines()
    assert len(old) == len(new)
    changed = {
        line.split(":")[0].strip() for before, line in zip(old, new, strict=True) if before != line
    }
    assert changed <= {"id", "name", "start", "guest", "price_from", "charged_until"}
    assert "# $schema: ../campaign.schema.json" in new
    assert (tmp_path / "campaigns" / "campaign.schema.json").is_file()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, name="mine", days=1)
    before = (folder / "campaign.yaml").read_bytes()
    with pytest.raises(UsageError, match=r"campaigns/mine exists already"):
        new_campaign(tmp_path, "mine", start=START)
    assert (folder / "campaign.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "timezone", "start"),
    [
        ("My Launch", None, START),
        ("../up", None, START),
        ("a", "Paris", START),
        ("a", None, date.max),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_and_writes_nothing(
    tmp_path: Path, name: str, timezone: str | None, start: date
) -> None:
    with pytest.raises(UsageError):
        new_campaign(tmp_path, name, start=start, timezone=timezone)
    assert list(tmp_path.iterdir()) == []


def test_repeating_a_campaign_moves_its_dates_and_gives_it_a_new_id(tmp_path: Path) -> None:
    old = write_campaign(
        tmp_path,
        days=27,
        settings={
            "days": {5: {"guest": {"name": "Mai", "approved": "2027-01-30"}}},
            "insiders": {"until": "2027-2-28T10:00+01:00"},
            "deals": {"insider": {"opens": "2027-02-27T10:00+01:00"}},
        },
        files={"days/05-day-5.md": "---\nsubject: x\n---\nOn 2027-02-05.\n"},
    )
    new_campaign(tmp_path, "again", start=date(2028, 2, 1), source=old)
    before, after = loaded(tmp_path, "test-month"), loaded(tmp_path, "again")
    year = timedelta(days=365)
    assert after.id == "again-2028-02"
    assert (before.name, after.name) == ("Test Month", "Again")
    assert after.insiders is not None
    assert before.insiders is not None
    assert after.insiders.until == before.insiders.until + year
    deals = before.deals["insider"], after.deals["insider"]
    assert deals[1].opens == deals[0].opens + year
    assert deals[1].price_from == (deals[0].price_from or date.max) + year
    guests = [email.guest.approved for email in after.day_emails if email.guest]
    assert guests == [email.guest.approved for email in before.day_emails if email.guest]
    assert date(2027, 1, 30) in guests
    assert "On 2027-02-05." in after.day_emails[4].copy.text


def test_ids_stay_unique_in_a_workspace(tmp_path: Path) -> None:
    write_campaign(tmp_path, name="old", days=27, settings={"id": "b-2028-03"})
    new_campaign(tmp_path, "b", start=START)
    assert loaded(tmp_path, "b").id == "b-2028-03-2"


def test_a_source_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, name="old", days=1, settings={"start": "soon"})
    with pytest.raises(UsageError, match="start in"):
        new_campaign(tmp_path, "new", start=START, source=folder)
    with pytest.raises(UsageError, match="cannot be read"):
        new_campaign(tmp_path, "new", start=START, source=tmp_path / "nowhere")


def test_comments_and_odd_files_of_the_old_campaign_come_along(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path, name="old", days=27, files={"notes/ideas.txt": b"\x00\xff", ".swp": "x"}
    )
    text = (folder / "campaign.yaml").read_text() + "# the end\n"
    (folder / "campaign.yaml").write_text(text)
    new_campaign(tmp_path, "new", start=START, source=folder)
    new = tmp_path / "campaigns" / "new"
    assert (new / "campaign.yaml").read_text().endswith("# the end\n")
    assert (new / "notes" / "ideas.txt").read_bytes() == b"\x00\xff"
    assert not (new / ".swp").exists()
    assert sorted(path.name for path in (tmp_path / "campaigns").iterdir()) == [
        *("campaign.schema.json", "new", "old"),
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("2027-02-01", "2027-02-01"),
        ("2027", '"2027"'),
        ("true", '"true"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("@x", '"@x"'),
    ],
)
def test_texts_are_quoted_where_yaml_would_misread_them(text: str, written: str) -> None:
    assert as_scalar(text) == written
