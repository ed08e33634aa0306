"""Random months, played for real and by the reference model in ``tests/oracle``.

Every row of the ledger, every message, and what ``status`` and ``explain`` say must agree, after
every pass: hourly, at each next moment, or after the laptop slept for two days.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.tables import DeliveryState
from tests.oracle.comparison import Play, open_play
from tests.support.postgres import PostgresServer

SQLITE = "sqlite:///lovecampaign.db"
UNHURRIED = settings(
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],  # a seed has nothing to shrink
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@UNHURRIED
@given(seed=st.integers(0, 10**6), days=st.integers(3, 10))
def test_every_pass_of_a_month_does_what_the_reference_model_says(seed: int, days: int) -> None:
    with open_play(SQLITE, seed, days=days, readers=30) as play:
        play.go(passes=27)
        assert_nobody_was_wronged(play)


@pytest.mark.parametrize("seed", [8, 17])
def test_postgresql_agrees_too(postgres: PostgresServer, seed: int) -> None:
    with postgres.database() as url, open_play(url, seed, days=5, readers=30) as play:
        play.go(passes=15)
        assert_nobody_was_wronged(play)


def test_a_full_month_of_a_big_audience_agrees() -> None:
    with open_play(SQLITE, 3, days=27, readers=100) as play:
        play.go(passes=24)
        assert_nobody_was_wronged(play)


@pytest.mark.parametrize(("length", "seed"), [(5, 4), (14, 6), (31, 11), (60, 13)])
def test_months_of_other_lengths_agree(length: int, seed: int) -> None:
    days = min(length, 12)
    with open_play(SQLITE, seed, days=days, readers=20, length=length) as play:
        play.go(passes=12)
        assert_nobody_was_wronged(play)


@pytest.mark.parametrize(("length", "seed"), [(5, 2), (31, 9)])
def test_months_without_a_launch_agree(length: int, seed: int) -> None:
    days = min(length, 9)
    with open_play(SQLITE, seed, days=days, readers=20, length=length, has_launch=False) as play:
        play.go(passes=12)
        assert_one_a_day(play)
        assert not play.stage.campaign.launch_emails


@pytest.mark.parametrize("seed", [1, 5])
def test_what_status_says_is_what_happens_if_nothing_changes(seed: int) -> None:
    with open_play(SQLITE, seed, days=4, readers=25) as play:
        play.send()
        said = said_by_status(play)
        while (due := play.month.next_due(play.now)) is not None:
            play.now = due
            play.send()
        assert said_by_status(play) == said


def said_by_status(play: Play) -> dict[str, tuple[int, int]]:
    """How many get each email, and how many do not."""
    report = report_campaign(play.stage.database, play.stage.campaign, play.now)
    return {each.key: (each.recipients, sum(each.skipped.values())) for each in report.emails}


def assert_nobody_was_wronged(play: Play) -> None:
    """What holds whatever the model thinks: read from the real ledger alone."""
    assert_one_a_day(play)
    campaign = play.stage.campaign
    reasons = {reason.value for reason in SkipReason}
    for (address, key), row in play.people.ledger().items():
        if row.state in (DeliveryState.SKIPPED, DeliveryState.CANCELLED):
            assert row.reason in reasons
        if row.state == DeliveryState.SENT:
            assert row.at is not None
            assert row.at >= row.due, "never early"
            assert_deal_is_for_insiders(play, campaign, address, key)


def assert_one_a_day(play: Play) -> None:
    """By the zone in which somebody lived when the email was claimed."""
    days: dict[str, list[date | None]] = defaultdict(list)
    one_a_day = {email.key for email in play.stage.campaign.emails if email.is_one_a_day}
    for (address, key), row in play.people.ledger().items():
        if key in one_a_day and row.at is not None:
            days[address].append(row.local_day)
    assert all(None not in each for each in days.values())
    assert all(len(set(each)) == len(each) for each in days.values())


def assert_deal_is_for_insiders(play: Play, campaign: Campaign, address: str, key: str) -> None:
    email, deal = campaign.find_email(key), campaign.insider_deal
    assert email is not None
    assert deal is not None
    if campaign.deal_of(email) is None:
        return
    row = play.people.ledger()[address, key]
    reader = next(each for each in play.cast if each.address == address)
    assert "insiders" in reader.places
    assert row.at is not None
    assert deal.opens <= row.at < deal.closes
