"""Words of the letter's frame: in the campaign's language, frozen with the content."""

from __future__ import annotations

from pathlib import Path

import pytest

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
