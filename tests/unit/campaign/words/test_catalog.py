"""Words of a workspace: on top of ours, in a language of its own, and every mistake in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lovecampaign.campaign.words.catalog import (
    FOLDER,
    SHIPPED,
    Translation,
    english_source,
    find_word_problems,
    frame_word,
    own_languages,
    read_words,
    shipped_frame,
)
from lovecampaign.campaign.words.locale import join_list, plural_form, plural_forms, with_region


def write(workspace: Path, name: str, text: str) -> None:
    file = workspace / "templates" / "words" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def words(workspace: Path, language: str) -> Translation:
    found = read_words(workspace, language)
    assert found is not None
    return found


def found(workspace: Path, language: str = "en") -> list[str]:
    return [f"{one.place}: {one.message}" for one in find_word_problems(workspace, [language])]


def test_a_workspace_changes_single_words_of_a_language(tmp_path: Path) -> None:
    write(tmp_path, "de", '[letter]\nthanks = "Merci vielmals"\n')
    write(tmp_path, "de-AT", '[join.field]\nbutton = "Ja, bitte"\n')

    assert frame_word(tmp_path, "de-AT", "thanks") == "Merci vielmals"
    assert frame_word(tmp_path, "de", "story") == "Eine Geschichte"
    assert words(tmp_path, "de-AT")("join.field.button") == "Ja, bitte"
    assert words(tmp_path, "de")("join.field.button") == "Ja, setzt mich auf die Liste"
    assert found(tmp_path, "de-AT") == []


def test_an_edited_word_is_read_again(tmp_path: Path) -> None:
    for word in ("Tack", "Tack tack"):
        write(tmp_path, "en", f'[letter]\nthanks = "{word}"\n')
        assert frame_word(tmp_path, "en", "thanks") == word


def test_a_language_of_ones_own_needs_every_word(tmp_path: Path) -> None:
    write(tmp_path, "sv", english_source())

    assert found(tmp_path, "sv") == []
    assert words(tmp_path, "sv-FI").language == "sv-FI"

    write(tmp_path, "sv", english_source().replace('thanks = "Thank you"\n', ""))
    assert found(tmp_path, "sv") == ["templates/words/sv.toml: 1 texts are missing: letter.thanks"]
    assert read_words(tmp_path, "sv") is None


def test_a_language_needs_its_plural_forms(tmp_path: Path) -> None:
    write(tmp_path, "pl", english_source())

    [problem] = found(tmp_path, "pl")
    assert problem.startswith("templates/words/pl.toml: ")
    assert "month.count.few, month.count.many" in problem


def test_a_language_without_words_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    [problem] = find_word_problems(tmp_path, ["sv"])

    assert problem.is_error
    assert str(problem.place) == "templates/words/sv.toml"
    assert "lovecampaign schema words > templates/words/sv.toml" in (problem.hint or "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[letter]\nthnks = 'x'", "de.toml:2: no text has the key letter.thnks"),
        ("[home]\njoin = '{nme}'", "de.toml:2: home.join: {nme} means nothing here"),
        ("[home]\njoin = ' '", "de.toml:2: home.join: the text is empty"),
        ("[home]\njoin = '{'", "de.toml:2: home.join: "),
        ("[home\njoin = 'x'", "de.toml:1:6: it cannot be read: "),
        ("[deal]\nleft.few = '{count}'", "de.toml:2: no text has the key deal.left.few"),
    ],
)
def test_a_mistake_in_a_file_of_words_says_where(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path, "de", text)

    [message] = found(tmp_path, "de")
    assert message.startswith(f"templates/words/{problem}")


def test_a_link_out_of_the_workspace_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("[letter]\nthanks = 'x'\n")
    write(tmp_path, "fr", "")
    (tmp_path / "templates/words/en.toml").symlink_to(secret)

    assert own_languages(tmp_path) == ("en", "fr")
    assert frame_word(tmp_path, "en", "thanks") == "Thank you"
    assert found(tmp_path) == ["templates/words/en.toml: it is a link: copy the file here"]


@pytest.mark.parametrize("language", sorted(SHIPPED))
def test_the_frame_is_the_first_table_of_a_file(language: str, tmp_path: Path) -> None:
    assert shipped_frame(language) == words(tmp_path, language).texts["letter"]
    assert frame_word(tmp_path, language, "day_of") == shipped_frame(language)["day_of"]
    assert frame_word(tmp_path, language, "no such word") is None


def test_plural_forms_and_lists_are_those_of_cldr() -> None:
    assert [plural_form(count, "pl") for count in (1, 2, 5, 22)] == ["one", "few", "many", "few"]
    assert [plural_form(0, one) for one in ("en", "fr", "de", "pt")] == [
        "other", "one", "other", "one",
    ]  # fmt: skip
    assert plural_forms("de") == {"one", "other"}
    assert plural_forms("ar") == {"zero", "one", "two", "few", "many", "other"}
    assert join_list(["A", "B", "C"], "de") == "A, B und C"
    assert join_list([], "de") == ""


#: By language, how it would speak to a reader in the other form of address.
_OTHER_FORM = {
    "de": r"\b(Ihnen|Ihre?[nmrs]?)\b|[a-zäöüß,] Sie\b",
    "es": r"\b[Uu]sted|\b[Ss]us? (respuestas?|nombre|texto|mes|caso|cartas?)\b",
    "fr": r"\b([Tt]u|[Tt]oi|[Tt]on|[Tt]es)\b",
    "it": r"\b[Ss]u[aoe]i? (risposte?|nome|testo|mese|richiesta|lettere)\b|\bprema\b",
    "nl": r"\b[Uu]w?\b|\balstublieft\b",
    "pt": r"\b(lhe|si|equipa|ligaç\w+|connosco)\b",
}


@pytest.mark.parametrize("language", _OTHER_FORM)
def test_a_language_speaks_to_readers_in_one_form(language: str) -> None:
    text = (FOLDER / f"{language}.toml").read_text(encoding="utf-8")
    _, _, words = text.partition("\n")  # the first line names the form

    assert re.findall(rf".*(?:{_OTHER_FORM[language]}).*", words) == []


def test_french_writes_no_word_that_is_elided_before_a_senders_name() -> None:
    """``de Ana`` is wrong and ``de Bloom`` right: neither is needed."""
    text = (FOLDER / "fr.toml").read_text("utf-8")
    assert re.findall(r"\b(?:de|que|le|la|se|ne)\s\{+ ?sender.*", text) == []


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("fr", "fr_FR"),
        ("fr-CA", "fr_CA"),
        ("pt", "pt_BR"),
        ("zh-Hant", "zh_TW"),
        ("eo", None),
        ("es-419", None),
    ],
)
def test_a_language_without_a_region_has_the_likely_one(language: str, locale: str | None) -> None:
    assert with_region(language) == locale
