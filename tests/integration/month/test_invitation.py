"""The invitation goes out in waves; who says yes gets the month, and silence only the launch."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.schedule.waves import wave_instants
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.reports.dry_run import dry_run_send
from lovecampaign.store.reports.next_email import wants_days
from lovecampaign.store.reports.ramp import Ramp, report_ramp
from lovecampaign.store.subscribers.preferences import (
    Preferences,
    note_yes_by_form,
    save_preferences,
)
from lovecampaign.testing.campaigns import invitation_file
from tests.support.stage import DAY_1, Stage

#: 09:00 in Paris, five days before day 1.
FROM = DAY_1 - timedelta(days=5)
DAY = timedelta(days=1)
#: Of each domain; all were active one after the other, the first most recently.
PEOPLE = {"big.example": 130, "mid.example": 60, "tiny.example": 10}


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    asked = {"from": "day -5", "waves": "2x", "first": 10}
    return Stage(
        settings,
        database,
        days=2,
        files={"invitation.md": invitation_file()},
        settings_={"invitation": asked, "audience": {"active_within": "180d"}},
    )


def add_people(stage: Stage) -> dict[str, int]:
    """200 readers at three domains; returns ids by address."""
    ids = stage.add_readers(sum(PEOPLE.values()))
    domains = [name for name, number in PEOPLE.items() for _ in range(number)]
    found = {}
    with stage.database.write() as connection:
        for number, (id_, domain) in enumerate(zip(ids, domains, strict=True)):
            address = f"r{number:03d}@{domain}"
            found[address] = id_
            connection.execute(
                sa.update(tables.subscriber)
                .where(tables.subscriber.c.id == id_)
                .values(
                    address_key=address,
                    email=address,
                    last_active_at=FROM - timedelta(hours=number + 1),
                )
            )
    return found


def send_on(stage: Stage, now: datetime) -> list[str]:
    """The addresses of one pass, in order."""
    before = len(stage.memory.sent)
    stage.send(now)
    return stage.addresses()[before:]


def by_domain(addresses: list[str]) -> dict[str, int]:
    return dict(Counter(address.partition("@")[2] for address in addresses))


def test_waves_double_by_domain_and_go_to_the_most_recently_active_first(stage: Stage) -> None:
    people = add_people(stage)
    assert len(wave_instants(stage.campaign)) == 5

    sent = [send_on(stage, FROM + number * DAY) for number in range(5)]

    assert [by_domain(each) for each in sent] == [
        {"big.example": 10, "mid.example": 10, "tiny.example": 10},
        {"big.example": 20, "mid.example": 20},
        {"big.example": 40, "mid.example": 30},
        {"big.example": 60},
        {},
    ]
    for domain in PEOPLE:
        order = [one for each in sent for one in each if one.endswith(domain)]
        assert order == [one for one in people if one.endswith(domain)]


def test_a_wave_is_planned_once_a_day_whoever_joins_and_however_often_it_is_sent(
    stage: Stage,
) -> None:
    add_people(stage)
    first = [*send_on(stage, FROM), *send_on(stage, FROM + timedelta(hours=3))]
    stage.add_readers(5, name="new")
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.email.like("new%"))
            .values(last_active_at=FROM)
        )

    assert send_on(stage, FROM + timedelta(hours=6)) == []
    assert len(first) == 30
    second = send_on(stage, FROM + DAY)
    assert by_domain(second) == {"big.example": 20, "mid.example": 20, "readers.example": 5}


def test_a_wave_that_the_brake_stops_is_finished_first_and_counts(stage: Stage) -> None:
    add_people(stage)
    send_on(stage, FROM)
    stage.send(FROM + DAY, limit=15)
    campaign = tables.campaign
    with stage.database.write() as connection:
        connection.execute(sa.update(campaign).values(paused_at=FROM + DAY, pause_reason="brake"))
    assert send_on(stage, FROM + DAY + timedelta(hours=1)) == []
    assert send_on(stage, FROM + 2 * DAY) == []
    with stage.database.write() as connection:
        connection.execute(sa.update(campaign).values(paused_at=None, pause_reason=None))

    resumed = by_domain(send_on(stage, FROM + 3 * DAY))

    # The largest wave so far had at most 15 a domain: at most 30 now, the rest of the stopped
    # wave included.
    assert all(size <= 30 for size in resumed.values())
    assert sum(resumed.values()) > 25


def test_readers_whose_night_it_is_are_in_their_wave_and_hear_in_the_morning(
    settings: Settings, database: Database
) -> None:
    asked = {"from": "day -5", "first": 10}
    stage = Stage(
        settings,
        database,
        days=2,
        quiet_hours="21:00-07:00",
        files={"invitation.md": invitation_file()},
        settings_={"invitation": asked},
    )
    stage.add_readers(20, zones=("Europe/Paris", "America/New_York"))
    ramp = report_ramp(stage.database, stage.campaign, FROM)
    assert ramp is not None
    [first, second] = ramp.waves

    at_once, later = send_on(stage, FROM), send_on(stage, FROM + timedelta(hours=4))

    assert (len(at_once), len(later)) == (5, 5)
    assert first.size == 10
    assert len([*send_on(stage, FROM + DAY), *send_on(stage, FROM + DAY * 7 / 6)]) == second.size


def test_a_missed_day_makes_no_later_wave_larger(stage: Stage) -> None:
    add_people(stage)
    send_on(stage, FROM)

    assert by_domain(send_on(stage, FROM + 3 * DAY)) == {"big.example": 20, "mid.example": 20}


def test_yes_brings_the_month_and_silence_only_the_launch(stage: Stage) -> None:
    people = add_people(stage)
    record = record_campaign(stage.database, stage.campaign)
    active, old = list(people)[:6], list(people)[6:8]
    yes, launch_only, by_form, left, silent, late = (people[address] for address in active)
    accepted_old, silent_old = (people[address] for address in old)
    with stage.database.write() as connection:
        subscriber = tables.subscriber
        unused = [id_ for id_ in people.values() if id_ > silent_old]
        connection.execute(
            sa.delete(tables.membership).where(tables.membership.c.subscriber_id.in_(unused))
        )
        connection.execute(
            sa.update(subscriber)
            .where(subscriber.c.id.in_([accepted_old, silent_old]))
            .values(last_active_at=DAY_1 - timedelta(days=400))
        )
        note_yes_by_form(connection, record.id, by_form)
        connection.execute(
            sa.insert(tables.suppression).values(
                address_key=active[3], reason="unsubscribed", at=FROM
            )
        )
    plan = {one.key: one for one in report_campaign(stage.database, stage.campaign, FROM).emails}
    assert plan["invitation"].recipients == 6
    assert plan["invitation"].skipped == {"suppressed": 1, "has_chosen": 1}

    invited = send_on(stage, FROM)
    assert set(invited) == {*active, *old} - {active[2], active[3]}
    with stage.database.write() as connection:
        for id_, is_launch_only in ((yes, False), (launch_only, True), (accepted_old, False)):
            wanted = Preferences(is_launch_only=is_launch_only)
            save_preferences(connection, record.id, id_, wanted)
    first = send_on(stage, DAY_1)
    with stage.database.write() as connection:
        save_preferences(connection, record.id, late, Preferences())
    second = send_on(stage, DAY_1 + DAY)
    launched = send_on(stage, stage.campaign.launch.at)

    def names(*ids: int) -> set[str]:
        return {address for address, id_ in people.items() if id_ in ids}

    assert set(first) == names(yes, by_form, accepted_old)
    assert set(second) == names(yes, by_form, accepted_old, late)
    everyone = names(yes, launch_only, by_form, silent, late, accepted_old)
    assert set(launched) == everyone
    now = stage.clock.now()
    report = {one.key: one for one in report_campaign(stage.database, stage.campaign, now).emails}
    assert report["launch"].skipped["not_active"] == 1
    assert left not in {people[address] for address in stage.addresses()}


def test_who_was_never_asked_gets_the_month_as_without_an_invitation(stage: Stage) -> None:
    silent, _ = stage.add_readers(2)
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id == silent)
            .values(last_active_at=FROM)
        )
    send_on(stage, FROM)
    late, old = stage.add_readers(2, name="late")
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id == late)
            .values(last_active_at=DAY_1)
        )

    assert send_on(stage, DAY_1) == ["late1@readers.example"]
    with stage.database.read() as connection:
        now = stage.clock.now()
        found = [wants_days(connection, stage.campaign, each, now) for each in (silent, late, old)]
    assert found == [False, True, True]


def test_who_was_not_reached_before_day_1_is_not_asked_any_more(stage: Stage) -> None:
    add_people(stage)
    send_on(stage, DAY_1 - DAY)

    assert len(send_on(stage, DAY_1)) == stage.states("day-01")["sent"] == 170
    assert stage.states("invitation") == {"sent": 30}
    report = report_campaign(stage.database, stage.campaign, DAY_1)
    assert report.emails[0].skipped == {"late": 170}


def test_the_invitation_begins_no_month(stage: Stage) -> None:
    add_people(stage)
    send_on(stage, FROM)

    assert record_campaign(stage.database, stage.campaign).first_claim_at is None


def ramp_at(stage: Stage, now: datetime) -> Ramp:
    ramp = report_ramp(stage.database, stage.campaign, now)
    assert ramp is not None
    return ramp


def would_send(stage: Stage, now: datetime) -> int:
    emails = stage.campaign.scheduled_emails
    return dry_run_send(stage.database, stage.campaign, emails, now).tried


def test_the_plan_foresees_the_waves_at_every_moment(stage: Stage) -> None:
    add_people(stage)
    expected = [dict(wave.sizes) for wave in ramp_at(stage, FROM - 10 * DAY).waves]

    for number in range(4):
        at = FROM + number * DAY
        assert [dict(wave.sizes) for wave in ramp_at(stage, at).waves] == expected
        assert would_send(stage, at) == sum(expected[number].values())
        assert by_domain(send_on(stage, at)) == expected[number]
        for later in (timedelta(0), timedelta(hours=20)):
            ramp = ramp_at(stage, at + later)
            assert would_send(stage, at + later) == 0
            assert [dict(wave.sizes) for wave in ramp.waves] == expected
            assert (ramp.unreached, ramp.day_1, ramp.crowded) == (0, 0, [])


def test_the_plan_says_who_is_not_reached_and_where_day_1_is_a_burst(stage: Stage) -> None:
    people = add_people(stage)
    late = ramp_at(stage, DAY_1 - 2 * DAY)
    assert [wave.size for wave in late.waves] == [30, 40]
    assert late.unreached == late.day_1 == 130
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        for address, id_ in people.items():
            if address.endswith("big.example"):
                note_yes_by_form(connection, record.id, id_)

    ramp = ramp_at(stage, FROM)

    assert ramp.day_1 == 130
    [crowded] = ramp.crowded
    assert (crowded.domain, crowded.recipients, crowded.largest_wave) == ("big.example", 130, 0)
