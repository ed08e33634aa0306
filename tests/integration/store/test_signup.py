"""Each sign-up gets its message, and only a confirmation changes anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.signup.confirm import ConfirmationState
from lovecampaign.store.signup.request import SignupOutcome
from lovecampaign.store.subscribers.erasure import forget, is_forgotten
from lovecampaign.store.subscribers.expire_unconfirmed import delete_unconfirmed
from lovecampaign.store.subscribers.memberships import is_mailable_member
from lovecampaign.store.subscribers.records import read_address_record
from lovecampaign.store.subscribers.suppressions import Suppression, suppress, unsubscribe
from tests.support.signup import (
    ANA,
    CONSENT,
    VERSION,
    apply,
    asked_rows,
    asked_states,
    confirm,
    rows_of,
    welcome,
)
from tests.support.stage import Stage

NOW = datetime(2027, 2, 5, 13, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=7)


def join(stage: Stage, now: datetime = NOW, **changes: str) -> int:
    """Ask and confirm; returns the subscriber's id."""
    apply(stage, now, **changes)
    asked = asked_rows(stage.database)[-1]
    found = confirm(stage, asked.id, now + MINUTE)
    assert found is not None
    assert found.state is ConfirmationState.OPEN
    return int(asked.subscriber_id)


def is_on(stage: Stage, subscriber_id: int, list_name: str = "readers") -> bool:
    with stage.database.read() as connection:
        return is_mailable_member(
            connection, subscriber_id, list_name, stage.campaign.id, NOW + DAY
        )


def test_a_stranger_is_asked_to_confirm_and_is_nobody_until_then(stage: Stage) -> None:
    assert apply(stage, NOW) is SignupOutcome.TO_CONFIRM

    assert asked_states(stage.database) == [("confirm", "planned")]
    [person] = rows_of(stage.database, tables.subscriber)
    assert (person.address_key, person.first_name, person.timezone) == (ANA, "", "")
    [place] = rows_of(stage.database, tables.membership)
    assert place.confirmed_at is None
    assert rows_of(stage.database, tables.consent) == []
    assert not is_on(stage, person.id)


def test_a_confirmation_writes_down_who_agreed_to_what_when_where_and_how(stage: Stage) -> None:
    subscriber_id = join(stage)

    [written] = rows_of(stage.database, tables.consent)
    assert written._mapping == {
        "id": written.id,
        "subscriber_id": subscriber_id,
        "list": "readers",
        "kind": "express",
        "given_at": NOW,
        "source": "form",
        "text_version": VERSION,
        "text": CONSENT,
        "form_url": "https://bloom.example/blog",
        "ip": "203.0.113.9",
        "user_agent": "Test/1",
        "locale": "fr",
        "confirmed_at": NOW + MINUTE,
        "confirmed_ip": "198.51.100.7",
        "confirmed_user_agent": "Mail/2",
        "expires_at": None,
        "recorded_at": NOW + MINUTE,
        "import_id": None,
    }
    [person] = rows_of(stage.database, tables.subscriber)
    assert (person.first_name, person.timezone, person.locale) == ("Ana", "Europe/Paris", "fr")
    assert is_on(stage, subscriber_id)


def test_joining_is_confirming_so_late_joiners_count_from_there(stage: Stage) -> None:
    apply(stage, NOW)
    confirm(stage, asked_rows(stage.database)[0].id, NOW + 3 * DAY)

    [place] = rows_of(stage.database, tables.membership)
    assert place.joined_at == place.confirmed_at == NOW + 3 * DAY


def test_pressing_twice_is_pressing_once(stage: Stage) -> None:
    join(stage)

    again = confirm(stage, asked_rows(stage.database)[0].id, NOW + HOUR)

    assert again is not None
    assert again.state is ConfirmationState.DONE
    assert len(rows_of(stage.database, tables.consent)) == 1


def test_of_two_confirmations_the_second_says_that_all_is_done(stage: Stage) -> None:
    apply(stage, NOW)
    apply(stage, NOW + MINUTE)
    first, second = asked_rows(stage.database)
    confirm(stage, first.id, NOW + HOUR)
    before = rows_of(stage.database, tables.subscriber)

    again = confirm(stage, second.id, NOW + 2 * HOUR)
    assert again is not None
    assert again.state is ConfirmationState.DONE
    assert len(rows_of(stage.database, tables.consent)) == 1
    assert rows_of(stage.database, tables.subscriber) == before


def test_three_confirmations_an_hour_and_ten_a_day_go_to_one_address(stage: Stage) -> None:
    answers = [apply(stage, NOW + number * MINUTE) for number in range(4)]
    assert answers == [SignupOutcome.TO_CONFIRM] * 3 + [SignupOutcome.TOO_OFTEN]

    later = [apply(stage, NOW + number * HOUR) for number in range(2, 12)]
    assert later == [SignupOutcome.TO_CONFIRM] * 7 + [SignupOutcome.TOO_OFTEN] * 3
    assert apply(stage, NOW + 25 * HOUR) is SignupOutcome.TO_CONFIRM


def test_a_reader_who_asks_again_is_told_so_once_a_day(stage: Stage) -> None:
    join(stage)

    assert apply(stage, NOW + HOUR) is SignupOutcome.IS_MEMBER
    assert apply(stage, NOW + 2 * HOUR) is SignupOutcome.TOO_OFTEN
    assert apply(stage, NOW + 26 * HOUR) is SignupOutcome.IS_MEMBER
    assert asked_states(stage.database)[1:] == [
        ("already-member", "planned"),
        ("confirm", "skipped"),
        ("already-member", "planned"),
    ]


def test_nobody_changes_another_person_by_typing_their_address(stage: Stage) -> None:
    join(stage)

    apply(stage, NOW + HOUR, first_name="Spam http://spam.example", timezone="Asia/Tokyo")

    [person] = rows_of(stage.database, tables.subscriber)
    assert (person.first_name, person.timezone) == ("Ana", "Europe/Paris")


def test_a_link_is_good_for_seven_days(stage: Stage) -> None:
    apply(stage, NOW)
    asked = asked_rows(stage.database)[0]

    late = confirm(stage, asked.id, NOW + 7 * DAY)

    assert late is not None
    assert late.state is ConfirmationState.EXPIRED
    assert not is_on(stage, asked.subscriber_id)
    in_time = confirm(stage, asked.id, NOW + 7 * DAY - MINUTE)
    assert in_time is not None
    assert in_time.state is ConfirmationState.OPEN


def test_an_old_link_brings_nobody_back_who_left_since(stage: Stage) -> None:
    subscriber_id = join(stage)
    apply(stage, NOW + HOUR, list="insiders")
    unsubscribe(stage.database, ANA, NOW + 2 * HOUR, lists=["readers", "insiders"])

    for asked in asked_rows(stage.database):
        found = confirm(stage, asked.id, NOW + 3 * HOUR)
        assert found is not None
        assert found.state is ConfirmationState.LEFT
    assert not is_on(stage, subscriber_id)


def test_who_left_comes_back_by_themselves_and_only_by_confirming(stage: Stage) -> None:
    subscriber_id = join(stage)
    unsubscribe(stage.database, ANA, NOW + HOUR, lists=["readers", "insiders"])

    assert apply(stage, NOW + 2 * HOUR) is SignupOutcome.TO_CONFIRM
    assert not is_on(stage, subscriber_id)
    confirm(stage, asked_rows(stage.database)[-1].id, NOW + 3 * HOUR)

    assert is_on(stage, subscriber_id)
    lifted = {row.list: row.lifted_at for row in rows_of(stage.database, tables.suppression)}
    assert lifted == {"readers": NOW + 3 * HOUR, "insiders": None}


def test_who_left_everything_and_comes_back_to_one_list_has_left_the_others(stage: Stage) -> None:
    subscriber_id = join(stage)
    join(stage, NOW + MINUTE, list="insiders")
    unsubscribe(stage.database, ANA, NOW + HOUR)

    apply(stage, NOW + 2 * HOUR)
    confirm(stage, asked_rows(stage.database)[-1].id, NOW + 3 * HOUR)

    assert is_on(stage, subscriber_id, "readers")
    assert not is_on(stage, subscriber_id, "insiders")


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINT, SuppressionReason.MANUAL])
def test_who_complained_gets_nothing_whoever_types_their_address(
    stage: Stage, reason: SuppressionReason
) -> None:
    apply(stage, NOW)
    suppress(stage.database, ANA, Suppression(reason=reason), NOW + MINUTE)

    assert apply(stage, NOW + 30 * DAY) is SignupOutcome.BARRED
    assert asked_states(stage.database)[-1] == ("confirm", "skipped")
    found = confirm(stage, asked_rows(stage.database)[0].id, NOW + HOUR)
    assert found is not None
    assert found.state is ConfirmationState.LEFT


@pytest.mark.parametrize(
    ("complained", "typed"),
    [
        ("cruz@bloom.example", "Cruz+2@bloom.example"),
        ("cruz+2@bloom.example", "cruz@bloom.example"),
        ("a.cruz@gmail.com", "acruz+x@googlemail.com"),
    ],
)
def test_a_complaint_bars_every_address_of_the_mailbox(
    stage: Stage, complained: str, typed: str
) -> None:
    complaint = Suppression(reason=SuppressionReason.COMPLAINT)
    suppress(stage.database, complained, complaint, NOW)

    assert apply(stage, NOW + HOUR, typed) is SignupOutcome.BARRED
    assert apply(stage, NOW + HOUR, "other@bloom.example") is SignupOutcome.TO_CONFIRM


def test_a_bounced_address_rests_for_a_day_and_confirming_proves_it(stage: Stage) -> None:
    bounced = Suppression(reason=SuppressionReason.HARD_BOUNCE)
    suppress(stage.database, ANA, bounced, NOW)

    assert apply(stage, NOW + HOUR) is SignupOutcome.BOUNCED
    subscriber_id = join(stage, NOW + 25 * HOUR)
    assert is_on(stage, subscriber_id)


def test_a_forgotten_person_may_come_back_by_themselves(stage: Stage) -> None:
    join(stage)
    forget(stage.database, ANA, NOW + HOUR)

    subscriber_id = join(stage, NOW + 2 * HOUR)

    assert is_on(stage, subscriber_id)
    with stage.database.read() as connection:
        assert not is_forgotten(connection, ANA)
    person = read_address_record(stage.database, ANA)
    assert person.profile is not None
    assert len(person.profile.consents) == 1


def test_forgetting_takes_what_was_typed_out_of_the_queue(stage: Stage) -> None:
    apply(stage, NOW)
    forget(stage.database, ANA, NOW + MINUTE)

    [asked] = asked_rows(stage.database)
    assert (asked.state, asked.payload) == ("cancelled", {})
    assert confirm(stage, asked.id, NOW + HOUR) is None


def test_implied_consent_that_runs_out_may_become_a_lasting_one(stage: Stage) -> None:
    subscriber_id = join(stage)
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.membership).values(consent_expires_at=NOW + 30 * DAY))

    assert apply(stage, NOW + HOUR) is SignupOutcome.TO_CONFIRM
    confirm(stage, asked_rows(stage.database)[-1].id, NOW + 2 * HOUR)

    [place] = rows_of(stage.database, tables.membership)
    assert (place.subscriber_id, place.consent_expires_at) == (subscriber_id, None)


def test_a_person_is_welcomed_once_in_a_campaign(stage: Stage) -> None:
    subscriber_id = join(stage)

    assert welcome(stage, subscriber_id, NOW)
    assert not welcome(stage, subscriber_id, NOW + DAY)
    assert stage.states("welcome") == {"planned": 1}


def test_after_30_days_nothing_is_kept_of_who_never_confirmed(stage: Stage) -> None:
    apply(stage, NOW)
    reader = join(stage, NOW)  # the same address: confirmed by the second mail
    apply(stage, NOW, address="stranger@reader.example")
    apply(stage, NOW + 10 * DAY, address="slow@reader.example")

    assert delete_unconfirmed(stage.database, NOW + 30 * DAY) == 0
    assert delete_unconfirmed(stage.database, NOW + 31 * DAY) == 1

    people = {row.address_key for row in rows_of(stage.database, tables.subscriber)}
    assert people == {ANA, "slow@reader.example"}
    assert is_on(stage, reader)
    assert len(asked_rows(stage.database)) == 1
    assert len(rows_of(stage.database, tables.consent)) == 1


def test_a_member_of_one_list_keeps_it_when_the_other_is_never_confirmed(stage: Stage) -> None:
    reader = join(stage)
    apply(stage, NOW, list="insiders")

    delete_unconfirmed(stage.database, NOW + 31 * DAY)

    assert [row.list for row in rows_of(stage.database, tables.membership)] == ["readers"]
    assert is_on(stage, reader)
