"""``/confirm`` asks, and only the button answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lovecampaign.core.clock import FixedClock
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.support.serving import Serving, dump
from tests.support.signup import ANA, apply, asked_rows, asked_states, rows_of
from tests.support.stage import Stage

#: After nine in Paris, on day 2 of the month.
NOW = datetime(2027, 2, 2, 12, tzinfo=UTC)


@pytest.fixture
def link(served: Serving, stage: Stage) -> str:
    """A fresh confirmation's path."""
    stage.clock.move_to(NOW)
    apply(stage, NOW)
    return "/confirm/" + served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)


def test_opening_the_link_changes_nothing(served: Serving, stage: Stage, link: str) -> None:
    before = dump(stage.database)

    answer = served.get(link)

    assert answer.status == 200
    assert answer.text.count("<button") == 1
    assert dump(stage.database) == before


def test_the_button_confirms_and_says_what_comes_when(
    served: Serving, stage: Stage, link: str
) -> None:
    answer = served.press(link)

    assert "You are in" in answer.text
    [place] = rows_of(stage.database, tables.membership)
    assert place.confirmed_at == NOW
    [consent] = rows_of(stage.database, tables.consent)
    assert consent.confirmed_ip == "127.0.0.1"
    assert stage.states("welcome") == {"planned": 1}


def test_the_next_letter_that_is_promised_is_the_one_that_comes(
    served: Serving, stage: Stage, link: str
) -> None:
    stage.add_readers(1, name="founder")
    stage.send(NOW)

    assert "Wednesday 3 February 2027, 09:00" in served.press(link).text


def test_a_letter_that_nobody_has_got_yet_is_about_to_come(
    served: Serving, stage: Stage, link: str
) -> None:
    """On day 2, four hours after its due time, ``send`` still delivers it to new members."""
    assert "Your next letter is about to go out." in served.press(link).text

    stage.send(NOW + timedelta(minutes=20))
    assert stage.states("day-02") == {"sent": 1}


def test_pressing_again_says_that_all_is_done(served: Serving, stage: Stage, link: str) -> None:
    served.press(link)
    before = dump(stage.database)

    for answer in (served.press(link), served.get(link)):
        assert answer.status == 200
        assert "You are in already" in answer.text
    assert dump(stage.database) == before


def test_an_old_link_offers_a_new_one(served: Serving, stage: Stage, link: str) -> None:
    stage.clock.move_to(NOW + timedelta(days=7))

    expired = served.get(link)
    assert expired.status == 410
    assert "Send me a new link" in expired.text
    answer = served.press(link)

    assert "check your mailbox" in answer.text
    assert asked_states(stage.database) == [("confirm", "planned"), ("confirm", "planned")]
    new = "/confirm/" + served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)
    assert "You are in" in served.press(new).text


def test_an_old_link_brings_nobody_back_who_left_since(
    served: Serving, stage: Stage, link: str
) -> None:
    served.press(link)
    unsubscribe(stage.database, ANA, NOW + timedelta(hours=1), lists=["readers"])

    answer = served.press(link)

    assert "You have left since" in answer.text
    assert 'href="/join/readers"' in answer.text
    assert rows_of(stage.database, tables.suppression)[0].lifted_at is None


def test_who_leaves_again_after_asking_has_left(served: Serving, stage: Stage) -> None:
    unsubscribe(stage.database, ANA, NOW - timedelta(days=2), lists=["readers"])
    apply(stage, NOW)
    link = "/confirm/" + served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)
    unsubscribe(stage.database, ANA, NOW + timedelta(minutes=1), lists=["readers"])

    answer = served.press(link)

    assert "left since" in answer.text or "after you got this link" in answer.text
    assert rows_of(stage.database, tables.suppression)[0].lifted_at is None


@pytest.mark.parametrize(
    "purpose", [purpose for purpose in Purpose if purpose is not Purpose.CONFIRM]
)
def test_a_token_for_something_else_confirms_nothing(
    served: Serving, stage: Stage, link: str, purpose: Purpose
) -> None:
    transactional_id = asked_rows(stage.database)[0].id

    for ask in (served.get, served.press):
        assert ask("/confirm/" + served.token(purpose, transactional_id)).status == 404
        assert ask("/confirm/" + served.token(Purpose.CONFIRM, transactional_id + 1)).status == 404
        assert ask("/confirm/nonsense").status == 404


def test_the_link_of_a_test_says_that_it_is_one(served: Serving) -> None:
    assert "This is a test" in served.get("/confirm/test").text


def test_a_form_on_another_site_presses_no_button(served: Serving, stage: Stage, link: str) -> None:
    answer = served.press(link, origin="https://evil.example", sec_fetch_site="cross-site")

    assert answer.status == 403
    assert rows_of(stage.database, tables.consent) == []


def test_insiders_hear_when_the_doors_open_for_them(served: Serving, stage: Stage) -> None:
    stage.clock.move_to(NOW)
    apply(stage, NOW, list="insiders")
    link = "/confirm/" + served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)

    answer = served.press(link)

    assert "before everyone else" in answer.text
    assert stage.states("welcome") == {}  # the welcome speaks of the letters


def test_after_the_month_nobody_is_welcomed_to_it(served: Serving, stage: Stage) -> None:
    late = datetime(2027, 6, 1, tzinfo=UTC)
    assert isinstance(stage.clock, FixedClock)
    stage.add_readers(1, name="founder")
    stage.send(NOW)
    stage.clock.move_to(late)
    apply(stage, late)
    link = "/confirm/" + served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)

    answer = served.press(link)

    assert "writes to you when there is something" in answer.text
    assert stage.states("welcome") == {}
