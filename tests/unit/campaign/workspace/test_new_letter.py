"""The file of a new letter, and the days that have none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Kind
from lovecampaign.campaign.workspace.guidance import find_guidance
from lovecampaign.campaign.workspace.new_letter import KINDS, find_free_days, write_letter
from lovecampaign.core.errors import UsageError
from lovecampaign.testing.campaigns import write_campaign


def month(workspace: Path, *, skip: str = "skip: [7, 14]") -> Path:
    """Days 5, 7 and 14 have no letter; 7 and 14 are skipped."""
    files: dict[str, str | None] = {f"days/{day:02d}-day-{day}.md": None for day in (5, 7, 14)}
    folder = write_campaign(workspace, files=files)
    settings = folder / "campaign.yaml"
    before, found, after = settings.read_text().partition("skip:")
    after = re.sub(r"\A.*\n(?:[ -].*\n)*", "", after)
    assert found
    settings.write_text(f"{before}{skip}\n{after}")
    return folder


def test_free_days_are_those_without_a_file(tmp_path: Path) -> None:
    folder = month(tmp_path)
    free = [(day.number, day.is_skipped) for day in find_free_days(folder, tmp_path)]
    assert free == [(5, False), (7, True), (14, True)]


def test_a_campaign_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    folder = month(tmp_path)
    (folder / "campaign.yaml").unlink()
    assert list(find_free_days(folder, tmp_path)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_letter_has_its_kind_and_guidance_that_is_not_sent(tmp_path: Path, kind: Kind) -> None:
    folder = month(tmp_path)
    path = write_letter(folder, tmp_path, 5, kind)
    campaign = load_campaign(folder, tmp_path).campaign
    assert path.name.startswith("05-")
    assert find_guidance(path.read_text())
    assert campaign is not None
    email = campaign.find_email("day-05")
    assert email is not None
    assert email.kind is kind


@pytest.mark.parametrize(
    ("skip", "left"),
    [
        ("skip: [7, 14]", "skip: [14]"),
        ("skip: [7,14]  # Sundays", "skip: [14]  # Sundays"),
        ("skip:\n  - 7   # Sunday\n  - 14", "skip:\n  - 14"),
        ("skip:\n- 14\n- 7", "skip:\n- 14"),
    ],
)
def test_a_skipped_day_that_is_written_is_skipped_no_more(
    tmp_path: Path, skip: str, left: str
) -> None:
    folder = month(tmp_path, skip=skip)
    write_letter(folder, tmp_path, 7, Kind.STORY)
    text = (folder / "campaign.yaml").read_text()
    assert f"\n{left}\n" in text
    assert [day.number for day in find_free_days(folder, tmp_path)] == [5, 14]


def test_the_last_skipped_day_leaves_an_empty_list(tmp_path: Path) -> None:
    folder = month(tmp_path, skip="skip:\n- 7\n- 14")
    for day in (5, 7, 14):
        write_letter(folder, tmp_path, day, Kind.VALUE)
    assert "\nskip: []\n" in (folder / "campaign.yaml").read_text()
    assert load_campaign(folder, tmp_path).campaign is not None


def test_an_unusual_list_is_left_as_it_is(tmp_path: Path) -> None:
    folder = month(tmp_path, skip="skip: [\n  7,\n  14\n]")
    before = (folder / "campaign.yaml").read_text()
    with pytest.raises(UsageError, match="day 7 is skipped"):
        write_letter(folder, tmp_path, 7, Kind.VALUE)
    assert (folder / "campaign.yaml").read_text() == before
    assert not list((folder / "days").glob("07*"))


@pytest.mark.parametrize("day", [0, 1, 28, 99])
def test_no_letter_is_overwritten_and_none_lies_outside_the_month(tmp_path: Path, day: int) -> None:
    with pytest.raises(UsageError, match=f"day {day} has a letter already"):
        write_letter(month(tmp_path), tmp_path, day, Kind.VALUE)
