"""How the month lies on a calendar."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.testing.campaigns import invitation_file, write_campaign
from lovecampaign.testing.months import build_month
from lovecampaign.web.calendar import (
    build_calendar,
    emails_on,
    first_instants,
    sign_up_emails,
)

MONTH = build_month(skip=[7])


def test_weeks_run_from_mondays_to_the_last_email() -> None:
    weeks = build_calendar(MONTH)
    dates = [day.date for week in weeks for day in week.days]

    assert [len(week.days) for week in weeks] == [7] * len(weeks)
    assert (dates[0], dates[-1]) == (date(2027, 2, 1), date(2027, 3, 7))


def test_a_month_that_starts_in_midweek_shows_the_days_before_empty() -> None:
    first = build_calendar(build_month(start=date(2027, 2, 3)))[0].days

    assert [day.number for day in first] == [None, None, 1, 2, 3, 4, 5]
    assert [day.is_empty for day in first[:3]] == [True, True, False]


def test_a_skipped_day_is_shown_as_one() -> None:
    days = {day.number: day for week in build_calendar(MONTH) for day in week.days}

    assert (days[7].is_skipped, days[7].emails) == (True, ())
    assert not days[8].is_skipped


def test_every_email_with_a_date_stands_on_it_once_and_the_others_apart() -> None:
    shown = [
        email.key for week in build_calendar(MONTH) for day in week.days for email in day.emails
    ]
    apart = [email.key for email in sign_up_emails(MONTH)]

    assert sorted(shown + apart) == sorted(email.key for email in MONTH.emails)
    assert apart == ["catch-up"]


def test_the_invitation_is_apart_and_on_the_page_of_its_first_day(tmp_path: Path) -> None:
    files, settings = {"invitation.md": invitation_file()}, {"invitation": {"from": "day -14"}}
    month = load_campaign(write_campaign(tmp_path, files=files, settings=settings), tmp_path)
    assert month.campaign is not None

    assert sign_up_emails(month.campaign)[0].key == "invitation"
    assert [one.key for one in emails_on(month.campaign, date(2027, 1, 18))] == ["invitation"]
    assert build_calendar(month.campaign)[0].days[0].date == date(2027, 2, 1)


def test_a_letter_of_the_day_comes_before_launch_emails_of_the_same_day() -> None:
    assert [one.key for one in emails_on(MONTH, date(2027, 2, 27))] == ["day-27", "early-access"]


def test_bars_are_cut_where_weeks_end() -> None:
    """The deal runs from Saturday, day 27, to Wednesday, day 31."""
    weeks = build_calendar(MONTH)
    deal = [[bar for bar in week.bars if bar.sort == "deal"] for week in weeks]

    assert [len(bars) for bars in deal] == [0, 0, 0, 1, 1]
    before, after = deal[3][0], deal[4][0]
    assert (before.first, before.last, before.begins, before.ends) == (6, 7, True, False)
    assert (after.first, after.last, after.begins, after.ends) == (1, 3, False, True)


def test_early_access_ends_when_the_doors_open() -> None:
    bars = [bar for week in build_calendar(MONTH) for bar in week.bars if bar.sort == "early"]

    assert [(bar.first, bar.last) for bar in bars] == [(6, 7)]
    assert "until Sun 10:00" in bars[0].title


def test_calendar_programs_get_each_dated_email_at_the_teams_time() -> None:
    entries = {key: begins for key, _, begins in first_instants(MONTH)}

    assert entries["day-01"].isoformat() == "2027-02-01T08:00:00+00:00"
    assert "catch-up" not in entries
    assert len(entries) == sum(MONTH.date_of(email) is not None for email in MONTH.emails)


@pytest.mark.parametrize("length", [5, 14, 31, 60])
def test_a_month_of_any_length_is_shown_to_its_end(tmp_path: Path, length: int) -> None:
    campaign = load_campaign(write_campaign(tmp_path, length=length), tmp_path).campaign
    assert campaign is not None
    days = [day for week in build_calendar(campaign) for day in week.days if day.emails]
    assert [day.number for day in days][:length] == list(range(1, length + 1))
    assert [email.key for day in days for email in day.emails][-3:] == [
        "launch",
        "last-call",
        "thanks",
    ]
