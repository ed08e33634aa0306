"""Each late-joiner policy, the launch and the one email a day, on a calendar of one's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from lovecampaign.campaign.model.campaign import Campaign, CatchUp, Insiders, LateJoiners, Role
from lovecampaign.campaign.model.sending import ClockChoice, QuietHours
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import (
    Slot,
    closes_at,
    digest_keys,
    due_window,
    find_slot,
    plan_zone,
)
from lovecampaign.testing.months import build_month, utc

PARIS = "Europe/Paris"
NIGHT = QuietHours(start=time(21), end=time(7))
#: The campaign's first real send: day 1 at 09:00 in Paris.
FIRST_SEND = utc("2027-02-01 08:00")


def slot_of(
    campaign: Campaign,
    key: str,
    joined: datetime,
    zone: str = PARIS,
    founders: datetime | None = FIRST_SEND,
) -> Slot:
    return find_slot(plan_zone(campaign, zone, founders)[key], joined)


class TestDays:
    """What holds for day emails under every policy."""

    def test_before_the_first_real_send_everybody_gets_everything(self) -> None:
        campaign = build_month()
        for email in campaign.day_emails:
            (slot,) = plan_zone(campaign, PARIS, None)[email.key]
            assert (slot.joined_from, slot.joined_before, slot.reason) == (None, None, None)

    def test_the_readers_clock_counts(self) -> None:
        campaign = build_month()
        joined = utc("2027-01-01 00:00")
        assert slot_of(campaign, "day-03", joined, "Asia/Tokyo").due == utc("2027-02-03 00:00")
        assert slot_of(campaign, "day-03", joined, "Pacific/Niue").due == utc("2027-02-03 20:00")

    def test_the_campaigns_clock_sends_to_everybody_at_one_instant(self) -> None:
        campaign = build_month(clock=ClockChoice.CAMPAIGN)
        joined = utc("2027-01-01 00:00")
        for zone in ("Asia/Tokyo", "Pacific/Niue", "Pacific/Kiritimati"):
            assert slot_of(campaign, "day-03", joined, zone).due == utc("2027-02-03 08:00")

    def test_lateness_counts_from_the_moment_before_quiet_hours(self) -> None:
        campaign = build_month(at=time(22), quiet_hours=NIGHT)
        slot = slot_of(campaign, "day-02", utc("2027-01-01 00:00"))
        assert slot.moment == utc("2027-02-02 21:00")
        assert slot.due == utc("2027-02-03 06:00")
        assert slot.expires == utc("2027-02-03 17:00")

    def test_quiet_hours_delay_and_never_drop(self) -> None:
        """They may last longer than late_after: then lateness starts when the email is due."""
        campaign = build_month(at=time(22), quiet_hours=NIGHT, late_after=timedelta(hours=2))
        slot = slot_of(campaign, "day-02", utc("2027-01-01 00:00"))
        assert slot.expires == slot.due + timedelta(hours=2)

    def test_an_email_with_its_own_time_goes_then(self) -> None:
        campaign = build_month(times={21: time(18)})
        assert slot_of(campaign, "day-21", utc("2027-01-01 00:00")).due == utc("2027-02-21 17:00")

    def test_welcome_and_confirm_have_no_slots(self) -> None:
        campaign = build_month()
        welcome = replace(campaign.emails[0], key="welcome", role=Role.WELCOME)
        confirm = replace(campaign.emails[0], key="confirm", role=Role.CONFIRM)
        with_both = replace(campaign, emails=(*campaign.emails, welcome, confirm))
        assert plan_zone(with_both, PARIS, None) == plan_zone(campaign, PARIS, None)


class TestOneEmailADay:
    """No two emails on one local day, and the day's own email comes first."""

    def test_an_email_delayed_onto_the_day_of_another_is_skipped(self) -> None:
        campaign = build_month(quiet_hours=NIGHT, times={4: time(22)})
        joined = utc("2027-01-01 00:00")
        assert slot_of(campaign, "day-04", joined).reason is SkipReason.DAY_TAKEN
        assert slot_of(campaign, "day-05", joined).reason is None

    def test_who_came_after_its_moment_came_too_late_whoever_took_its_day(self) -> None:
        campaign = build_month(quiet_hours=NIGHT, times={4: time(22)})
        joined = utc("2027-02-04 21:00")
        assert slot_of(campaign, "day-04", joined).reason is SkipReason.JOINED_AFTER

    def test_emails_that_are_all_delayed_keep_a_day_each(self) -> None:
        campaign = build_month(quiet_hours=NIGHT, at=time(22))
        slots = plan_zone(campaign, PARIS, None)
        assert {slot.reason for email in campaign.day_emails for slot in slots[email.key]} == {None}

    def test_an_email_delayed_onto_a_free_day_goes(self) -> None:
        campaign = build_month(quiet_hours=NIGHT, times={4: time(22)}, skip=[5])
        slot = slot_of(campaign, "day-04", utc("2027-01-01 00:00"))
        assert (slot.reason, slot.due) == (None, utc("2027-02-05 06:00"))

    def test_of_two_on_one_day_of_the_reader_the_first_goes(self) -> None:
        """On the team's clock in Paris, 01:00 and 09:00 may be one day in Niue."""
        campaign = build_month(clock=ClockChoice.CAMPAIGN, times={4: time(1)})
        joined = utc("2027-01-01 00:00")
        zone = "Pacific/Niue"
        assert slot_of(campaign, "day-03", joined, zone).due == utc("2027-02-03 08:00")  # the 2nd
        assert slot_of(campaign, "day-04", joined, zone).reason is None  # 00:00Z is the 3rd
        assert slot_of(campaign, "day-05", joined, zone).reason is None  # 08:00Z is the 4th
        campaign = build_month(clock=ClockChoice.CAMPAIGN, times={4: time(15)})
        assert slot_of(campaign, "day-04", joined, zone).reason is None  # 03:00 on the 4th
        assert slot_of(campaign, "day-05", joined, zone).reason is SkipReason.DAY_TAKEN

    def test_who_joins_after_the_first_of_two_gets_the_second(self) -> None:
        campaign = build_month(clock=ClockChoice.CAMPAIGN, times={4: time(15)})
        between = utc("2027-02-04 20:00")
        assert slot_of(campaign, "day-04", between, "Pacific/Niue").reason is (
            SkipReason.JOINED_AFTER
        )
        assert slot_of(campaign, "day-05", between, "Pacific/Niue").reason is None

    def test_a_day_that_the_zone_never_had_gives_way_to_the_next(self) -> None:
        """Apia, 2011-12-30: its email would go at the same instant as that of the 31st."""
        campaign = build_month(date(2011, 12, 20), timezone="Pacific/Apia")
        joined = utc("2011-01-01 00:00")
        assert slot_of(campaign, "day-11", joined, "Pacific/Apia", None).reason is (
            SkipReason.DAY_TAKEN
        )
        free = build_month(date(2011, 12, 20), timezone="Pacific/Apia", skip=[12])
        slot = slot_of(free, "day-11", joined, "Pacific/Apia", None)
        assert (slot.reason, slot.due) == (None, utc("2011-12-30 19:00"))


class TestFromToday:
    """Late joiners get every email whose moment is after joining."""

    @pytest.mark.parametrize(
        ("joined", "reason"),
        [
            ("2027-02-05 07:59:59", None),
            ("2027-02-05 08:00:00", SkipReason.JOINED_AFTER),
            ("2027-02-05 08:00:01", SkipReason.JOINED_AFTER),
        ],
    )
    def test_up_to_the_moment(self, joined: str, reason: SkipReason | None) -> None:
        assert slot_of(build_month(), "day-05", utc(joined)).reason is reason

    def test_founders_get_what_was_before_they_joined(self) -> None:
        """A campaign sent for the first time on day 3 reaches who joined on day 2 with day 1."""
        first_send = utc("2027-02-03 08:00")
        slot = slot_of(build_month(), "day-01", utc("2027-02-02 12:00"), founders=first_send)
        assert slot.reason is None
        later = slot_of(build_month(), "day-01", first_send, founders=first_send)
        assert later.reason is SkipReason.JOINED_AFTER


class TestWait:
    """Late joiners get only the launch."""

    def test_days_are_for_founders(self) -> None:
        campaign = build_month(late_joiners=LateJoiners.WAIT)
        founder, later = FIRST_SEND - timedelta(seconds=1), FIRST_SEND
        assert slot_of(campaign, "day-20", founder).reason is None
        assert slot_of(campaign, "day-20", later).reason is SkipReason.JOINED_AFTER
        assert slot_of(campaign, "launch", later).reason is None


class TestCatchUp:
    """Late joiners get one digest of the must-have days missed, then from today."""

    campaign = build_month(late_joiners=LateJoiners.CATCH_UP)
    #: After day 10's moment; days 1 and 9 of the must-haves 1, 9, 21 are missed.
    joined = utc("2027-02-10 12:00")

    def test_the_digest_takes_the_place_of_the_next_email(self) -> None:
        digest = slot_of(self.campaign, "catch-up", self.joined)
        assert (digest.reason, digest.due) == (None, utc("2027-02-11 08:00"))
        assert slot_of(self.campaign, "day-11", self.joined).reason is SkipReason.IN_DIGEST
        assert slot_of(self.campaign, "day-12", self.joined).reason is None
        assert slot_of(self.campaign, "day-10", self.joined).reason is SkipReason.JOINED_AFTER

    def test_it_contains_what_was_missed_and_the_day_itself(self) -> None:
        keys = digest_keys(self.campaign, PARIS, self.joined, FIRST_SEND)
        assert keys == ("day-01", "day-09", "day-11")

    def test_a_must_have_that_is_still_to_come_is_contained_once(self) -> None:
        joined = utc("2027-02-08 12:00")
        assert digest_keys(self.campaign, PARIS, joined, FIRST_SEND) == ("day-01", "day-09")

    def test_founders_get_none(self) -> None:
        founder = utc("2027-01-15 12:00")
        assert slot_of(self.campaign, "catch-up", founder).reason is SkipReason.JOINED_AFTER
        assert digest_keys(self.campaign, PARIS, founder, FIRST_SEND) == ()
        assert digest_keys(self.campaign, PARIS, self.joined, None) == ()

    def test_who_missed_no_must_have_gets_the_days_email_as_usual(self) -> None:
        campaign = build_month(late_joiners=LateJoiners.CATCH_UP, must_have=[9])
        joined = utc("2027-02-03 12:00")
        assert slot_of(campaign, "day-04", joined).reason is None
        assert slot_of(campaign, "catch-up", joined).reason is SkipReason.JOINED_AFTER

    def test_too_late_for_the_digest_is_from_today(self) -> None:
        rule = CatchUp(must_have=(1, 9), until=utc("2027-02-20 17:00"))
        campaign = replace(self.campaign, catch_up=rule)
        joined = utc("2027-02-20 17:00")
        assert slot_of(campaign, "catch-up", joined).reason is SkipReason.JOINED_AFTER
        assert slot_of(campaign, "day-21", joined).reason is None
        just_before = joined - timedelta(seconds=1)
        assert slot_of(campaign, "catch-up", just_before).reason is None
        assert slot_of(campaign, "day-21", just_before).reason is SkipReason.IN_DIGEST

    def test_a_day_without_email_is_no_sending_moment(self) -> None:
        campaign = build_month(late_joiners=LateJoiners.CATCH_UP, skip=[11, 12])
        assert slot_of(campaign, "catch-up", self.joined).due == utc("2027-02-13 08:00")

    def test_an_email_that_gives_up_its_day_is_no_sending_moment(self) -> None:
        campaign = build_month(
            late_joiners=LateJoiners.CATCH_UP, quiet_hours=NIGHT, times={11: time(22)}
        )
        assert slot_of(campaign, "day-11", self.joined).reason is SkipReason.DAY_TAKEN
        assert slot_of(campaign, "catch-up", self.joined).due == utc("2027-02-12 08:00")

    def test_under_another_policy_nobody_gets_one(self) -> None:
        (slot,) = plan_zone(build_month(), PARIS, FIRST_SEND)["catch-up"]
        assert slot.reason is SkipReason.JOINED_AFTER


class TestFromDayOne:
    """A late joiner's own day 1 is the day after joining; the launch stays."""

    campaign = build_month(late_joiners=LateJoiners.FROM_DAY_1, pinned=[3])

    def test_days_count_from_the_local_date_of_joining(self) -> None:
        joined = utc("2027-02-10 23:30")  # the 11th in Paris
        assert slot_of(self.campaign, "day-01", joined).due == utc("2027-02-12 08:00")
        assert slot_of(self.campaign, "day-02", joined).due == utc("2027-02-13 08:00")
        niue = slot_of(self.campaign, "day-01", joined, "Pacific/Niue")  # still the 10th there
        assert niue.due == utc("2027-02-11 20:00")

    def test_pinned_days_and_days_that_no_longer_fit_are_dropped(self) -> None:
        joined = utc("2027-02-20 12:00")  # day 1 is the 21st, day 7 the 27th
        assert slot_of(self.campaign, "day-03", joined).reason is SkipReason.JOINED_AFTER
        assert slot_of(self.campaign, "day-07", joined).reason is None
        # day 8 would go at 09:00 on launch day, an hour before the doors open
        assert slot_of(self.campaign, "day-08", joined).due == utc("2027-02-28 08:00")
        assert slot_of(self.campaign, "day-09", joined).reason is SkipReason.JOINED_AFTER

    def test_founders_keep_the_usual_dates(self) -> None:
        founder = utc("2027-01-20 12:00")
        assert slot_of(self.campaign, "day-03", founder).due == utc("2027-02-03 08:00")

    def test_nobody_starts_before_the_campaign_does(self) -> None:
        """The first send is in Kiritimati, when Niue has January 30 for another hour."""
        campaign = build_month(late_joiners=LateJoiners.FROM_DAY_1, at=time(0, 30))
        first_send = utc("2027-01-31 10:30")
        slot = slot_of(campaign, "day-01", first_send, "Pacific/Niue", first_send)
        assert slot.due == utc("2027-02-01 11:30")

    def test_on_the_campaigns_clock_the_days_are_the_campaigns_too(self) -> None:
        """Else day 1 could fall before the joining: 23:00 in Niue is noon of the next in Paris."""
        campaign = build_month(late_joiners=LateJoiners.FROM_DAY_1, clock=ClockChoice.CAMPAIGN)
        joined = utc("2027-02-11 10:00")
        slot = slot_of(campaign, "day-01", joined, "Pacific/Niue")
        assert slot.due == utc("2027-02-12 08:00")

    def test_who_joins_after_the_launch_gets_no_day(self) -> None:
        later = utc("2027-02-28 09:00")
        assert slot_of(self.campaign, "day-01", later).reason is SkipReason.JOINED_AFTER


class TestLaunch:
    """Launch emails go at one instant; insiders who join late get early access at once."""

    def test_one_instant_in_every_zone_without_quiet_hours(self) -> None:
        campaign = build_month(quiet_hours=NIGHT)
        slot = slot_of(campaign, "launch", utc("2027-01-01 00:00"), "Pacific/Honolulu")
        assert slot.moment == slot.due == utc("2027-02-28 09:00")
        assert slot.expires == utc("2027-03-01 09:00")

    def test_a_launch_email_may_ask_for_quiet_hours(self) -> None:
        campaign = build_month(quiet_hours=NIGHT)
        polite = replace(campaign.launch_emails[1], respects_quiet_hours=True)
        campaign = replace(campaign, emails=(*campaign.day_emails, polite))
        (slot,) = plan_zone(campaign, "Pacific/Honolulu", None)[polite.key]
        assert slot.moment == utc("2027-02-28 09:00")  # 23:00 of the 27th there
        assert slot.due == utc("2027-02-28 17:00")

    def test_insiders_who_join_late_get_early_access_at_once(self) -> None:
        campaign = build_month()
        joined = utc("2027-02-27 15:00")
        slot = slot_of(campaign, "early-access", joined)
        assert slot.reason is None
        assert slot.due_for(joined) == joined
        assert slot_of(campaign, "early-access", utc("2027-02-27 08:00")).due_for(
            utc("2027-02-27 08:00")
        ) == utc("2027-02-27 09:00")

    def test_insiders_until_is_too_late(self) -> None:
        campaign = build_month()
        assert slot_of(campaign, "early-access", utc("2027-02-28 09:00")).reason is (
            SkipReason.JOINED_AFTER
        )
        early = Insiders(list="insiders", until=utc("2027-02-27 12:00"))
        assert slot_of(
            replace(campaign, insiders=early), "early-access", utc("2027-02-27 12:00")
        ).reason is (SkipReason.JOINED_AFTER)

    def test_who_joins_after_the_launch_email_does_not_get_it(self) -> None:
        campaign = build_month()
        assert slot_of(campaign, "launch", utc("2027-02-28 09:00")).reason is (
            SkipReason.JOINED_AFTER
        )
        assert slot_of(campaign, "last-call", utc("2027-03-03 09:00")).reason is (
            SkipReason.JOINED_AFTER
        )

    def test_buyers_are_thanked_whenever_they_joined(self) -> None:
        campaign = build_month()
        assert slot_of(campaign, "thanks", utc("2027-03-20 00:00")).reason is None

    def test_an_email_for_insiders_closes_with_their_deal(self) -> None:
        campaign = build_month()
        closes = {email.key: closes_at(campaign, email) for email in campaign.launch_emails}
        deal = campaign.deals["insider"]
        assert closes == {
            "early-access": deal.closes,
            "launch": None,
            "last-call": deal.closes,
            "thanks": None,
        }


class TestQuestions:
    """What plan, status and send ask of all zones together."""

    def test_every_scheduled_email_has_slots_in_every_zone(self) -> None:
        campaign = build_month()
        keys = [email.key for email in campaign.scheduled_emails]
        for zone in ("Asia/Tokyo", PARIS):
            by_key = plan_zone(campaign, zone, None)
            assert list(by_key) == keys
            assert all(by_key.values())

    def test_the_window_of_an_email_reaches_from_its_first_to_its_last_zone(self) -> None:
        campaign = build_month()
        zones = ("Pacific/Kiritimati", "Pacific/Niue")
        slots = [slot for zone in zones for slot in plan_zone(campaign, zone, None)["day-01"]]
        assert due_window(slots) == (utc("2027-01-31 19:00"), utc("2027-02-01 20:00"))
        assert due_window(plan_zone(campaign, PARIS, None)["catch-up"]) is None
