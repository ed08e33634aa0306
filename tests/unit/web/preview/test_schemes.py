"""How emails are shown to light, dark and forced-dark clients."""

from __future__ import annotations

import pytest

from lovecampaign.web.preview.letter.color_schemes import ColorScheme, apply_scheme

PAGE = """<html><head><meta name="color-scheme" content="light dark">
<meta content="light dark" name="supported-color-schemes"><style>
@media (prefers-color-scheme: dark) { p { color: white } }
@media screen and ( prefers-color-scheme:LIGHT ) { p { color: black } }
</style></head><body><p>Hi</p></body></html>"""
HOLDS, FAILS = "(min-width: 0px)", "(min-width: 99999px)"


@pytest.mark.parametrize(
    ("scheme", "dark", "light"),
    [
        (ColorScheme.LIGHT, FAILS, HOLDS),
        (ColorScheme.DARK, HOLDS, FAILS),
        (ColorScheme.INVERTED, FAILS, HOLDS),
    ],
)
def test_questions_about_colours_are_answered_in_the_text(
    scheme: ColorScheme, dark: str, light: str
) -> None:
    shown = apply_scheme(PAGE, scheme)

    assert f"@media {dark} {{ p {{ color: white }}" in shown
    assert f"@media screen and {light} {{ p {{ color: black }}" in shown


@pytest.mark.parametrize("scheme", list(ColorScheme))
def test_what_the_machine_prefers_does_not_matter(scheme: ColorScheme) -> None:
    shown = apply_scheme(PAGE, scheme)
    prefers = "dark" if scheme is ColorScheme.DARK else "light"

    assert "prefers-color-scheme" not in shown
    assert 'content="light dark"' not in shown
    assert f"color-scheme:only {prefers}!important" in shown


def test_forced_colours_turn_the_light_letter_around_and_leave_pictures_alone() -> None:
    assert "filter:invert(1)" in apply_scheme(PAGE, ColorScheme.INVERTED)
    assert "filter:invert(1)" not in apply_scheme(PAGE, ColorScheme.DARK)


@pytest.mark.parametrize("scheme", list(ColorScheme))
def test_nothing_is_loaded_or_run_and_links_stay_where_they_are(scheme: ColorScheme) -> None:
    head = apply_scheme(PAGE, scheme).partition("<style>")[0]

    assert "Content-Security-Policy" in head
    assert "default-src 'none'" in head
    assert "script-src" not in head
    assert '<base target="_blank">' in head


def test_a_fragment_without_a_head_gets_the_same_rules() -> None:
    assert "default-src 'none'" in apply_scheme("<p>Hi</p>", ColorScheme.LIGHT)
