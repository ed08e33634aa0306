"""Months of 5 to 60 days, times counted from the launch or the start, months without a launch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.testing.campaigns import day_file, write_campaign


def load(tmp_path: Path, **choices: Any) -> LoadedCampaign:
    return load_campaign(write_campaign(tmp_path, **choices), tmp_path)


def campaign_of(loaded: LoadedCampaign) -> Campaign:
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.campaign is not None
    return loaded.campaign


def codes(loaded: LoadedCampaign, *, errors: bool = True) -> list[str]:
    return [problem.code for problem in loaded.problems if problem.is_error is errors]


@pytest.mark.parametrize("length", [5, 14, 31, 60])
def test_the_launch_follows_the_last_day(tmp_path: Path, length: int) -> None:
    campaign = campaign_of(load(tmp_path, length=length))
    assert campaign.days == len(campaign.day_emails) == length
    assert campaign.day_emails[-1].key == f"day-{length:02d}"
    assert campaign.launch.day == length + 1
    instants = {email.key: email.number for email in campaign.launch_emails}
    assert instants == {
        "early-access": length,
        "launch": length + 1,
        "last-call": length + 4,
        "thanks": length + 5,
    }


@pytest.mark.parametrize("days", [14, {"length": 14}, {"length": "14"}])
def test_a_number_or_length_beside_settings_of_days(tmp_path: Path, days: object) -> None:
    loaded = load(tmp_path, length=14, settings={"days": days})
    if days == {"length": "14"}:
        assert codes(loaded) == [ProblemCode.NUMBER]
    else:
        assert campaign_of(loaded).days == 14


def test_settings_of_a_day_stand_beside_the_length(tmp_path: Path) -> None:
    settings = {"days": {"length": 7, 3: {"at": "18:00"}}}
    campaign = campaign_of(load(tmp_path, length=7, settings=settings))
    assert [f"{email.at:%H}" for email in campaign.day_emails] == [*["09"] * 2, "18", *["09"] * 4]


@pytest.mark.parametrize("days", [4, 61, 0, -3, 14.5, "fourteen", [14], {"length": 100}])
def test_other_lengths_are_told(tmp_path: Path, days: object) -> None:
    loaded = load(tmp_path, settings={"days": days})
    assert loaded.campaign is None
    (problem,) = loaded.problems
    assert problem.place is not None
    assert problem.place.line is not None


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"skip": [11]}, "days: 11"),
        ({"days": {"length": 10, 12: {"at": "10:00"}}}, "days: 12"),
        ({"late_joiners": "catch-up", "catch_up": {"must_have": [1, 20]}}, "days: 20"),
    ],
)
def test_a_day_behind_the_last_is_told(tmp_path: Path, settings: Any, hint: str) -> None:
    loaded = load(tmp_path, length=10, settings=settings)
    problem = next(one for one in loaded.problems if one.code == ProblemCode.DAY_NUMBER)
    assert "numbered 1 to 10" in problem.message
    assert hint in (problem.hint or "")


def test_a_file_behind_the_last_day_is_told(tmp_path: Path) -> None:
    loaded = load(tmp_path, length=10, files={"days/11-more.md": day_file(11)})
    (problem,) = loaded.problems
    assert problem.code == ProblemCode.DAY_FILE_NAME
    assert problem.hint == "for a longer month write days: 11 in campaign.yaml"


def test_a_launch_during_the_month_is_told(tmp_path: Path) -> None:
    loaded = load(tmp_path, length=10, settings={"launch": {"day": 10}})
    assert codes(loaded) == [ProblemCode.NUMBER]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("launch", datetime(2027, 2, 28, 9, tzinfo=UTC)),
        ("Launch", datetime(2027, 2, 28, 9, tzinfo=UTC)),
        ("launch +0d 12:00", datetime(2027, 2, 28, 11, tzinfo=UTC)),
        ("launch -1d 10:30", datetime(2027, 2, 27, 9, 30, tzinfo=UTC)),
        ("launch – 1d, at 10:30", datetime(2027, 2, 27, 9, 30, tzinfo=UTC)),
        ("launch -2d", datetime(2027, 2, 26, 9, tzinfo=UTC)),
        ("launch +3d 23:59", datetime(2027, 3, 3, 22, 59, tzinfo=UTC)),
        ("launch +28d", datetime(2027, 3, 28, 8, tzinfo=UTC)),
        ("launch -90m", datetime(2027, 2, 28, 7, 30, tzinfo=UTC)),
        ("launch +2h", datetime(2027, 2, 28, 11, tzinfo=UTC)),
        ("start", datetime(2027, 2, 1, 8, tzinfo=UTC)),
        ("start +27d 10:00", datetime(2027, 2, 28, 9, tzinfo=UTC)),
    ],
)
def test_times_are_counted_from_the_launch_and_the_start(
    tmp_path: Path, written: str, utc: datetime
) -> None:
    """Days are those of the calendar: summer time began in Paris on 2027-03-28."""
    settings = {"launch": {"emails": {"thanks": {"at": written}}}}
    loaded = load(tmp_path, days=3, settings=settings)
    assert loaded.campaign is not None
    email = loaded.campaign.find_email("thanks")
    assert email is not None
    assert email.instant == utc


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("launch -2h 10:00", "keep one: launch -2h, or launch +1d 10:00"),
        ("launch +999d", "launch +3d 10:00"),
        ("launch +3", "launch -1d 10:00"),
        ("launch -1d 25:00", "write 00:00 to 23:59"),
        ("lunch", "launch -1d 10:00"),
    ],
)
def test_a_wrong_time_from_the_launch_is_told(tmp_path: Path, written: str, hint: str) -> None:
    settings = {"launch": {"emails": {"thanks": {"at": written}}}}
    (problem,) = load(tmp_path, days=3, settings=settings).problems
    assert hint in (problem.hint or "")


def test_dates_of_prices_move_with_the_launch(tmp_path: Path) -> None:
    settings = {"deals": {"insider": {"price_from": "launch +4d"}}}
    campaign = campaign_of(load(tmp_path, length=14, settings=settings))
    assert campaign.deals["insider"].price_from == date(2027, 2, 19)
    settings = {"deals": {"insider": {"price_from": "launch +4d 10:00"}}}
    loaded = load(tmp_path / "two", length=14, settings=settings)
    assert codes(loaded) == [ProblemCode.DATE]


def test_what_a_moved_launch_leaves_behind_is_told(tmp_path: Path) -> None:
    settings = {
        "launch": {"day": 40, "emails": {"early-access": {"at": "day 27 10:00"}}},
        "insiders": {"list": "insiders", "until": "day 28 10:00"},
        "deals": {"insider": {"opens": "day 27 10:00"}},
    }
    loaded = load(tmp_path, days=3, settings=settings)
    told = [(one.code, one.hint) for one in loaded.problems if not one.is_error]
    assert told == [
        (ProblemCode.UNTIL, "to let it move with the launch, write until: launch"),
        *[(ProblemCode.EARLY_ACCESS, "to let it move with the launch, write at: launch -1d 10:00")]
        * 2,
    ]


def test_a_month_may_only_give(tmp_path: Path) -> None:
    settings = {"launch": "none", "insiders": None, "deals": None}
    loaded = load(tmp_path, days=3, settings=settings)
    campaign = campaign_of(loaded)
    assert campaign.launch_emails == ()
    assert campaign.launch.takes_place is False
    assert campaign.launch.at == datetime(2027, 2, 28, 23, tzinfo=UTC)


def test_settings_for_a_launch_that_is_none_are_told(tmp_path: Path) -> None:
    loaded = load(tmp_path, days=3, settings={"launch": "none", "late_joiners": "wait"})
    assert loaded.campaign is not None
    assert codes(loaded, errors=False) == [ProblemCode.NO_LAUNCH] * 3
