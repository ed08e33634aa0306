"""Live campaigns: reloads, and the campaign of a list."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lovecampaign.testing.campaigns import launch_file, write_campaign
from lovecampaign.web.serve.content.live_campaigns import LiveCampaigns


class HandClock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def at(month: int, day: int = 1) -> datetime:
    return datetime(2027, month, day, 12, tzinfo=UTC)


def test_an_edit_counts_after_a_second_and_a_broken_one_never(
    tmp_path: Path, clock: HandClock
) -> None:
    folder = write_campaign(tmp_path, days=1)
    campaigns = LiveCampaigns(tmp_path, clock)
    assert [one.name for one in campaigns.all()] == ["Test Month"]

    file = folder / "campaign.yaml"
    text = file.read_text()
    file.write_text(text.replace("Test Month", "Another Name"))
    assert [one.name for one in campaigns.all()] == ["Test Month"]
    clock.now += 1
    assert [one.name for one in campaigns.all()] == ["Another Name"]

    file.write_text("version: [")
    clock.now += 1
    assert [one.name for one in campaigns.all()] == ["Another Name"]


def test_an_edit_of_copy_that_campaigns_share_counts_too(tmp_path: Path, clock: HandClock) -> None:
    copy = {"launch": {"emails": {"launch": {"copy": "../../shared/launch.md"}}}}
    write_campaign(tmp_path, days=1, settings=copy)
    campaigns = LiveCampaigns(tmp_path, clock)
    assert campaigns.all() == ()

    shared = tmp_path / "shared" / "launch.md"
    shared.parent.mkdir()
    for subject in ("The doors open", "The doors are open"):
        shared.write_text(launch_file("launch").replace("Bloom for life: launch", subject))
        clock.now += 1
        [campaign] = campaigns.all()
        assert [each.subject for each in campaign.emails if each.key == "launch"] == [subject]


def test_a_campaign_that_comes_is_found_and_one_that_goes_is_gone(
    tmp_path: Path, clock: HandClock
) -> None:
    campaigns = LiveCampaigns(tmp_path, clock)
    assert campaigns.all() == ()

    folder = write_campaign(tmp_path, days=1)
    clock.now += 1
    assert campaigns.by_key("test-month-2027-02") is not None
    assert campaigns.by_key("another") is None

    (folder / "campaign.yaml").unlink()
    clock.now += 1
    assert campaigns.all() == ()


def test_a_list_belongs_to_what_runs_else_to_what_comes_else_to_what_was(
    tmp_path: Path, clock: HandClock
) -> None:
    for name, month in (("winter", 1), ("spring", 4), ("autumn", 9)):
        write_campaign(tmp_path, days=1, name=name, start=date(2027, month, 1))
    campaigns = LiveCampaigns(tmp_path, clock)

    def slug(now: datetime, list_: str = "readers") -> str | None:
        found = campaigns.for_list(list_, now)
        return found.slug if found else None

    assert slug(at(1, 15)) == "winter"
    assert slug(at(3)) == "spring"
    assert slug(at(4, 20)) == "spring"
    assert slug(at(12)) == "autumn"
    assert slug(at(4, 20), "insiders") == "spring"
    assert slug(at(4, 20), "nobody") is None
