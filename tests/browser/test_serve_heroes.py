"""A reader becomes a hero, on their phone, as a person does it in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.testing.campaigns import day_file
from tests.browser.conftest import NewPage
from tests.integration.serve.support.letters import token_of
from tests.integration.serve.support.stories import QUESTION, Answers
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.serving import serving
from tests.support.stage import DAY_1, Stage

_HEROES = (
    "{% for hero in heroes_of('day-04') %}\n> {{ hero.text }} – {{ hero.name }}\n\n"
    "{% else %}Later.{% endfor %}\n"
)
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
WORDS = "My aunt Odile. A rhubarb, in a hat box, by train."


@pytest.fixture
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Three readers on day 4, whose letter asks a question."""
    settings = Settings(workspace=tmp_path_factory.mktemp("workspace"), secret_keys=("test-key",))
    database = open_new_database(settings)
    bodies = {
        4: f"Hi.\n\n[[answer: {QUESTION}]]\n\n[[done: I have watered it]]\n\n"
        "[[help: It is not well]]\n\n[[gift: files/Ma liste.txt | Take it]]\n",
        6: _HEROES,
        7: _HEROES,
    }
    files = {f"days/{day:02}-day-{day}.md": day_file(day, body=bodies[day]) for day in bodies}
    files["files/Ma liste.txt"] = "Water the fig."
    stage = Stage(
        settings, database, days=7, files=files, settings_={"brand": {"color": "#2f6b4f"}}
    )
    readers = stage.add_readers(3)
    stage.send(DAY_1 + timedelta(days=3))
    with serving(settings, database, stage.clock) as served:
        yield Answers(stage=stage, served=served, readers=readers, day="day-04")
    database.close()


def test_an_answer_goes_from_a_phone_to_letters_and_the_wall_and_back(
    answers: Answers, new_page: NewPage
) -> None:
    phone, wall = new_page(**PHONE), new_page()
    phone.goto(answers.served.url + answers.link())
    assert_accessible(phone)
    phone.get_by_label("Your answer").fill(WORDS)
    phone.get_by_label("Yes, in a letter to other readers").check()
    phone.get_by_label("Yes, on our public page of readers").check()
    phone.get_by_label("Your name, as it is to be shown").fill("Ines, Lyon")
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_text("we write to you first")).to_be_visible()
    assert_accessible(phone)

    answers.publish()  # and its writer got the mail
    mail = answers.stage.memory.sent[-1]
    assert WORDS in mail.text
    card = re.search(r'src="http://[^/]*(/card/[\w-]+)"', mail.html)
    assert card is not None
    assert answers.served.get(card[1]).headers["content-type"] == "image/png"

    assert [f"{WORDS} – Ines, Lyon" in text for text in answers.send_day(6)] == [True] * 3
    wall.goto(f"{answers.served.url}/heroes/{answers.stage.campaign.id}")
    expect(wall.get_by_text(WORDS)).to_be_visible()
    expect(wall.get_by_text("Ines, Lyon")).to_be_visible()
    assert_accessible(wall)

    phone.goto(answers.served.url + answers.mailed_link())
    assert_accessible(phone)
    phone.get_by_role("button", name="Withdraw my answer").click()
    expect(phone.get_by_text("Your answer was withdrawn.")).to_be_visible()

    wall.reload()
    expect(wall.get_by_text("The first answers will appear here soon.")).to_be_visible()
    assert [("Later." in text, WORDS in text) for text in answers.send_day(7)] == [
        (True, False)
    ] * 3


def test_one_press_marks_a_task(answers: Answers, new_page: NewPage) -> None:
    phone = new_page(**PHONE)
    token = token_of(answers.stage, answers.readers[0], "day-04", Purpose.MONTH)
    phone.goto(f"{answers.served.url}/c/{token}")
    assert_accessible(phone)
    phone.get_by_role("button", name="I have watered it").click()
    expect(phone.get_by_text("It is marked as done.")).to_be_visible()
    assert_accessible(phone)


def test_one_press_asks_for_help(answers: Answers, new_page: NewPage) -> None:
    phone = new_page(**PHONE)
    token = token_of(answers.stage, answers.readers[0], "day-04", Purpose.HELP)
    phone.goto(f"{answers.served.url}/h/{token}")
    assert_accessible(phone)
    phone.get_by_role("button", name="Ask for help").click()
    expect(phone.get_by_role("heading", name="takes care of it")).to_be_visible()
    assert_accessible(phone)


def test_a_gift_is_saved_under_its_own_name(answers: Answers, new_page: NewPage) -> None:
    phone = new_page(**PHONE)
    letter = answers.stage.memory.sent[0].html
    found = re.search(r'href="[^"]*(/g/[^"]+)"', letter)
    assert found is not None
    phone.set_content(f'<a href="{answers.served.url}{found[1]}">Take it</a>')
    with phone.expect_download() as started:
        phone.get_by_role("link").click()

    assert started.value.suggested_filename == "Ma liste.txt"
    assert Path(started.value.path()).read_text() == "Water the fig."


def test_a_lost_connection_loses_no_word(answers: Answers, new_page: NewPage) -> None:
    phone = new_page(**PHONE)
    address = answers.served.url + answers.link()
    phone.goto(address)
    phone.get_by_label("Your answer").fill(WORDS)
    phone.get_by_label("Yes, in a letter to other readers").check()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_text("The connection is lost.")).to_be_visible()

    phone.context.set_offline(False)
    phone.goto(address)
    expect(phone.get_by_label("Your answer")).to_have_value(WORDS)
    expect(phone.get_by_label("Yes, in a letter to other readers")).not_to_be_checked()
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_text("it is shown nowhere")).to_be_visible()
    assert phone.evaluate("localStorage.length") == 0
