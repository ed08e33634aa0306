"""Words of the letter and its frame in the recipient's language, frozen with the content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.renderer import EmailRenderer
from tests.support.render_kit import MEDIA_URL, Workbench, in_column, recipient

FRAME = in_column(
    '{{ content }}<mj-text>{% include "words/day_of" %}; {% include "words/thanks" %}</mj-text>'
)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    bench.write_template("letter", FRAME)
    return bench


@pytest.mark.parametrize(
    ("language", "frame"),
    [
        ("en", "Day 2 of 27; Thank you"),
        ("de-AT", "Tag 2 von 27; Danke"),
        ("es", "Día 2 de 27; Gracias"),
        ("fr", "Jour 2 sur 27; Merci"),
        ("it", "Giorno 2 di 27; Grazie"),
        ("nl", "Dag 2 van 27; Dank je wel"),
        ("pt-BR", "Dia 2 de 27; Obrigado"),
    ],
)
def test_the_frame_is_in_the_campaigns_language(
    bench: Workbench, language: str, frame: str
) -> None:
    renderer = bench.renderer(bench.email(), language=language)
    for name in ("Ana", "Bo"):  # the second message takes the fast path
        message = renderer.render(recipient(name))
        assert frame in message.text
    assert renderer.fallback is None


def test_words_are_frozen_with_the_content(bench: Workbench) -> None:
    email = bench.email()
    campaign = bench.campaign(email)
    frozen = read_content(campaign, email)
    words = bench.workspace / "templates" / "words" / "en.toml"
    words.parent.mkdir()
    words.write_text('[letter]\nthanks = "Cheers"\n', "utf-8")

    again = Content.from_json(frozen.to_json())
    text = EmailRenderer(campaign, email, again, media_url=MEDIA_URL).render(recipient()).text
    assert "Thank you" in text
    assert read_content(campaign, email).fingerprint() != frozen.fingerprint()


@pytest.mark.parametrize(
    ("template", "language", "message", "hint"),
    [
        (FRAME, "sv", "there is no word 'day_of' in 'sv'", "templates/words/sv.toml"),
        ('{% include "words/thnks" %}', "de", "there is no word 'thnks' in 'de'", "thanks"),
    ],
)
def test_a_missing_word_is_an_error_and_never_english(
    bench: Workbench, template: str, language: str, message: str, hint: str
) -> None:
    bench.write_template("letter", template)
    email = bench.email()
    with pytest.raises(ProblemsFound) as caught:
        read_content(bench.campaign(email, language=language), email)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("LC100", message)
    assert hint in (problem.hint or "")
    assert str(problem.place).startswith("templates/email/letter.mjml.j2:1")


COPY = "{{ day.date }}: {{ offer.price }}, {{ campaign.launch_at }}, {{ subscriber.language }}\n"


@pytest.fixture
def email(bench: Workbench) -> Email:
    english = bench.email(f"Hello {{{{ first_name }}}}. {COPY}")
    copy = replace(english.copy, text=f"Bonjour {{{{ first_name }}}}. {COPY}")
    french = replace(english, subject="Le sol, {{ first_name }}", preheader="Deux", copy=copy)
    return replace(english, translations={"fr": french})


@pytest.fixture
def campaign(bench: Workbench, email: Email) -> Campaign:
    return bench.campaign(email, languages=("en", "fr"))


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        ("fr-CA", "Le sol, Bo", "Bonjour Bo. mardi 2 février 2027: 99,00 €, dimanche 28 février"),
        ("en", "The soil test", "Hello Bo. Tuesday 2 February 2027: €99.00, Sunday 28 February"),
        ("it", "The soil test", "Hello Bo. Tuesday 2 February 2027: €99.00, Sunday 28 February"),
        (None, "The soil test", "Hello Bo. Tuesday 2 February 2027: €99.00, Sunday 28 February"),
    ],
)
def test_words_frame_dates_and_prices_are_in_the_language(
    campaign: Campaign, email: Email, language: str | None, subject: str, text: str
) -> None:
    content = read_content(campaign, email)
    renderer = EmailRenderer(campaign, email, content, media_url=MEDIA_URL)
    for name in ("Ana", "Bo"):  # the second message takes the fast path
        message = renderer.render(recipient(name, language=language))
    is_french = language == "fr-CA"

    assert message.subject == subject
    shown = " ".join(message.text.split())
    assert shown.startswith(text)
    assert ("Jour 2 sur 27" if is_french else "Day 2 of 27") in shown
    assert f", {language or 'en'} " in shown
    assert f'lang="{"fr" if is_french else "en"}"' in message.html


def test_every_language_takes_its_own_fast_path(campaign: Campaign, email: Email) -> None:
    """Two variants, one for each language: the same bytes as campaigns of one language give."""
    content = read_content(campaign, email)
    both = EmailRenderer(campaign, email, content, media_url=MEDIA_URL)
    french = EmailRenderer(
        campaign.in_language("fr"),
        email.translations["fr"],
        content.translations["fr"],
        media_url=MEDIA_URL,
    )
    messages = [both.render(recipient(name, language="fr")) for name in ("Ana", "Bo", "Cy")]
    assert messages[2].variant is messages[1].variant is not None
    assert messages[2].raw == french.render(recipient("Cy", language="fr")).raw
    assert both.render(recipient("Cy")).variant is not messages[2].variant


def test_all_languages_are_frozen_together(campaign: Campaign, email: Email) -> None:
    content = read_content(campaign, email)
    frozen = Content.from_json(content.to_json())
    assert frozen == content
    edited = replace(email.translations["fr"], subject="Le sable")
    again = read_content(campaign, replace(email, translations={"fr": edited}))
    assert again.fingerprint() != content.fingerprint()
    now = campaign.in_language("fr")  # another language comes first by now
    text = EmailRenderer(now, email, frozen, media_url=MEDIA_URL).render(recipient()).text
    assert text.startswith("Hello Ana. Tuesday 2 February 2027")


def test_content_frozen_by_an_older_version_is_read(bench: Workbench) -> None:
    email = bench.email()
    campaign = bench.campaign(email)
    stored = read_content(campaign, email)
    older = replace(stored, language="").to_json().replace('"language": "", ', "")
    older = older.replace(', "translations": {}', "")
    assert "translations" not in older
    again = Content.from_json(older)
    assert again.fingerprint() == stored.fingerprint()
    assert "Hello" in EmailRenderer(campaign, email, again, media_url="").render(recipient()).text
