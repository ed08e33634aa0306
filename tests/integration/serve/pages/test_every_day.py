"""The invitation's button: a page asks, its press chooses the daily month, and silence stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.campaigns import invitation_file
from tests.integration.serve.support.letters import rows_of, token_of
from tests.support.serving import Serving, dump
from tests.support.stage import DAY_1, Stage


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(
        settings,
        database,
        days=3,
        files={"invitation.md": invitation_file()},
        settings_={"invitation": {"from": "day -5"}},
    )


@pytest.fixture
def link(stage: Stage) -> str:
    """Of the invitation of the first reader."""
    one = stage.add_readers(1)[0]
    stage.send(DAY_1 - timedelta(days=5))
    [letter] = stage.memory.sent
    token = token_of(stage, one, "invitation")
    link = f"/p/{token}?every-day=1"
    assert link in letter.text
    return link


def chosen(stage: Stage) -> list[bool]:
    return [row.is_launch_only for row in rows_of(stage.database, tables.preference)]


def test_the_page_asks_with_one_button_and_changes_nothing(
    stage: Stage, served: Serving, link: str
) -> None:
    before = dump(stage.database)
    page = served.get(link)

    assert page.text.count("<button") == 1
    assert "Shall we write to you every day?" in page.text
    assert "27 short letters, one a day, from" in page.text
    assert dump(stage.database) == before


def test_the_press_chooses_every_day_and_says_when_the_next_letter_comes(
    stage: Stage, served: Serving, link: str
) -> None:
    page = served.press(link, {"do": "every-day"})

    assert "You get a letter every day" in page.text
    assert "Your next letter comes on Monday 1 February" in page.text
    assert chosen(stage) == [False]
    assert stage.send(DAY_1).sent == 1
    [reader] = rows_of(stage.database, tables.subscriber)
    assert reader.last_active_at == DAY_1 - timedelta(days=5)


def test_the_preferences_of_silence_are_the_launch_only_and_saving_them_keeps_it(
    stage: Stage, served: Serving, link: str
) -> None:
    page = link.partition("?")[0]

    assert 'value="launch" checked' in served.get(page).text
    served.press(page, {"do": "save", "often": "launch"})
    assert chosen(stage) == [True]
    assert stage.send(DAY_1).sent == 0


def test_who_has_left_is_led_to_the_form_and_after_the_month_there_is_no_button(
    stage: Stage, served: Serving, link: str
) -> None:
    stage.clock.move_to(DAY_1 + timedelta(days=60))
    assert "This month is over" in served.get(link).text
    with stage.database.write() as connection:
        connection.execute(
            sa.insert(tables.suppression).values(
                address_key="reader1@readers.example", reason="unsubscribed", at=DAY_1
            )
        )
    page = served.get(link)
    assert "/join/readers" in page.text
    assert "<button" not in page.text


def test_the_page_speaks_the_visitors_language(served: Serving, link: str) -> None:
    for language in ("en", "fr", "de", "es", "it", "nl", "pt"):
        texts = [served.get(link, accept_language=language).text]
        texts.append(served.press(link, {"do": "every-day"}, accept_language=language).text)

        assert all(f'lang="{language}"' in text for text in texts)
        assert all("every_day." not in text for text in texts)
