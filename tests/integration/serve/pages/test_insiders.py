"""A known reader joins the insiders out of a letter, with one button and no second mail."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.integration.serve.support.letters import active_suppressions, rows_of, token_of
from tests.support.serving import Answer, Serving, dump
from tests.support.signup import asked_states
from tests.support.stage import DAY_1, Stage

READER = "reader1@readers.example"
EARLY = datetime.fromisoformat("2027-02-27T10:00+01:00")
UNTIL = datetime.fromisoformat("2027-02-28T10:00+01:00")


@pytest.fixture
def link(stage: Stage) -> str:
    one = stage.add_readers(1)[0]
    stage.send()
    return f"/p/{token_of(stage, one)}?insiders=1"


def press(served: Serving, link: str) -> Answer:
    """Open the page, and press its button."""
    version = re.search(r'name="version" value="([^"]+)"', served.get(link).text)
    form = {"do": "insiders", "version": version[1] if version else ""}
    return served.press(link, form, user_agent="Mail/2")


def insiders(stage: Stage) -> list[int]:
    found = rows_of(stage.database, tables.membership, list="insiders")
    return [row.subscriber_id for row in found if row.confirmed_at is not None]


def test_the_page_asks_with_one_button_and_changes_nothing(
    stage: Stage, served: Serving, link: str
) -> None:
    before = dump(stage.database)
    page = served.get(link)

    assert page.text.count("<button") == 1
    assert "Would you like to hear early?" in page.text
    assert "With the button you ask Ana from Bloom to tell you by email" in page.text
    assert dump(stage.database) == before


def test_the_button_joins_at_once_and_no_mail_asks_again(
    stage: Stage, served: Serving, link: str
) -> None:
    page = press(served, link)

    assert "You will hear early" in page.text
    assert insiders(stage) == [1]
    assert asked_states(stage.database) == []
    stage.send(EARLY)
    assert stage.states("early-access") == {"sent": 1}


@pytest.mark.parametrize(
    ("language", "soon"), [("en", "within minutes"), ("fr", "dans quelques minutes")]
)
def test_who_joins_while_the_insiders_are_in_gets_their_letter_at_once_and_is_told_so(
    stage: Stage, served: Serving, link: str, language: str, soon: str
) -> None:
    stage.add_readers(1, name="insider", lists=("readers", "insiders"))
    assert soon not in served.get(link, accept_language=language).text
    stage.send(EARLY)

    assert soon in served.get(link, accept_language=language).text
    version = re.search(r'name="version" value="([^"]+)"', served.get(link).text)
    assert version is not None
    form = {"do": "insiders", "version": version[1]}
    stage.clock.move_to(EARLY.replace(hour=12))
    if language == "en":
        assert soon in served.press(link, form).text
        stage.send()
        assert stage.states("early-access") == {"sent": 2}


def test_what_was_agreed_to_is_kept_whole(stage: Stage, served: Serving, link: str) -> None:
    press(served, link)

    [consent] = rows_of(stage.database, tables.consent, list="insiders")
    assert consent.kind == "express"
    assert consent.text.startswith("With the button you ask Ana from Bloom")
    assert len(consent.text_version) == 16
    assert consent.source == "letter day-01"
    assert (consent.given_at, consent.confirmed_at) == (DAY_1, DAY_1)
    assert (consent.ip, consent.user_agent, consent.locale) == ("127.0.0.1", "Mail/2", "en")


def test_twice_is_once(stage: Stage, served: Serving, link: str) -> None:
    press(served, link)
    page = press(served, link)

    assert "You are on the advance list already" in page.text
    assert len(rows_of(stage.database, tables.consent)) == 1


def test_nobody_agrees_to_words_that_they_did_not_see(
    stage: Stage, served: Serving, link: str
) -> None:
    page = served.press(link, {"do": "insiders", "version": "older words"})

    assert "Would you like to hear early?" in page.text
    assert insiders(stage) == []


def test_after_the_list_is_closed_it_says_so_kindly(
    stage: Stage, served: Serving, link: str
) -> None:
    version = re.search(r'name="version" value="([^"]+)"', served.get(link).text)
    assert version is not None
    stage.clock.move_to(UNTIL)

    for page in (served.get(link), served.press(link, {"do": "insiders", "version": version[1]})):
        assert "The advance list is closed" in page.text
        assert "Sunday 28 February 2027, 10:00 (Paris time)" in page.text
    assert insiders(stage) == []


def test_who_has_left_the_letters_is_asked_to_confirm_anew(
    stage: Stage, served: Serving, link: str
) -> None:
    unsubscribe(stage.database, READER, DAY_1, lists=stage.campaign.lists)
    page = press(served, link)

    assert "One step first" in page.text
    assert 'href="/join/insiders"' in page.text
    assert insiders(stage) == []


@pytest.mark.parametrize("reason", ["complaint", "hard_bounce", "manual"])
def test_whom_we_must_not_write_to_does_not_join(
    stage: Stage, served: Serving, link: str, reason: str
) -> None:
    with stage.database.write() as connection:
        row = {"address_key": READER, "list": "insiders", "reason": reason, "at": DAY_1}
        connection.execute(sa.insert(tables.suppression).values(**row))
    press(served, link)

    assert insiders(stage) == []


def test_who_never_confirmed_does_not_join(stage: Stage, served: Serving, link: str) -> None:
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.membership).values(confirmed_at=None))
    press(served, link)

    assert insiders(stage) == []


def test_who_left_only_the_insiders_comes_back_with_the_button(
    stage: Stage, served: Serving, link: str
) -> None:
    press(served, link)
    unsubscribe(stage.database, READER, DAY_1, lists={"insiders"})
    page = press(served, link)

    assert "You will hear early" in page.text
    assert active_suppressions(stage.database, READER) == set()


def test_the_page_of_choices_offers_it_to_who_may(stage: Stage, served: Serving, link: str) -> None:
    path = link.partition("?")[0]
    assert 'insiders=1"' in served.get(path).text

    press(served, link)
    assert 'insiders=1"' not in served.get(path).text
    assert stage.campaign.insiders is not None
