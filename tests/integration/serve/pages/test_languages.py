"""In a campaign of several languages, readers get mail in theirs, and choose another one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.integration.serve.pages.test_join import fill_in
from tests.integration.serve.support.letters import token_of
from tests.support.serving import Serving
from tests.support.signup import asked_rows, confirm
from tests.support.stage import Stage

LETTER = "---\nsubject: Le sol\npreheader: Deux minutes\n---\nBonjour.\n"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    choices = {"languages": ["en", "fr"]}
    return Stage(settings, database, days=1, settings_=choices, files={"days/01-sol.fr.md": LETTER})


def language_of(stage: Stage, id_: int) -> str | None:
    query = sa.select(tables.subscriber.c.locale).where(tables.subscriber.c.id == id_)
    with stage.database.read() as connection:
        return connection.scalar(query)


def test_the_language_is_chosen_on_the_preferences_page(served: Serving, stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    stage.send()
    link = f"/p/{token_of(stage, reader)}"
    page = served.get(link).text
    assert '<option value="en" lang="en" selected>English</option>' in page
    assert '<option value="fr" lang="fr">Français</option>' in page

    form = {"often": "every-day", "timezone": "Europe/Paris", "do": "save"}
    served.press(link, {**form, "language": "fr"})
    assert '<option value="fr" lang="fr" selected>' in served.get(link).text
    served.press(link, {**form, "language": "xx"})
    assert language_of(stage, reader) == "fr"
    served.press(link, form)
    assert language_of(stage, reader) == "fr"

    web_view = served.get(f"/v/{token_of(stage, reader, purpose=Purpose.VIEW)}").text
    assert "Bonjour." in web_view
    assert "This is the gift" not in web_view


@pytest.mark.parametrize(
    ("accepted", "subject", "letter"),
    [
        ("fr-CA,en;q=0.5", "Confirmez votre adresse, s’il vous plaît", "Le sol"),
        ("de", "Please confirm your address", "Day 1"),
        ("de, fr;q=0.8, en;q=0.5", "Confirmez votre adresse, s’il vous plaît", "Le sol"),
    ],
)
def test_a_join_in_a_language_is_confirmed_and_written_to_in_it(
    served: Serving, stage: Stage, accepted: str, subject: str, letter: str
) -> None:
    fill_in(served, stage, accept_language=accepted)
    [asked] = asked_rows(stage.database)
    with stage.sender() as sender:
        deliver_requested(sender, stage.campaign)
    assert stage.memory.sent.pop().subject == subject

    confirm(stage, asked.id, stage.clock.now())
    stage.send()
    assert [one.subject[: len(letter)] for one in stage.memory.sent] == [letter]
