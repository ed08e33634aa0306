"""Letters, welcome, confirmation and catch-up reach every reader in their language."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)


def french(words: str) -> str:
    return f"---\nsubject: {words}\npreheader: Deux minutes\n---\nBonjour, {words}.\n"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    names = ("days/01-un", "days/02-deux", "days/03-trois", "catch-up", "welcome")
    files = {f"{name}.fr.md": french(name.rpartition("/")[2]) for name in names}
    choices = {
        "languages": ["en", "fr"],
        "late_joiners": "catch-up",
        "catch_up": {"must_have": [1]},
    }
    return Stage(settings, database, days=3, settings_=choices, files=files)


def speak(stage: Stage, ids: list[int], *languages: str | None) -> None:
    with stage.database.write() as connection:
        for id_, language in zip(ids, languages, strict=True):
            connection.execute(
                sa.update(tables.subscriber)
                .where(tables.subscriber.c.id == id_)
                .values(locale=language)
            )


def subjects(stage: Stage) -> list[str]:
    return sorted(f"{one.to.email[:7]} {one.subject}" for one in stage.memory.sent)


def test_a_letter_goes_out_in_each_language_and_stays_frozen_in_all(stage: Stage) -> None:
    speak(stage, stage.add_readers(4), "fr", "en", None, "fr-CA")
    stage.send(limit=2)
    before = subjects(stage)
    stage.edit("days/01-un.fr.md", "subject: 01-un", "subject: Autre chose")
    report = stage.send()
    assert {one.code for one in report.problems} == {"LC901"}
    assert subjects(stage) == before
    stage.edit("days/01-un.fr.md", "subject: Autre chose", "subject: 01-un")
    stage.send()

    english = "Day 1: a small thing for you"
    assert subjects(stage) == [
        "reader1 01-un",
        f"reader2 {english}",
        f"reader3 {english}",
        "reader4 01-un",
    ]


def test_the_catch_up_has_the_days_in_its_readers_language(stage: Stage) -> None:
    speak(stage, stage.add_readers(1), "en")
    stage.send()
    joined = DAY_1 + timedelta(hours=8)
    late = stage.add_readers(2, joined_at=joined, name="later")
    speak(stage, late, "fr", "en")
    stage.memory.sent.clear()
    stage.send(DAY_1 + timedelta(days=1))

    first, second = sorted(
        (one for one in stage.memory.sent if one.to.email.startswith("later")),
        key=lambda one: one.to.email,
    )
    assert first.subject == "catch-up"
    assert "Bonjour, 01-un." in first.text
    assert "This is the gift of day 1." in second.text
    assert 'lang="fr"' in first.html
