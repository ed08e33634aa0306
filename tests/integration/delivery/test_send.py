"""What a pass sends, skips and leaves, on both databases."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.core.clock import format_instant, parse_instant
from lovecampaign.core.errors import ProviderRefused, UsageError
from lovecampaign.core.message import FaultKind, Message, Outcome
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import BatchHandle, open_sender
from lovecampaign.delivery.base.settlements import MAX_ATTEMPTS
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.delivery.prepare.readiness import EditPolicy, prepare_email
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import (
    Verdict,
    accepted,
    hold_for_quota,
    permanent,
    stop_the_run,
    transient,
    unknown,
)
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.store import tables
from lovecampaign.store.checkout.codes import fill_pool
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.campaigns import (
    cancel_email,
    find_campaign,
    pause,
    record_campaign,
    restore_email,
    resume,
)
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.reports.campaign_report import report_removed
from lovecampaign.store.sending.due import find_next_due, list_due_batches
from lovecampaign.store.sending.in_doubt import Retried, make_due, plan_again
from lovecampaign.store.tables import DeliveryState
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class RunningClock:
    """The machine's clock, moved to the first day's email."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()

    def now(self) -> datetime:
        return DAY_1 + timedelta(seconds=time.monotonic() - self._started_at)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database)


def test_everybody_gets_a_day_once(stage: Stage) -> None:
    stage.add_readers(7)
    first, second = stage.send(DAY_1), stage.send(DAY_1 + HOUR)
    assert (first.due, first.sent, first.next_due) == (7, 7, DAY_1 + DAY)
    assert (second.due, second.sent) == (0, 0)
    assert Counter(stage.addresses()).most_common(1)[0][1] == 1


def test_nothing_goes_out_before_its_moment(stage: Stage) -> None:
    stage.add_readers(2)
    report = stage.send(DAY_1 - timedelta(seconds=1))
    assert (report.due, report.next_due) == (0, DAY_1)


def test_the_next_due_is_the_earliest_later_one(stage: Stage) -> None:
    """Of all zones: the second day of the first zone comes before the first of the last."""
    stage.add_readers(2, zones=["Pacific/Kiritimati", "Pacific/Niue"])
    keys = {email.key for email in stage.campaign.scheduled_emails}
    first = datetime(2027, 1, 31, 19, tzinfo=UTC)
    with stage.database.read() as connection:
        for now, due in (
            (datetime(2027, 1, 1, tzinfo=UTC), first),
            (first, datetime(2027, 2, 1, 19, tzinfo=UTC)),
            (datetime(2027, 4, 1, tzinfo=UTC), None),
        ):
            assert find_next_due(connection, stage.campaign, None, keys, now) == due


def test_each_zone_has_its_own_moment(stage: Stage) -> None:
    stage.add_readers(6, zones=["Europe/Paris", "America/New_York", "Asia/Tokyo"])
    assert stage.send(DAY_1).sent == 4  # Tokyo was eight hours earlier
    assert stage.send(DAY_1 + 6 * HOUR).sent == 2


@pytest.mark.parametrize("ahead", [timedelta(0), 3 * DAY])
def test_who_is_on_the_list_at_the_first_claim_is_no_late_joiner(
    stage: Stage, ahead: timedelta
) -> None:
    stage.add_readers(2, joined_at=DAY_1 + ahead)
    assert [stage.send(DAY_1 + number * DAY).sent for number in range(3)] == [2, 2, 2]


def test_a_limit_leaves_the_rest_for_the_next_pass(stage: Stage) -> None:
    stage.add_readers(5)
    first = stage.send(DAY_1, limit=2)
    assert (first.due, first.sent, first.remaining) == (5, 2, 3)
    assert stage.send().sent == 3


def test_a_day_that_is_too_late_is_skipped_and_counted_once(stage: Stage) -> None:
    stage.add_readers(3)
    report = stage.send(DAY_1 + 21 * HOUR)
    assert (report.due, report.sent, report.skipped) == (3, 0, 3)
    assert stage.reasons("day-01") == {"late": 3}
    assert stage.send().due == 0


def test_late_rows_can_be_made_due_again(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send(DAY_1 + 21 * HOUR)
    assert (_make_due(stage, DeliveryState.SKIPPED, "late").number, stage.send().sent) == (3, 3)


def test_a_retry_leaves_out_who_is_suppressed_and_names_the_reason(stage: Stage) -> None:
    stage.add_readers(4)
    answers = iter([accepted(), permanent("550 5.1.1 no such user", FaultKind.RECIPIENT)])
    stage.provider = MemoryProvider(lambda _: next(answers, permanent("no", FaultKind.UNCLEAR)))
    assert stage.send(DAY_1).failed == 3
    retried = _make_due(stage, DeliveryState.FAILED)
    assert retried.number == 2
    assert [one.reason for one in retried.stay_out] == ["hard_bounce"]
    assert stage.states("day-01") == {"sent": 1, "planned": 2, "failed": 1}


def test_what_failed_can_be_tried_again_in_the_same_instant(stage: Stage) -> None:
    stage.add_readers(2)
    stage.provider = MemoryProvider(lambda _: permanent("full", FaultKind.MAILBOX))
    assert stage.send(DAY_1).failed == 2
    _make_due(stage, DeliveryState.FAILED)
    assert stage.send(DAY_1).failed == 2


def test_what_an_operator_sends_again_is_never_late(stage: Stage) -> None:
    stage.add_readers(1)
    stage.provider = MemoryProvider(lambda _: unknown("lost"))
    assert stage.send(DAY_1).in_doubt == 1
    stage.clock.move_to(DAY_1 + 21 * HOUR)
    with stage.database.write() as connection:
        ids = list(connection.scalars(sa.select(tables.delivery.c.id)))
        assert plan_again(connection, ids, stage.clock.now()) == 1
    stage.provider = MemoryProvider()
    assert stage.send(keys=frozenset({"day-01"})).sent == 1


def _make_due(stage: Stage, state: DeliveryState, reason: str | None = None) -> Retried:
    record = find_campaign(stage.database, stage.campaign)
    email = stage.campaign.find_email("day-01")
    assert record is not None
    assert email is not None
    eligibility = Eligibility(
        campaign=stage.campaign, email=email, campaign_id=record.id, now=stage.clock.now()
    )
    with stage.database.write() as connection:
        return make_due(connection, eligibility, record.email_ids["day-01"], state, reason)


def test_a_laptop_that_slept_over_a_day_sends_what_is_not_late(stage: Stage) -> None:
    stage.add_readers(2)
    stage.send(DAY_1)
    report = stage.send(DAY_1 + 2 * DAY)
    assert (report.sent, report.skipped) == (2, 2)
    assert stage.states("day-03") == {"sent": 2}
    assert stage.reasons("day-02") == {"late": 2}


def test_a_clock_that_is_set_back_sends_nothing_twice(stage: Stage) -> None:
    stage.add_readers(2)
    stage.send(DAY_1 + 2 * HOUR)
    assert stage.send(DAY_1 - 5 * HOUR).due == 0
    assert stage.send(DAY_1 + 3 * HOUR).due == 0


def test_who_left_between_planning_and_claiming_gets_nothing(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send(DAY_1, limit=1)
    _suppress(stage, "reader2@readers.example")
    report = stage.send()
    assert (report.sent, report.skipped) == (1, 1)
    assert stage.reasons("day-01") == {"suppressed": 1}


def test_a_suppression_for_another_list_does_not_count(stage: Stage) -> None:
    stage.add_readers(1)
    _suppress(stage, "reader1@readers.example", list_="somebody-elses")
    assert stage.send(DAY_1).sent == 1


def test_a_second_email_on_the_same_local_day_is_skipped(stage: Stage) -> None:
    stage.add_readers(1, zones=["Pacific/Auckland"])
    noon_in_paris = datetime(2027, 2, 1, 11, 30, tzinfo=UTC)  # 00:30 on 2 February over there
    assert stage.send(noon_in_paris).sent == 1
    report = stage.send(datetime(2027, 2, 1, 20, 30, tzinfo=UTC))
    assert (report.sent, report.skipped) == (0, 1)
    assert stage.reasons("day-02") == {"day_taken": 1}


def test_a_paused_campaign_claims_nothing_until_it_is_resumed(stage: Stage) -> None:
    stage.add_readers(2)
    stage.send(DAY_1 - DAY)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    with stage.database.write() as connection:
        assert pause(connection, record.id, DAY_1, "lunch")
        assert not pause(connection, record.id, DAY_1, "twice is the same")
    report = stage.send(DAY_1)
    assert (report.due, report.remaining) == (2, 2)
    with stage.database.write() as connection:
        assert resume(connection, record.id)
    assert stage.send().sent == 2


def test_a_cancelled_email_reaches_nobody_else(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send(DAY_1, limit=1)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    with stage.database.write() as connection:
        assert cancel_email(connection, record.email_ids["day-01"], DAY_1) == 2
    stage.add_readers(1, name="newcomer")
    report = stage.send()
    assert report.sent == 0
    assert stage.states("day-01") == {"sent": 1, "cancelled": 3}  # the newcomer's too


def test_a_cancellation_is_undone_for_those_for_whom_it_is_not_due(stage: Stage) -> None:
    stage.add_readers(3)
    record = record_campaign(stage.database, stage.campaign)
    email = stage.campaign.day_emails[0]
    just_before = DAY_1 - timedelta(minutes=1)  # rows are made two minutes ahead
    plan_due(stage.database, stage.campaign, record, [email], just_before)
    assert stage.states(email.key) == {"planned": 3}
    with stage.database.write() as connection:
        assert cancel_email(connection, record.email_ids[email.key], just_before) == 3
        assert restore_email(connection, record.email_ids[email.key], just_before)
        assert not restore_email(connection, record.email_ids[email.key], just_before)
    assert stage.send(DAY_1).sent == 3

    stage.add_readers(2, name="newcomer")
    plan_due(stage.database, stage.campaign, record, [email], DAY_1)
    with stage.database.write() as connection:
        assert cancel_email(connection, record.email_ids[email.key], DAY_1) == 2
        restore_email(connection, record.email_ids[email.key], DAY_1)
    assert stage.send(DAY_1).sent == 0
    assert stage.states(email.key) == {"sent": 3, "cancelled": 2}  # it was due


def test_an_email_that_was_removed_keeps_its_numbers(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send(DAY_1, limit=2)
    record = find_campaign(stage.database, stage.campaign)
    emails = tuple(one for one in stage.campaign.emails if one.key != "day-01")
    [removed] = report_removed(stage.database, replace(stage.campaign, emails=emails), record)
    assert (removed.key, removed.is_removed) == ("day-01", True)
    assert removed.counts == {DeliveryState.SENT: 2}  # the third waits in vain
    assert removed.first_due == DAY_1
    assert report_removed(stage.database, stage.campaign, record) == []
    assert report_removed(stage.database, stage.campaign, None) == []


def test_an_email_that_is_cancelled_after_a_pass_began_is_not_sent(stage: Stage) -> None:
    stage.add_readers(3)
    record = record_campaign(stage.database, stage.campaign)  # before anybody cancels
    email = stage.campaign.day_emails[0]
    with stage.database.write() as connection:
        cancel_email(connection, record.email_ids[email.key], DAY_1)
    plan_due(stage.database, stage.campaign, record, [email], DAY_1)
    with stage.database.read() as connection:
        [batch] = list_due_batches(connection, stage.campaign, record, {email.key}, DAY_1)
    with stage.sender() as sender:
        ready = prepare_email(
            sender, stage.campaign, record, email, EditPolicy(), lambda _email: ()
        )
        assert ready.job is not None
        deliver_batch(sender, ready.job, BatchHandle(id=batch.id, epoch=batch.epoch))
    assert stage.addresses() == []
    assert stage.states(email.key) == {"cancelled": 3}


def test_a_transient_refusal_is_tried_again_later_with_the_same_bytes(stage: Stage) -> None:
    stage.add_readers(1)
    seen: list[bytes] = []

    def refuse_once(message: Message) -> Verdict:
        seen.append(message.raw)
        if len(seen) == 1:
            return transient("try later")
        return accepted()

    stage.provider = MemoryProvider(refuse_once)
    first = stage.send(DAY_1)
    assert (first.due, first.retry_later, first.sent) == (1, 1, 0)
    assert first.next_due is not None
    assert DAY_1 + timedelta(minutes=1) <= first.next_due < DAY_1 + timedelta(minutes=2)
    assert stage.send(DAY_1 + timedelta(seconds=30)).retry_later == 1
    assert stage.send(DAY_1 + timedelta(minutes=2)).sent == 1
    assert seen[0] == seen[1]


def test_after_eight_tries_it_gives_up(stage: Stage) -> None:
    stage.add_readers(1)
    stage.provider = MemoryProvider(lambda _: transient("mailbox full", FaultKind.MAILBOX))
    stage.clock.move_to(DAY_1)
    for _ in range(8):
        report = stage.send()
        stage.clock.move_to(report.next_due or stage.clock.now())
    assert stage.reasons("day-01") == {"gave_up": 1}


def test_a_bad_address_is_suppressed_and_a_policy_refusal_is_not(stage: Stage) -> None:
    stage.add_readers(2)

    def refuse(message: Message) -> Verdict:
        is_first = message.to.email.startswith("reader1@")
        return permanent("no", FaultKind.RECIPIENT if is_first else FaultKind.POLICY)

    stage.provider = MemoryProvider(refuse)
    assert stage.send(DAY_1).failed == 2
    assert _suppressed(stage) == ["reader1@readers.example"]


def test_soft_bounces_on_three_days_rest_an_address(stage: Stage) -> None:
    stage.add_readers(1)
    stage.provider = MemoryProvider(lambda _: permanent("full", FaultKind.MAILBOX))
    for day in range(3):
        assert _suppressed(stage) == []
        stage.send(DAY_1 + day * DAY)
    assert _suppressed(stage) == ["reader1@readers.example"]


def test_five_policy_refusals_pause_the_campaign_and_say_why(stage: Stage) -> None:
    """In different words, after a first message was taken."""
    stage.add_readers(250)
    words = (f"554 5.7.1 ana@bloom.example is blocked {word}" for word in "abcdef")
    answers = iter([accepted(), *(permanent(each, FaultKind.POLICY) for each in words)])
    stage.provider = MemoryProvider(lambda _: next(answers))
    report = stage.send(DAY_1)
    record = find_campaign(stage.database, stage.campaign)
    assert (report.failed, report.remaining) == (5, 244)
    assert record is not None
    assert record.pause_reason is not None
    assert "policy" in record.pause_reason
    assert record.pause_reason.endswith("last words: 554 5.7.1 (address) is blocked e")


def test_ten_failures_in_a_row_pause_but_a_rate_limit_does_not(stage: Stage) -> None:
    stage.add_readers(30)
    limited = transient("slow down", retry_after_seconds=0.01)
    stage.provider = MemoryProvider(lambda _: limited)
    stage.send(DAY_1)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert not record.is_paused
    stage.provider = MemoryProvider(lambda _: transient("gone"))
    stage.send(DAY_1 + HOUR)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert record.is_paused


def test_a_rate_limit_is_no_try_and_the_report_quotes_it(stage: Stage) -> None:
    """However often it comes, nothing is given up for it."""
    stage.add_readers(3)
    limited = transient("450 4.7.1 too much mail from 192.0.2.1", retry_after_seconds=100)
    stage.provider = MemoryProvider(lambda _: limited)
    for number in range(MAX_ATTEMPTS + 2):
        report = stage.send(DAY_1 + number * timedelta(minutes=10))
        assert (report.failed, report.retry_later) == (0, 3)
    [problem] = report.problems
    assert (problem.code, problem.severity) == ("rate_limit", Severity.WARNING)
    assert "450 4.7.1 too much mail" in problem.message
    stage.provider = MemoryProvider()
    assert stage.send(DAY_1 + 3 * HOUR).sent == 3


def test_a_short_hold_is_sat_out_and_the_pass_goes_on(
    settings: Settings, database: Database
) -> None:
    """The message that met the limit is claimed again in the same pass."""
    stage = Stage(settings, database)
    stage.add_readers(5)
    answers = iter([accepted(), transient("slow down", retry_after_seconds=0.3)])
    stage.provider = MemoryProvider(lambda _: next(answers, accepted()))
    stage.clock.move_to(DAY_1)
    began = time.monotonic()
    with open_sender(stage.settings, database, stage.provider, RunningClock()) as sender:
        report = send_due(sender, stage.campaign, PassOptions(), lambda _email: ())
    assert time.monotonic() - began < 15
    assert (report.sent, report.due) == (5, 5)


def test_a_chunk_without_failures_ends_the_row(stage: Stage) -> None:
    """Nine failures, nothing but acceptances, and nine more; then a tenth pauses."""
    stage.add_readers(30)
    answers = iter([False] * 9 + [True] * 9 + [False] * 12)
    stage.provider = MemoryProvider(lambda _: accepted() if next(answers) else transient("gone"))
    stage.memory.claim_size = 9
    assert stage.send(DAY_1, limit=27).sent == 9
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert not record.is_paused
    stage.send(DAY_1, limit=1)
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert record.is_paused


def test_the_brake_pauses_at_its_share_of_hard_bounces(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, max_per_second="unlimited")
    stage.add_readers(900)
    numbers = iter(range(10_000))

    def every_thirtieth_is_bad(_message: Message) -> Verdict:
        bad = next(numbers) % 30 == 0
        return permanent("unknown", FaultKind.RECIPIENT) if bad else accepted()

    stage.provider = MemoryProvider(every_thirtieth_is_bad)
    report = stage.send(DAY_1)
    record = find_campaign(database, stage.campaign)
    assert report.remaining == 400  # it holds from 500 deliveries on
    assert record is not None
    assert record.pause_reason is not None
    assert "hard bounces" in record.pause_reason
    assert record.pause_reason.endswith("the server's last words: unknown")


def test_refused_credentials_stop_the_run_and_claim_nothing(stage: Stage) -> None:
    stage.add_readers(3)
    stage.provider = MemoryProvider(lambda _: stop_the_run("bad key"))
    with pytest.raises(ProviderRefused, match="bad key"):
        stage.send(DAY_1)
    assert stage.states("day-01") == {"planned": 3}
    stage.provider = MemoryProvider()
    assert stage.send().sent == 3


def test_a_pass_that_ends_early_still_says_what_it_did(stage: Stage) -> None:
    stage.add_readers(10)
    answers = iter([accepted()] * 4)
    stage.provider = MemoryProvider(lambda _: next(answers, stop_the_run("who are you?")))
    stage.clock.move_to(DAY_1)
    with stage.sender() as sender:
        report = send_due(sender, stage.campaign, PassOptions(), lambda _email: ())
    assert isinstance(report.closed, ProviderRefused)
    assert (report.sent, report.remaining, report.due) == (4, 6, 10)


def test_a_long_wait_that_the_provider_asks_for_is_kept_and_not_sat_out(stage: Stage) -> None:
    stage.add_readers(10)
    stage.provider = MemoryProvider(lambda _: transient("later", retry_after_seconds=600))
    began = time.monotonic()
    report = stage.send(DAY_1)
    assert time.monotonic() - began < 30
    assert (report.retry_later, report.sent) == (10, 0)
    assert report.next_due is not None
    assert report.next_due >= DAY_1 + timedelta(seconds=600)


def test_nobody_waits_for_a_provider_where_the_limit_is_reached(stage: Stage) -> None:
    stage.add_readers(3)
    stage.provider = MemoryProvider(lambda _: accepted(retry_after_seconds=30))
    began = time.monotonic()
    assert stage.send(DAY_1, limit=1).sent == 1
    assert time.monotonic() - began < 15


def test_the_next_moment_that_is_told_is_one_at_which_something_is_due(stage: Stage) -> None:
    stage.add_readers(1)
    stage.provider = MemoryProvider(lambda _: transient("later"))
    told = stage.send(DAY_1 + timedelta(microseconds=7)).next_due
    assert told is not None
    stage.provider = MemoryProvider()
    assert stage.send(parse_instant(format_instant(told))).sent == 1


def test_an_unknown_outcome_is_never_sent_again_silently(stage: Stage) -> None:
    stage.add_readers(1)
    stage.provider = MemoryProvider(lambda _: unknown("the line went dead"))
    assert stage.send(DAY_1).in_doubt == 1
    stage.provider = MemoryProvider()
    assert stage.send(DAY_1 + HOUR).due == 0


def test_an_email_with_mistakes_is_not_claimed(stage: Stage) -> None:
    stage.add_readers(2)
    mistake = Problem(code="LC999", message="no")
    report = stage.send(DAY_1, check=lambda _email: [mistake])
    assert (report.remaining, report.problems) == (2, (mistake,))
    assert stage.send().sent == 2


def test_a_mistake_in_one_email_does_not_hold_up_another(stage: Stage) -> None:
    stage.add_readers(1, zones=["Pacific/Auckland"])
    stage.add_readers(1, name="parisian")

    def check(email: Email) -> list[Problem]:
        return [Problem(code="LC999", message="no")] if email.key == "day-02" else []

    report = stage.send(datetime(2027, 2, 1, 21, tzinfo=UTC), check=check)
    assert (report.sent, report.remaining, report.skipped) == (1, 1, 1)


def test_an_edit_after_the_first_copy_blocks_until_it_is_meant(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send(DAY_1, limit=1)
    stage.edit("days/01-day-1.md", "gift of day 1", "present of day 1")
    blocked = stage.send()
    assert (blocked.sent, blocked.remaining) == (0, 2)
    assert [each.severity for each in blocked.problems] == [Severity.ERROR]
    assert "send skips it until you choose a text" in blocked.problems[0].message
    frozen = stage.send(on_edit=EditPolicy(keeps_frozen=True), limit=1)
    assert [each.severity for each in frozen.problems] == [Severity.WARNING]
    assert "the remaining subscribers get the old text" in frozen.problems[0].message
    meant = stage.send(on_edit=EditPolicy(accepted_by="ana"))
    assert (meant.sent, meant.problems) == (1, ())
    bodies = [message.text for message in stage.memory.sent]
    assert ["present" in body for body in bodies] == [False, False, True]


def test_an_edit_that_nobody_waits_for_is_nobodys_problem(stage: Stage) -> None:
    stage.add_readers(1)
    stage.send(DAY_1)
    stage.edit("days/01-day-1.md", "gift of day 1", "present of day 1")
    assert stage.send(DAY_1 + HOUR).problems == ()


def test_start_cannot_move_after_a_real_send(stage: Stage) -> None:
    stage.add_readers(1)
    stage.send(DAY_1)
    stage.edit("campaign.yaml", "2027-02-01", "2027-02-02")
    with pytest.raises(UsageError, match="start was 2027-02-01"):
        stage.send()


def test_a_template_that_breaks_for_one_person_fails_for_that_person_only(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, files={"days/01-day-1.md": HOPES_FOR_A_PET})
    ids = stage.add_readers(3)
    with database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id != ids[1])
            .values(fields={"pet": "Minou"})
        )
    report = stage.send(DAY_1)
    assert (report.sent, report.failed) == (2, 1)
    assert stage.reasons("day-01") == {"message": 1}
    (problem,) = report.problems
    assert problem.severity is Severity.WARNING
    assert problem.message.startswith("day-01: 1 failed: campaigns/")
    assert "fields has no 'pet'" in problem.message
    assert "retry day-01 --state failed" in (problem.hint or "")


EARLY_ACCESS = datetime(2027, 2, 27, 9, tzinfo=UTC)


def test_links_that_are_none_fail_for_their_subscribers_and_never_pause_the_campaign(
    stage: Stage,
) -> None:
    stage.add_readers(14)
    stage.edit("days/01-day-1.md", "This is", "[Your page]({{ fields.page }})\n\nThis is")
    with stage.database.write() as connection:
        bad = {"page": "javascript:alert(1)"}
        connection.execute(sa.update(tables.subscriber).values(fields=bad))
        last = sa.select(sa.func.max(tables.subscriber.c.id)).scalar_subquery()
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id == last)
            .values(fields={"page": "https://ana.example"})
        )
    stage.send(DAY_1)
    assert stage.states("day-01") == {"failed": 13, "sent": 1}
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    assert not record.is_paused
    with stage.database.read() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(tables.suppression))


def test_insiders_keep_their_code_from_email_to_email(stage: Stage) -> None:
    stage.add_readers(2, lists=("readers", "insiders"))
    stage.send(EARLY_ACCESS)
    first = _codes(stage)
    stage.send(EARLY_ACCESS + 5 * DAY)
    assert len(set(first.values())) == 2
    assert _codes(stage) == first


def test_insiders_who_are_there_before_anything_was_sent_are_in_time(stage: Stage) -> None:
    """As founders they count from before day 1, although early access has begun."""
    late = EARLY_ACCESS + DAY - timedelta(hours=2)
    stage.add_readers(2, lists=("readers", "insiders"), joined_at=late - timedelta(hours=1))
    report = stage.send(late)
    assert (stage.states("early-access"), report.failed) == ({"sent": 2}, 0)
    assert len(_codes(stage)) == 2


def _with_code_list(settings: Settings, database: Database) -> Stage:
    return Stage(
        settings,
        database,
        files={"codes.csv": "code\nALPHA\nBETA\n"},
        settings_={"deals": {"insider": {"codes": "codes.csv"}}},
    )


def test_codes_come_from_the_authors_file_until_it_is_empty(
    settings: Settings, database: Database
) -> None:
    stage = _with_code_list(settings, database)
    stage.add_readers(3, lists=("readers", "insiders"))
    stage.send(EARLY_ACCESS)
    assert sorted(_codes(stage).values()) == ["ALPHA", "BETA"]


def test_a_code_list_that_cannot_be_read_holds_up_the_launch_alone(
    settings: Settings, database: Database
) -> None:
    stage = _with_code_list(settings, database)
    stage.add_readers(2)
    stage.add_readers(2, lists=("readers", "insiders"), name="insider")
    (stage.folder / "codes.csv").unlink()
    report = stage.send(EARLY_ACCESS)
    assert [problem.code for problem in report.problems] == ["LC902"]
    assert stage.states("day-27") == {"sent": 4}
    assert stage.states("early-access") == {"planned": 2}


def test_two_senders_may_bring_the_same_codes_at_once(stage: Stage) -> None:
    record = record_campaign(stage.database, stage.campaign)
    codes = [f"CODE{number}" for number in range(50)]
    is_filled = threading.Event()

    def fill_slowly() -> None:
        with stage.database.write() as connection:
            fill_pool(connection, record.id, "insider", codes)
            is_filled.set()
            time.sleep(0.5)  # the other one looks meanwhile

    first = threading.Thread(target=fill_slowly)
    first.start()
    assert is_filled.wait(10)
    with stage.database.write() as connection:
        fill_pool(connection, record.id, "insider", codes)
        held = connection.scalar(sa.select(sa.func.count()).select_from(tables.deal_code))
    first.join()
    assert held == len(codes)


def _codes(stage: Stage) -> dict[int, str]:
    with stage.database.read() as connection:
        rows = connection.execute(
            sa.select(tables.deal_code).where(tables.deal_code.c.subscriber_id.is_not(None))
        )
        return {row.subscriber_id: row.code for row in rows}


def test_two_senders_at_once_share_the_work(stage: Stage) -> None:
    stage.add_readers(300)
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(stage.send(DAY_1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.sent for report in reports) == 300
    assert len(set(stage.addresses())) == len(stage.addresses()) == 300


HOPES_FOR_A_PET = """---
subject: "Day 1: your pet"
preheader: One line.
kind: value
---
Dear {{ first_name | default("friend", true) }}, how is {{ fields.pet }}?
"""


def _suppress(stage: Stage, address: str, list_: str = "") -> None:
    with stage.database.write() as connection:
        connection.execute(
            sa.insert(tables.suppression).values(
                address_key=address, list=list_, reason="unsubscribed", at=stage.clock.now()
            )
        )


def _suppressed(stage: Stage) -> list[str]:
    with stage.database.read() as connection:
        return list(connection.scalars(sa.select(tables.suppression.c.address_key)))


class Late(MemoryProvider):
    """Answers come two messages late, as over several connections; the last is ``last``."""

    def __init__(self, last: Verdict) -> None:
        super().__init__()
        self.last = last

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        held: list[Message] = []
        for message in messages:
            flight.writing(message.delivery_id)
            held.append(message)
            if len(held) > 2:
                yield accepted().on(held.pop(0))
        for message in held[:-1]:
            yield accepted().on(message)
        if held:
            yield self.last.on(held[-1])


@pytest.mark.parametrize(("last", "sent"), [(accepted(), 30), (transient("later"), 28)])
def test_a_chunk_that_stopped_for_failures_that_pause_nothing_goes_on(
    settings: Settings, database: Database, last: Verdict, sent: int
) -> None:
    """Whatever the last answers on the wire said."""
    stage = Stage(settings, database, files={"days/01-day-1.md": HOPES_FOR_A_PET})
    stage.provider = Late(last)
    ids = stage.add_readers(40)
    with database.write() as connection:
        is_named = tables.subscriber.c.id.in_(ids[:16] + ids[26:])
        connection.execute(sa.update(tables.subscriber).where(is_named).values(fields={"pet": "M"}))
    report = stage.send(DAY_1)
    assert (report.sent, report.failed, report.remaining) == (sent, 10, 0)
    assert report.retry_later == 30 - sent


def test_our_own_sending_limit_stops_the_pass_and_counts_for_no_subscriber(stage: Stage) -> None:
    stage.add_readers(4)
    words = "550 5.4.6 unusual sending activity"
    answers = iter([accepted()])
    stage.provider = MemoryProvider(lambda _: next(answers, hold_for_quota(words)))
    report = stage.send(DAY_1)
    assert (report.sent, report.failed, report.retry_later + report.remaining) == (1, 0, 3)
    assert [each.message for each in report.problems] == [
        f"the provider's sending limit is reached: {words}"
    ]
    with stage.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.event)) == 0
        attempts = sa.select(tables.delivery.c.attempts).where(
            tables.delivery.c.state == DeliveryState.PLANNED.value
        )
        assert set(connection.scalars(attempts)) == {0}
    stage.provider = MemoryProvider()
    assert stage.send(DAY_1 + HOUR).sent == 3


def test_what_was_counted_before_a_resume_does_not_pull_the_brake_again(stage: Stage) -> None:
    stage.add_readers(2)
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        counts = EmailCounts(accepted=900, hard_bounces=100)
        add_to_email(connection, record.email_ids["day-01"], counts)
        pause(connection, record.id, DAY_1, "over the brake")
        assert resume(connection, record.id)
    answers = iter([permanent("550 5.1.1 no such user", FaultKind.RECIPIENT)])
    stage.provider = MemoryProvider(lambda _: next(answers, accepted()))
    assert stage.send(DAY_1).sent == 1
    after = find_campaign(stage.database, stage.campaign)
    assert after is not None
    assert not after.is_paused
