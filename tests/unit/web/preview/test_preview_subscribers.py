"""Sample subscribers of the preview, and their forecasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from lovecampaign.campaign.model.campaign import Audience, LateJoiners, TagFilter
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.testing.months import build_month
from lovecampaign.web.preview.readers.forecast import REASONS, ForecastStatus, forecast_month
from lovecampaign.web.preview.readers.preview_subscriber import LONG_NAME, sample_subscribers

MONTH = build_month()
READERS = {reader.key: reader for reader in sample_subscribers(MONTH)}


def statuses(key: str) -> dict[str, ForecastStatus]:
    return {one.email.key: one.status for one in forecast_month(MONTH, READERS[key])}


def test_the_hard_cases_are_there() -> None:
    people = {key: reader.subscriber for key, reader in READERS.items()}

    assert (people["no-name"].first_name, people["no-name"].last_name) == ("", "")
    assert len(people["long-name"].first_name) == len(LONG_NAME) == 40
    assert people["right-to-left"].first_name[0] == "ع"
    assert people["no-zone"].timezone is None
    assert people["sam"].is_insider
    assert not people["robin"].is_insider
    assert [key for key, reader in READERS.items() if reader.is_buyer] == ["bo"]
    assert len({subscriber.id for subscriber in people.values()}) == len(people)


def test_an_insider_hears_first_and_a_reader_does_not() -> None:
    assert statuses("sam")["early-access"] is ForecastStatus.COMES
    assert statuses("robin")["early-access"] is ForecastStatus.NOT_FOR_THEM
    assert statuses("robin")["launch"] is ForecastStatus.COMES


def test_a_buyer_is_thanked_and_not_asked_again() -> None:
    assert statuses("bo")["thanks"] is ForecastStatus.COMES
    assert statuses("bo")["last-call"] is ForecastStatus.SKIPPED
    assert statuses("sam")["thanks"] is ForecastStatus.NOT_FOR_THEM


def test_who_joins_late_misses_the_days_before() -> None:
    comings = {one.email.key: one for one in forecast_month(MONTH, READERS["late"])}

    assert comings["day-10"].status is ForecastStatus.SKIPPED
    assert comings["day-10"].why == REASONS[SkipReason.JOINED_AFTER]
    assert comings["day-11"].status is ForecastStatus.COMES


def test_who_joins_late_gets_a_digest_where_the_campaign_says_so() -> None:
    month = build_month(late_joiners=LateJoiners.CATCH_UP)
    late = next(one for one in sample_subscribers(month) if one.key == "late")
    comings = {one.email.key: one for one in forecast_month(month, late)}

    assert comings["catch-up"].status is ForecastStatus.COMES
    assert comings["day-11"].why == REASONS[SkipReason.IN_DIGEST]


def test_tags_decide_as_they_do_in_the_database() -> None:
    month = replace(
        MONTH, audience=Audience(list="readers", tags=TagFilter(without_tags=frozenset({"staff"})))
    )
    sam = READERS["sam"]
    staff = replace(sam, subscriber=sam.subscriber._replace(tags=frozenset({"staff"})))

    assert {one.why for one in forecast_month(month, staff) if one.due} == {REASONS[SkipReason.TAG]}


def test_letters_come_on_each_readers_own_clock_and_the_launch_at_one_instant() -> None:
    here = {one.email.key: one.due for one in forecast_month(MONTH, READERS["robin"])}
    far = {one.email.key: one.due for one in forecast_month(MONTH, READERS["far"])}

    assert here["day-02"] is not None
    assert far["day-02"] is not None
    assert here["day-02"] - far["day-02"] == timedelta(hours=12)
    assert here["launch"] == far["launch"]


def test_quiet_hours_are_given_as_the_reason_for_a_delay() -> None:
    quiet = QuietHours(start=time(8), end=time(10))
    month = build_month(quiet_hours=quiet)
    sam = sample_subscribers(month)[0]
    first = forecast_month(month, sam)[0]

    assert first.why == "waits for the end of quiet hours"


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(SkipReason)
