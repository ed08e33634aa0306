"""A reader answers a letter's question; nothing appears before they and we have agreed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.stories.stories import StoryState
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.expire_unconfirmed import delete_unconfirmed
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.letters import rows_of, token_of
from tests.integration.serve.support.stories import NAME, QUESTION, WORDS, Answers, seal_of
from tests.support.serving import Serving, dump
from tests.support.stage import DAY_1, Stage


def test_an_answer_is_kept_with_its_permissions(answers: Answers) -> None:
    page = answers.write()

    [story] = answers.stories
    assert (story.draft.text, story.draft.name, story.day) == (WORDS, NAME, "day-01")
    assert (story.draft.in_letter, story.draft.on_wall, story.draft.in_social) == (
        True,
        True,
        False,
    )
    assert story.question == QUESTION
    assert story.state is StoryState.NEW
    assert "we write to you first" in page.text


def test_the_form_grants_nothing_by_itself(answers: Answers) -> None:
    page = answers.served.get(answers.link()).text

    assert page.count('type="checkbox"') == 3
    assert "checked" not in page
    assert QUESTION in page


def test_an_answer_for_our_eyes_needs_no_name(answers: Answers) -> None:
    page = answers.write(name="", letter="", wall="")

    assert "it is shown nowhere" in page.text
    assert not answers.stories[0].draft.is_public


def test_a_forwarded_letter_shows_no_answer_and_changes_none(answers: Answers) -> None:
    answers.write()
    link = answers.link()
    page = answers.served.get(link)
    again = answers.served.press(link, {"text": "Mine now", "name": "Eve", "letter": "yes"})

    for text in (page.text, again.text):
        assert "fig" not in text
        assert NAME not in text
        assert "reader1@" not in text
        assert "r•••@r•••.example" in text
    assert [story.draft.text for story in answers.stories] == [WORDS]


def test_opening_the_page_changes_nothing(answers: Answers) -> None:
    before = dump(answers.stage.database)
    answers.served.get(answers.link())

    assert dump(answers.stage.database) == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": " \n "}, "Please write a few words."),
        ({"text": "x" * 2001}, "at most 2000 characters"),
        ({"name": ""}, "Please write the name that we may show"),
        ({"name": "ana@shop.example"}, "a name without an address"),
        ({"seal": "stale"}, "open for a long time"),
    ],
)
def test_a_form_with_a_mistake_comes_back_with_all_that_was_typed(
    answers: Answers, fields: dict[str, str], said: str
) -> None:
    link = answers.link()
    form = {"text": WORDS, "name": NAME, "wall": "yes", **seal_of(answers.served.get(link).text)}
    page = answers.served.post(link, form | fields)

    assert page.status == 422
    assert said in page.text
    assert answers.stories == []
    if "text" not in fields:
        assert "It has moved house &lt;b&gt;eleven&lt;/b&gt; times &amp; *lives*." in page.text
        assert page.text.count(" checked") == 1


def test_a_bot_learns_nothing(answers: Answers) -> None:
    page = answers.served.post(answers.link(), {"text": "Buy", "topic": "pills"})

    assert page.status == 303
    assert answers.stories == []


def test_many_forms_of_one_visitor_have_to_wait(answers: Answers) -> None:
    link = answers.link()
    statuses = [answers.served.post(link, {"text": ""}).status for _ in range(40)]

    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_a_form_of_another_site_is_refused(answers: Answers) -> None:
    page = answers.served.post(answers.link(), {"text": "x"}, origin="https://evil.example")

    assert page.status == 403


def test_a_letter_without_a_question_has_no_page(answers: Answers) -> None:
    answers.send_day(2)
    token = token_of(answers.stage, answers.readers[0], "day-02", Purpose.ANSWER)

    assert answers.served.get(f"/a/{token}").status == 404
    assert answers.served.get(f"{answers.link()}?day=day-02").status == 404
    links = token_of(answers.stage, answers.readers[0])
    assert answers.served.get(f"/a/{links}").status == 404


def test_the_writer_changes_an_answer_with_a_link_from_their_mailbox(answers: Answers) -> None:
    answers.write()
    page = answers.served.press(answers.link(), {"do": "link"})
    assert "A link is on its way to r•••@r•••.example." in page.text
    answers.deliver_mail()
    link = answers.mailed_link()
    own = answers.served.get(link)
    assert "A fig from 1987." in own.text

    form = {"text": "A fig.", "name": "Ana", **seal_of(own.text)}
    saved = answers.served.press(link, form)

    assert "Saved." in saved.text
    [story] = answers.stories
    assert story.draft.text == "A fig."
    assert not story.draft.is_public


def test_no_more_than_three_links_an_hour_are_mailed(answers: Answers) -> None:
    answers.write()
    for _ in range(5):
        answers.served.press(answers.link(), {"do": "link"})

    assert len(rows_of(answers.stage.database, tables.transactional, kind="story-link")) == 3


def test_a_forgotten_subscriber_leaves_no_answer(answers: Answers) -> None:
    answers.write()
    answers.publish()
    link = answers.mailed_link()
    forget(answers.stage.database, "reader1@readers.example", answers.stage.clock.now())

    assert answers.stories == []
    assert answers.served.get(link).status == 404
    assert answers.served.get(answers.link(1)).status == 200


class TestLetters:
    """The path of a story to other readers, and out of their letters again."""

    def test_a_published_story_is_in_the_next_letter_of_all(self, answers: Answers) -> None:
        answers.write()
        answers.publish()

        for text in answers.send_day(2):
            assert "> A fig from 1987. It has moved house <b>eleven</b> times & *lives*." in text
            assert f"> {NAME}" in text

    def test_a_story_of_which_only_we_approve_is_in_none(self, answers: Answers) -> None:
        answers.write()

        assert all("No story yet." in text for text in answers.send_day(2))

    @pytest.mark.parametrize("permission", ["letter", "wall"])
    def test_only_the_permission_letter_counts(self, answers: Answers, permission: str) -> None:
        answers.write(**{"letter": "", "wall": "", "social": "yes"} | {permission: "yes"})
        answers.publish()

        texts = answers.send_day(2)
        assert {("A fig" in text) for text in texts} == {permission == "letter"}

    def test_the_hero_reads_it_first(self, answers: Answers) -> None:
        answers.write()
        answers.publish()

        mail = answers.stage.memory.sent[-1]
        assert mail.to.email == "reader1@readers.example"
        assert "> A fig from 1987." in mail.text
        assert "> It has moved house <b>eleven</b> times & *lives*." in mail.text
        assert NAME in mail.text
        assert "List-Unsubscribe" not in dict(mail.headers)

    def test_a_withdrawn_story_is_gone_from_every_letter_that_follows(
        self, answers: Answers
    ) -> None:
        answers.write()
        answers.publish()
        answers.send_day(2)
        link = answers.mailed_link()
        view = token_of(answers.stage, answers.readers[1], "day-02", Purpose.VIEW)
        assert "A fig" in answers.served.get(f"/v/{view}").text

        page = answers.served.press(
            link, {"do": "withdraw", **seal_of(answers.served.get(link).text)}
        )

        assert "Your answer was withdrawn." in page.text
        assert all("No story yet." in text for text in answers.send_day(3))
        assert "A fig" not in answers.served.get(f"/v/{view}").text
        [row] = rows_of(answers.stage.database, tables.story)
        assert (row.text, row.shown_name, row.on_wall) == ("", "", False)

    def test_its_link_works_for_as_long_as_the_story(self, answers: Answers) -> None:
        answers.write()
        answers.publish()
        links = [answers.mailed_link()]
        answers.served.press(answers.link(), {"do": "link"})
        answers.deliver_mail()
        links.append(answers.mailed_link())
        later = answers.stage.clock.now() + timedelta(days=400)
        delete_unconfirmed(answers.stage.database, later)

        for link in links:
            assert "A fig from 1987." in answers.served.get(link).text
        assert answers.stories[0].is_told

    def test_changed_words_wait_for_us_again(self, answers: Answers) -> None:
        answers.write()
        answers.publish()
        link = answers.mailed_link()
        form = {"name": NAME, "letter": "yes", **seal_of(answers.served.get(link).text)}
        answers.served.press(link, {**form, "text": WORDS})
        states = [answers.stories[0].state]  # permissions alone changed
        answers.served.press(link, {**form, "text": "Something else"})

        states.append(answers.stories[0].state)

        assert states == [StoryState.PUBLISHED, StoryState.NEW]
        assert all("No story yet." in text for text in answers.send_day(2))


def test_a_catch_up_leads_to_the_question_of_its_day(
    settings: Settings, database: Database, served: Serving
) -> None:
    """Each day in it names itself, and no other email opens that way."""
    asking = day_file(1, body=f"Hi.\n\n[[answer: {QUESTION}]]\n")
    files = {"days/01-day-1.md": asking}
    stage = Stage(settings, database, days=4, late_joiners="catch-up", files=files, name="late")
    stage.add_readers(1)
    stage.send()
    stage.add_readers(1, name="late", joined_at=DAY_1 + timedelta(hours=30))
    stage.send(DAY_1 + timedelta(days=2))
    [catch_up] = [mail for mail in stage.memory.sent if mail.to.email.startswith("late")]
    found = re.search(r"(/a/[\w-]{32}\?day=day-01)", catch_up.text)
    assert found is not None
    form = {"text": WORDS, **seal_of(served.get(found[1]).text)}

    page = served.press(found[1], form)

    assert "it is shown nowhere" in page.text
    [row] = rows_of(database, tables.story)
    assert (row.day, row.question) == ("day-01", QUESTION)
    for other in ("day-02", "day-99", "launch"):
        assert served.get(found[1].replace("day-01", other)).status == 404
