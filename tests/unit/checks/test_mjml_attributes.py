"""MJML's attributes: the table of effects is what the compiler does, and values are judged."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from lovecampaign.checks.base.mjml_attributes import HANDLED_BEFORE, read_effects
from lovecampaign.checks.base.mjml_values import describe_wrong_value
from lovecampaign.render.markup.mjml_tags import TAGS
from tools.find_mjml_effects import DATA, find_effects

AGAIN = "run tools/find_mjml_effects.py"


@pytest.mark.parametrize("tag", ["mj-body", "mj-image", "mj-style", "mj-social-element"])
def test_the_table_says_what_the_compiler_does(tag: str) -> None:
    assert find_effects([tag])[tag] == read_effects()[tag], AGAIN


def test_the_table_is_of_the_installed_compiler() -> None:
    assert f'"mjml-python {version("mjml-python")}"' in DATA.read_text("utf-8"), AGAIN


def test_the_table_has_each_tag_with_attributes() -> None:
    tags = {name for name, tag in TAGS.items() if tag.attributes - HANDLED_BEFORE}
    assert set(read_effects()) == tags
    for tag, effects in read_effects().items():
        assert effects <= TAGS[tag].attributes - HANDLED_BEFORE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("align", "center"),
        ("background-color", "none"),
        ("border", "1px solid rgb(0, 0, 0)"),
        ("border", "0"),
        ("border-radius", "4px / 50%"),
        ("color", "#FFF"),
        ("color", "hsl(120 50% 50%)"),
        ("color", " inherit "),
        ("font-size", "1.2em"),
        ("font-weight", "350"),
        ("height", "auto"),
        ("letter-spacing", "normal"),
        ("line-height", "1.5"),
        ("padding", "0 10px 0 calc(1px + 2%)"),
        ("padding", "10px !important"),
        ("width", "50%"),
        ("background-position", "whatever it is"),
        ("font-family", "Nonesuch, serif"),
        ("color", ""),
    ],
)
def test_a_value_that_programs_understand_passes(name: str, value: str) -> None:
    assert describe_wrong_value("mj-text", name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("align", "middle", "write left, center, right, justify, start or end"),
        ("border", "1px solid bleu", "did you mean blue?"),
        ("border", "2 solid red", 'write border="2px solid red"'),
        ("border-radius", "none", 'write a length, as border-radius="0px"'),
        ("color", "bleu", "did you mean blue?"),
        ("color", "c2185b", 'write color="#c2185b"'),
        ("color", "#12345", "write # and six digits 0-9, a-f, or the English name of a colour"),
        ("direction", "left", "write ltr or rtl"),
        ("font-size", "20", 'write font-size="20px"'),
        ("font-size", "2", 'write a length, as font-size="20px"'),
        ("font-weight", "regular", "write normal, bold, or a number from 100 to 900"),
        ("hamburger", "true", "write hamburger, or delete it"),
        ("padding", "10 0 20px", 'write padding="10px 0px 20px"'),
        ("vertical-align", "center", "write top, middle, bottom or baseline"),
        ("width", "60 %", 'write a length, as width="20px"'),
    ],
)
def test_a_value_that_no_program_understands_gets_a_hint(name: str, value: str, hint: str) -> None:
    found = describe_wrong_value("mj-text", name, value)
    assert found is not None
    assert found[1] == hint
