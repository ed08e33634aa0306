"""The demo's clock stops at the due times of its subscribers, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.cli.maintain.demo import NAME, START
from lovecampaign.cli.maintain.demo_subscribers import due_times, make_subscribers, plan_events
from lovecampaign.cli.resources.campaigns import load_folder

#: 9:00 in Paris on day 1.
FIRST = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    workspace = tmp_path_factory.mktemp("demo")
    new_campaign(workspace, NAME, start=START)
    return load_folder(workspace / "campaigns" / NAME, workspace).campaign


def test_each_day_has_its_email_at_nine_where_the_subscribers_live(campaign: Campaign) -> None:
    four = make_subscribers(4)
    dues = due_times(campaign, plan_events(campaign, four))

    assert {each.timezone for each in four} == {
        "Europe/Paris",
        "Europe/Berlin",
        "Europe/Madrid",
        "Europe/Rome",
    }  # one clock
    for number in range(1, 21):
        keys = dues[FIRST + timedelta(days=number - 1)]
        assert keys - {"catch-up"} == {f"day-{number:02}"}
    assert len(dues) < 40


def test_late_joiners_have_their_catch_up_on_the_day_after_joining(campaign: Campaign) -> None:
    dues = due_times(campaign, plan_events(campaign, make_subscribers(4)))

    caught_up = [moment for moment, keys in dues.items() if "catch-up" in keys]
    assert caught_up == [FIRST + timedelta(days=5)]


def test_more_subscribers_on_the_same_clocks_add_no_due_time(campaign: Campaign) -> None:
    few, many = (
        due_times(campaign, plan_events(campaign, make_subscribers(number))) for number in (80, 400)
    )

    assert few.keys() == many.keys()
