"""A button asks for help: a case on the desk, and a page that says who answers and by when."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.cases import Case, CaseStep, list_cases
from lovecampaign.store.dialogue.desk.letters import DeskLetter, LetterState, list_letters
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.letters import token_of
from tests.integration.serve.support.stories import seal_of
from tests.support.serving import Answer, Serving, dump
from tests.support.stage import Stage

_BODY = "Hi there.\n\n[[help: My plant is not well]]\n"
_HOSTILE = "<b>Help</b> \x00{{ secret }} \u202e[[button: x | http://x]]"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=2, files={"days/01-day-1.md": day_file(1, body=_BODY)})


@pytest.fixture
def link(stage: Stage) -> str:
    """The button of the first of two readers."""
    ids = stage.add_readers(2)
    stage.send()
    return f"/h/{token_of(stage, ids[0], 'day-01', Purpose.HELP)}"


def ask(served: Serving, link: str, **fields: str) -> Answer:
    return served.press(link, {**fields, **seal_of(served.get(link).text)})


def cases_of(stage: Stage) -> list[Case]:
    with stage.database.read() as connection:
        return list(list_cases(connection))


def letters_of(stage: Stage) -> list[DeskLetter]:
    with stage.database.read() as connection:
        return list(list_letters(connection))


def test_one_press_opens_a_case_without_a_word(stage: Stage, served: Serving, link: str) -> None:
    assert re.search(r"My plant is not well\s+http\S+/h/[\w-]{32}", stage.memory.sent[0].text)
    before = dump(stage.database)
    page = served.get(link).text
    assert dump(stage.database) == before
    assert page.count("<textarea") == 2

    done = ask(served, link).text

    [case] = cases_of(stage)
    [letter] = letters_of(stage)
    name = stage.campaign.sender.name
    assert (case.about, case.owner, case.mail_id) == ("My plant is not well", name, letter.id)
    assert (letter.subject, letter.text, letter.owner) == ("My plant is not well", "", name)
    assert letter.email == "reader1@readers.example"
    due = next(step.due_at for step in case.steps if step.step is CaseStep.GREET)
    said = re.search(rf"{name} writes to (\S+) by ([^<]*)\.<", done)
    assert said is not None
    assert "reader1@" not in said[1]
    assert str(due.day) in said[2]
    assert said[2] in page


def test_the_same_words_twice_are_one_letter_and_others_join_the_case(
    stage: Stage, served: Serving, link: str
) -> None:
    for words in ("It is yellow.", "It is yellow.", "And wet.", ""):
        ask(served, link, what=words)

    assert len(cases_of(stage)) == 1
    letters = letters_of(stage)
    assert [one.text.partition("\n")[2] for one in letters] == ["It is yellow.", "And wet."]
    assert {one.state for one in letters} == {LetterState.TAKEN}


def test_words_are_data_and_a_forwarded_letter_shows_none(
    stage: Stage, served: Serving, link: str
) -> None:
    before = served.get(link).text
    ask(served, link, what=_HOSTILE, wish="x" * 2000)

    [letter] = letters_of(stage)
    assert "\x00" not in letter.text
    assert "<b>Help</b>" in letter.text
    after = served.get(link).text
    assert re.sub(r'value="[^"]*"', "", after) == re.sub(r'value="[^"]*"', "", before)


@pytest.mark.parametrize("fields", [{"what": "x" * 2001}, {"seal": "old", "what": "<i>mine"}])
def test_what_is_not_accepted_is_shown_again(
    stage: Stage, served: Serving, link: str, fields: dict[str, str]
) -> None:
    seal = seal_of(served.get(link).text)
    answer = served.post(link, {**seal, **fields})

    assert answer.status == 422
    assert html.escape(fields["what"]) in answer.text
    assert cases_of(stage) == []


def test_a_robot_learns_nothing_and_opens_nothing(stage: Stage, served: Serving, link: str) -> None:
    assert "writes to" in ask(served, link, topic="http://spam.example").text
    assert cases_of(stage) == []


def test_a_request_after_a_closed_case_opens_another(
    stage: Stage, served: Serving, link: str
) -> None:
    ask(served, link)
    with stage.database.write() as connection:
        connection.execute(tables.desk_case.update().values(closed_at=stage.clock.now()))
    stage.clock.move_to(stage.clock.now() + timedelta(days=1))
    ask(served, link)

    assert [case.id for case in cases_of(stage)] == [2]


def test_a_forgotten_reader_leaves_nothing(stage: Stage, served: Serving, link: str) -> None:
    ask(served, link, what="It is yellow.")
    forget(stage.database, "reader1@readers.example", stage.clock.now())

    assert cases_of(stage) == []
    assert letters_of(stage) == []
    assert "yellow" not in str(dump(stage.database))
    assert served.get(link).status == 404
