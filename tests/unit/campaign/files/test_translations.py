"""Letters in several languages: files beside the letters, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.testing.campaigns import write_campaign

FRENCH = "---\nsubject: Le sol\npreheader: Deux minutes\n---\nBonjour.\n"


def load(
    workspace: Path, files: Mapping[str, str], languages: Any = ("en", "fr"), **settings: Any
) -> LoadedCampaign:
    settings = {"languages": list(languages), **settings}
    return load_campaign(
        write_campaign(workspace, days=3, settings=settings, files=files), workspace
    )


def test_a_translation_lies_beside_each_file_of_a_campaign(tmp_path: Path) -> None:
    files = ("days/02-soil.fr", "launch/launch.FR", "welcome.fr", "confirm.fr", "catch-up.fr")
    names = [f"{name.replace('FR', 'fr')}.md" for name in files]
    loaded = load(
        tmp_path,
        dict.fromkeys(names, FRENCH),
        late_joiners="catch-up",
        catch_up={"must_have": [1]},
    )
    assert loaded.campaign is not None, loaded.problems
    french = loaded.campaign.in_language("fr")

    assert loaded.campaign.languages == ("en", "fr")
    assert (loaded.campaign.language, french.language) == ("en", "fr")
    for key in ("day-02", "launch", "welcome", "confirm", "catch-up"):
        translated, own = french.find_email(key), loaded.campaign.find_email(key)
        assert translated is not None
        assert own is not None
        assert (translated.subject, translated.copy.text) == ("Le sol", "Bonjour.\n")
        assert (translated.template, translated.to) == (own.template, own.to)
        assert translated.translations == {}
        assert translated.places["subject"].file.endswith(".fr.md")
    assert french.find_email("day-01") == loaded.campaign.find_email("day-01")
    assert {f"campaigns/test-month/{name}" for name in names} <= set(loaded.campaign.files)


def test_built_in_emails_are_there_in_every_language(tmp_path: Path) -> None:
    campaign = load(tmp_path, {}, ("en", "de")).campaign
    assert campaign is not None
    confirm = campaign.in_language("de").find_email("confirm")
    assert confirm is not None
    assert confirm.subject == "Bitte bestätige deine Adresse"


@pytest.mark.parametrize(
    ("files", "languages", "message"),
    [
        ({"days/02-b.fr.md": "---\npreheader: x\n---\nBonjour.\n"}, "en fr", "has no subject"),
        (
            {"days/02-b.fr.md": FRENCH.replace("---\nB", "kind: tool\n---\nB")},
            "en fr",
            "there is no setting kind",
        ),
        ({"days/02-a.fr.md": FRENCH, "days/02-b.fr.md": FRENCH}, "en fr", "day 2 has this file"),
        ({"days/02-b.fr.md": FRENCH}, "en de", "day 2 has this file"),
        ({}, "fr sv", "there are no words in 'sv'"),
    ],
)
def test_mistakes_in_translations(
    tmp_path: Path, files: Mapping[str, str], languages: str, message: str
) -> None:
    loaded = load(tmp_path, files, languages.split())
    found = [one for one in loaded.problems if message in one.message]
    assert len(found) == 1, loaded.problems
    if loaded.campaign is not None:
        email = loaded.campaign.find_email("day-02")
        assert email is not None
        assert email.is_broken


def test_a_file_in_an_unnamed_language_says_how_to_name_it(tmp_path: Path) -> None:
    [found] = load(tmp_path, {"days/02-b.fr.md": FRENCH}, ["en", "de"]).problems
    assert found.hint == "keep one; if this is a translation, write languages: [en, de, fr]"


def test_the_default_language_is_the_first(tmp_path: Path) -> None:
    loaded = load(tmp_path, {}, ["fr", "en"], language="en")
    [found] = [one for one in loaded.problems if one.is_error]
    assert "the first of languages is fr" in found.message


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr", "fr"), ("fr-CA", "fr"), ("FR_ca", "fr"), ("pt-BR", "pt-BR"), ("pt", "pt-PT")]
    + [(wanted, "en") for wanted in ("en-GB", "de", "", None)],
)
def test_the_language_of_a_reader(wanted: str | None, language: str) -> None:
    assert choose_language(["en", "fr", "pt-PT", "pt-BR"], wanted) == language
