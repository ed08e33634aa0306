"""Confirmations are limited for all spellings of a mailbox together, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.signup.request import (
    SignupOutcome,
    SignupRequest,
    request_signup,
    request_signups,
)
from lovecampaign.store.subscribers.erasure import forget
from tests.support.signup import application, apply, asked_rows, confirm, record_of, rows_of
from tests.support.stage import Stage

NOW = datetime(2027, 2, 5, 13, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TO_CONFIRM, TOO_OFTEN = SignupOutcome.TO_CONFIRM, SignupOutcome.TOO_OFTEN
KIM = ("kim@reader.example", "kim+a@reader.example", "kim+b@reader.example", "Kim+c@reader.example")
GMAIL = ("kimlee@gmail.com", "kim.lee@gmail.com", "k.imlee+x@googlemail.com", "kiml.ee@gmail.com")


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=7)


def request_to(stage: Stage, address: str) -> SignupRequest:
    return SignupRequest(
        address=address,
        key=address.lower(),
        form=application(),
        campaign_id=record_of(stage).id,
    )


@pytest.mark.parametrize("spellings", [KIM, GMAIL])
def test_all_spellings_of_a_mailbox_get_three_confirmations_an_hour(
    stage: Stage, spellings: Sequence[str]
) -> None:
    outcomes = [
        apply(stage, NOW + number * MINUTE, address) for number, address in enumerate(spellings)
    ]

    assert outcomes == [TO_CONFIRM] * 3 + [TOO_OFTEN]
    assert apply(stage, NOW + 5 * MINUTE, spellings[0]) is TOO_OFTEN
    assert apply(stage, NOW + 5 * MINUTE, "lee@reader.example") is TO_CONFIRM
    assert apply(stage, NOW + 62 * MINUTE, spellings[3]) is TO_CONFIRM


def test_all_spellings_of_a_mailbox_get_ten_confirmations_a_day(stage: Stage) -> None:
    outcomes = [
        apply(stage, NOW + number * HOUR, f"kim+{number}@reader.example") for number in range(12)
    ]

    assert outcomes == [TO_CONFIRM] * 10 + [TOO_OFTEN] * 2
    assert apply(stage, NOW + 12 * HOUR, KIM[0]) is TOO_OFTEN
    assert apply(stage, NOW + 25 * HOUR, KIM[0]) is TO_CONFIRM


def test_spellings_in_one_group_of_requests_are_counted_one_after_the_other(stage: Stage) -> None:
    requests = [request_to(stage, address) for address in (*KIM, "lee@reader.example")]

    outcomes = request_signups(stage.database, requests, NOW)

    assert outcomes == [TO_CONFIRM] * 3 + [TOO_OFTEN, TO_CONFIRM]
    people = {row.address_key: row.email for row in rows_of(stage.database, tables.subscriber)}
    assert people == {one.key: one.address for one in requests}


def test_spellings_at_the_same_time_are_counted_one_after_the_other(stage: Stage) -> None:
    requests = [request_to(stage, f"kim+{number}@reader.example") for number in range(8)]
    start = Barrier(len(requests))

    def request_at_once(one: SignupRequest) -> SignupOutcome:
        start.wait(timeout=20)
        return request_signup(stage.database, one.address, one.key, one.form, one.campaign_id, NOW)

    with ThreadPoolExecutor(len(requests)) as threads:
        outcomes = list(threads.map(request_at_once, requests))

    assert sorted(outcomes) == sorted([TO_CONFIRM] * 3 + [TOO_OFTEN] * 5)


def test_a_member_with_another_spelling_is_answered_beside_the_limit(stage: Stage) -> None:
    apply(stage, NOW, KIM[0])
    confirm(stage, asked_rows(stage.database)[0].id, NOW + MINUTE)
    for address in KIM[1:3]:
        assert apply(stage, NOW + 2 * MINUTE, address) is TO_CONFIRM

    assert apply(stage, NOW + 3 * MINUTE, KIM[0]) is SignupOutcome.IS_MEMBER
    assert apply(stage, NOW + 3 * MINUTE, KIM[3]) is TOO_OFTEN


def test_only_confirmations_keep_the_mailbox_and_erasure_takes_it(stage: Stage) -> None:
    for address in KIM:
        apply(stage, NOW, address)
    mailboxes = [row.mailbox for row in asked_rows(stage.database)]
    assert mailboxes == ["kim@reader.example"] * 3 + [None]

    forget(stage.database, KIM[1], NOW + MINUTE)

    mailboxes = [row.mailbox for row in asked_rows(stage.database)]
    assert mailboxes == ["kim@reader.example", None, "kim@reader.example", None]
