"""Translations: the choice of language, and complete texts."""

from __future__ import annotations

import dataclasses
import re
import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.campaign.words.catalog import FOLDER, OPERATORS, SHIPPED, Translation, flatten
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.types import metadata
from lovecampaign.store.ledger.transactional_mail import SEND_TO
from lovecampaign.store.signup.request import SignupForm
from lovecampaign.web.serve.content import i18n as module
from lovecampaign.web.serve.content.i18n import Translations, accepted_languages
from lovecampaign.web.serve.content.zones import regions
from lovecampaign.web.serve.dashboard.view import KNOWN_REASONS

SERVE = Path(module.__file__).parents[1]
LANGUAGES = sorted(SHIPPED)
FORMS = {"one", "other"}


def all_texts(language: str) -> dict[str, str]:
    """Every text of a language, by its key; forms count as keys."""
    return dict(flatten(tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))))


def without_dashboard(texts: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in texts.items() if not key.startswith("dashboard.")}


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def fields_in(text: str) -> set[str]:
    """The links and values of a Jinja text; a greeting may leave out the name."""
    return set(re.findall(r"\b(?:links|deal|sender|campaign|day)\.\w+", text))


def test_seven_languages_are_shipped() -> None:
    assert LANGUAGES == ["de", "en", "es", "fr", "it", "nl", "pt"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_names(language: str) -> None:
    english, other = all_texts("en"), all_texts(language)
    if language not in OPERATORS:
        english = without_dashboard(english)

    assert sorted(other) == sorted(english)
    for key, text in other.items():
        # "The last one" needs no number.
        freely = {"count"} if key.endswith(".one") else set[str]()
        if not key.startswith(("letter.", "built-in.", "mail.")):
            assert names_in(text) - freely == names_in(english[key]) - freely, key
        else:
            assert fields_in(text) == fields_in(english[key]), key
        assert text.strip() == text.removesuffix("\n") != "", key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_counts_has_both_forms(language: str) -> None:
    tables: dict[str, set[str]] = {}
    for key in all_texts(language):
        table, _, last = key.rpartition(".")
        tables.setdefault(table, set()).add(last)

    for table, keys in tables.items():
        assert not keys & FORMS or keys == FORMS, table


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2, 5, 21])
def test_a_text_that_counts_says_the_number(language: str, count: int) -> None:
    """In Portuguese, 0 has the form of 1: "uma tarefa" would be wrong for it."""
    texts = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    say = Translation(language=language, texts=texts)
    for key in (
        one.removesuffix(".other") for one in all_texts(language) if one.endswith(".other")
    ):
        others = dict.fromkeys(("tasks", "quantity", "time"), "X")

        assert str(count) in (words := say(key, count=count, **others)) or count == 1, words


def test_words_are_kind() -> None:
    for key, text in all_texts("en").items():
        assert not re.search(r"\b(oops|invalid|error|failed|illegal)\b", text, re.IGNORECASE), key


def test_every_text_that_a_page_names_is_there() -> None:
    keys = set(all_texts("en"))
    known = keys | {key.rpartition(".")[0] for key in keys}
    named = _found_in("*.html", r'\bt\(\s*"([a-z_.]+)"')

    assert len(named) > 5
    for key in named:
        # One that ends in a dot is completed by a value.
        assert key in known or (key.endswith(".") and any(one.startswith(key) for one in keys)), key


def test_a_page_that_only_says_something_has_a_title_and_words() -> None:
    keys = set(all_texts("en"))

    for key in _found_in("*.py", r'(?:\bsay|\bDeclined)\(\s*"([a-z_.]+)"'):
        assert {f"{key}.title", f"{key}.words"} <= keys, key


def _found_in(pattern: str, expression: str) -> set[str]:
    sources = [file.read_text("utf-8") for file in SERVE.rglob(pattern)]
    return {key for source in sources for key in re.findall(expression, source)}


def test_the_first_language_that_is_shipped_is_spoken() -> None:
    texts = Translations()

    assert texts.choose("sv", "fr-CA", "en").language == "fr"
    assert texts.choose("pt-BR").language == "pt"
    assert texts.choose("sv").language == "en"
    assert texts.for_operator("de", "fr").language == "fr"
    assert texts.for_operator("de").language == "en"
    assert texts.choose().language == "en"


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("", []),
        ("fr", ["fr"]),
        ("en;q=0.5, fr-CA, it;q=0.9", ["fr-CA", "it", "en"]),
        ("fr;q=0, en;q=0.1", ["en"]),
        ("fr;q=much, en", ["en"]),
        ("*", ["*"]),
    ],
)
def test_languages_are_read_from_the_header(header: str, languages: list[str]) -> None:
    assert list(accepted_languages(header)) == languages


@given(header=st.text(max_size=200))
def test_any_header_can_be_read(header: str) -> None:
    Translations().choose(*accepted_languages(header))


def test_forms_are_chosen_by_count() -> None:
    table = {"left": {"one": "{count} piece", "other": "{count} pieces"}}
    english = Translation(language="en", texts=table)
    french = Translation(language="fr", texts=table)

    assert [english("left", count=n) for n in (0, 1, 2)] == ["0 pieces", "1 piece", "2 pieces"]
    assert [french("left", count=n) for n in (0, 1, 2)] == ["0 piece", "1 piece", "2 pieces"]


def test_what_a_visitor_typed_is_never_read_as_a_text() -> None:
    translation = Translation(language="en", texts={"hello": "Hello {name}"})

    assert translation("hello", name="{count} {{7*7}}") == "Hello {count} {{7*7}}"


def test_french_keeps_its_signs_on_the_line_of_their_words() -> None:
    """A narrow no-break space before ; ! ? and a no-break space before : and inside « »."""
    text = (FOLDER / "fr.toml").read_text("utf-8").partition("[letter]")[2]

    assert re.findall(r".{0,20}(?: [:;!?»]|« ).{0,10}", text) == []
    # With none at all it is as wrong; in a Jinja tag and a button they are signs of the language.
    spoken = re.sub(r"\{[%{].*?[%}]\}|\[\[button:|(?m:^#.*)", "", text)
    assert re.findall(r"\w[;!?»](?!\w)|«\w", spoken) == []
    assert "\N{NARROW NO-BREAK SPACE}?" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_region_of_the_map_has_a_name(language: str) -> None:
    translation = Translations().choose(language)

    assert [translation(f"zones.{one.name}") for one in regions("en")]
    assert (translation("zones.Europe") == "Europe") is (language in {"en", "fr"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_kept_has_a_name_for_people(language: str) -> None:
    fields = set(Translations().choose(language).texts["data"]["field"])
    about_people = [
        table
        for table in metadata.sorted_tables
        if {"subscriber_id", "address_key"} & set(table.c.keys())
    ]
    spelled_out = {"campaign_id": "campaign", "email_id": "email"}
    names = {column.name for table in about_people for column in table.c}
    columns = {spelled_out.get(name, name) for name in names}
    inner = {
        *("id", "subscriber_id", "address_key", "owner_id", "batch_id", "delivery_id"),
        *("nonce", "import_id", "mailbox"),  # a number of the row, a reference, the address again
        # Of a letter and an answer: references, ids of mail, and the markup beside the text.
        *("mail_id", "case_id", "transactional_id", "told_by", "message_id", "references"),
        *("html", "words_hash"),
    }

    assert columns - inner <= fields
    assert {field.name for field in dataclasses.fields(SignupForm)} | {SEND_TO} <= fields


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_skip_reason_has_words(language: str) -> None:
    texts = Translations().choose(language).texts
    reasons = {reason.value for reason in SkipReason}

    assert reasons <= set(texts["data"]["value"])
    if language in OPERATORS:
        assert set(KNOWN_REASONS) == set(texts["dashboard"]["reasons"])
