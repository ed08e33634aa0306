"""Finds the MJML attributes that have an effect, by compiling each with and without.

    python tools/find_mjml_effects.py

Every pair of a tag and an attribute that MJML knows is compiled. Equal HTML means no effect. The
result is ``lovecampaign/checks/data/mjml_effects.json``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from lovecampaign.checks.base.mjml_attributes import HANDLED_BEFORE
from lovecampaign.render.markup.mjml_tags import TAGS
from lovecampaign.render.plain.compile import compile_email
from lovecampaign.render.plain.compose import ComposedEmail
from lovecampaign.render.values.tokens import PrintedValues, TokenFormat

DATA = Path(__file__).parents[1] / "lovecampaign" / "checks" / "data" / "mjml_effects.json"
TOKENS = TokenFormat.absent_from([])
_EMPTY: ComposedEmail[str] = ComposedEmail(
    subject="",
    source="",
    content="",
    printed=PrintedValues(TOKENS),
    title="",
    preheader="",
    pictures={},
    unsubscribe="",
    preferences="",
    postal_address="",
    postal_words="",
)

_URL = "https://pictures.invalid/a.png"
_BACKGROUND = f'background-url="{_URL}"'
_TEXT = "<mj-text>a</mj-text>"
_COLUMN = f"<mj-column>{_TEXT}</mj-column>"
_SECTION = f"<mj-section>{_COLUMN}</mj-section>"

#: The surroundings of each tag (``@`` is the tag), and what it holds.
_IN_MJML = "<mjml>@</mjml>"
_IN_BODY = "<mjml><mj-body>@</mj-body></mjml>"
_IN_SECTION = _IN_BODY.replace("@", f"<mj-section>@{_COLUMN}</mj-section>")
_IN_COLUMN = _IN_BODY.replace("@", "<mj-section><mj-column>@</mj-column></mj-section>")
_IN_HEAD = f"<mjml><mj-head>@</mj-head><mj-body>{_SECTION}</mj-body></mjml>"
_TITLE = "<mj-accordion-title>a</mj-accordion-title>"
_WORDS = "<mj-accordion-text>b</mj-accordion-text>"
_SLIDE = f'<mj-carousel-image src="{_URL}" />'
PLACES: Mapping[str, tuple[str, str]] = {
    "mjml": ("@", f"<mj-body>{_SECTION}</mj-body>"),
    "mj-breakpoint": (_IN_HEAD, ""),
    "mj-font": (_IN_HEAD.replace("<mj-text>", '<mj-text font-family="Own">'), ""),
    "mj-style": (_IN_HEAD, "p { color: #123456 }"),
    "mj-body": (_IN_MJML, _SECTION),
    "mj-wrapper": (_IN_BODY, 2 * _SECTION),
    "mj-section": (_IN_BODY, 2 * _COLUMN),
    "mj-hero": (_IN_BODY, _TEXT),
    "mj-group": (_IN_SECTION, 2 * _COLUMN),
    "mj-column": (_IN_SECTION, _TEXT),
    "mj-text": (_IN_COLUMN, "a"),
    "mj-button": (_IN_COLUMN, "a"),
    "mj-image": (_IN_COLUMN, ""),
    "mj-divider": (_IN_COLUMN, ""),
    "mj-spacer": (_IN_COLUMN, ""),
    "mj-table": (_IN_COLUMN, "<tr><td>a</td></tr>"),
    "mj-social": (_IN_COLUMN, '<mj-social-element name="x" href="/a">a</mj-social-element>'),
    "mj-social-element": (_IN_COLUMN.replace("@", "<mj-social>@</mj-social>"), "a"),
    "mj-navbar": (_IN_COLUMN, '<mj-navbar-link href="/a">a</mj-navbar-link>'),
    "mj-navbar-link": (_IN_COLUMN.replace("@", "<mj-navbar>@</mj-navbar>"), "a"),
    "mj-accordion": (
        _IN_COLUMN,
        f"<mj-accordion-element>{_TITLE}{_WORDS}</mj-accordion-element>",
    ),
    "mj-accordion-element": (
        _IN_COLUMN.replace("@", "<mj-accordion>@</mj-accordion>"),
        _TITLE + _WORDS,
    ),
    "mj-accordion-title": (
        _IN_COLUMN.replace(
            "@",
            f"<mj-accordion><mj-accordion-element>@{_WORDS}</mj-accordion-element></mj-accordion>",
        ),
        "a",
    ),
    "mj-accordion-text": (
        _IN_COLUMN.replace(
            "@",
            f"<mj-accordion><mj-accordion-element>{_TITLE}@</mj-accordion-element></mj-accordion>",
        ),
        "b",
    ),
    "mj-carousel": (_IN_COLUMN, 2 * _SLIDE),
    "mj-carousel-image": (_IN_COLUMN.replace("@", f"<mj-carousel>@{_SLIDE}</mj-carousel>"), ""),
}
#: Further attributes beside which one may have an effect.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "mj-section": ("", _BACKGROUND, f'{_BACKGROUND} full-width="full-width"'),
    "mj-wrapper": ("", _BACKGROUND, f'{_BACKGROUND} full-width="full-width"'),
    "mj-font": ('name="Own"',),
    "mj-hero": (
        "",
        f'{_BACKGROUND} background-width="500px" background-height="400px"',
        f'{_BACKGROUND} background-width="500px" background-height="400px" mode="fluid-height"',
    ),
    "mj-column": ("", 'padding="9px"'),
    "mj-image": (f'src="{_URL}"', f'src="{_URL}" href="https://a.invalid"'),
    "mj-button": ("", 'href="https://a.invalid"'),
    "mj-social": ("", 'mode="vertical"'),
    "mj-social-element": (
        f'name="x" src="{_URL}"',
        f'name="x" src="{_URL}" href="https://a.invalid"',
        'name="facebook" href="https://a.invalid"',
        f'src="{_URL}" href="https://a.invalid"',
    ),
    "mj-navbar": ("", 'hamburger="hamburger"'),
    "mj-navbar-link": ('href="/a"', ""),
    "mj-carousel-image": (f'src="{_URL}"', f'src="{_URL}" href="https://a.invalid"', ""),
    "mj-spacer": ("", 'height="30px"'),
}
#: Values, of which one at least is not the default, by the longest end of an attribute's name.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "": ("17px", "red"),
    "color": ("#123456",),
    "align": ("right", "center", "left", "middle", "bottom"),
    "mode": ("vertical", "horizontal", "fluid-height"),
    "direction": ("rtl", "ltr"),
    "full-width": ("full-width", "false"),
    "thumbnails": ("hidden", "visible"),
    "hamburger": ("hamburger",),
    "fluid-on-mobile": ("true", "false"),
    "background-repeat": ("no-repeat", "repeat"),
    "background-size": ("cover",),
    "background-position": ("bottom right",),
    "background-position-x": ("right",),
    "background-position-y": ("bottom",),
    "border": ("3px solid #123456",),
    "inner-border": ("3px solid #123456",),
    "border-top": ("3px solid #123456",),
    "border-right": ("3px solid #123456",),
    "border-bottom": ("3px solid #123456",),
    "border-left": ("3px solid #123456",),
    "border-style": ("dotted", "solid"),
    "href": ("https://b.invalid",),
    "base-url": ("https://b.invalid",),
    "url": ("https://b.invalid/b.png",),
    "src": ("https://b.invalid/b.png",),
    "font-weight": ("700", "300"),
    "font-style": ("italic",),
    "text-decoration": ("underline", "overline"),
    "text-transform": ("lowercase", "capitalize"),
    "table-layout": ("fixed", "auto"),
    "position": ("right", "left"),
    "cellpadding": ("7",),
    "cellspacing": ("7",),
    "inline": ("inline",),
    "lang": ("fr",),
    "dir": ("rtl",),
    "owa": ("desktop",),
    "role": ("presentation", "none"),
    "name": ("facebook", "zz"),
    "target": ("_top", "_self"),
}

#: The name's parts of attributes with a value that the HTML must hold: a border on one side may
#: change the width of a picture, and never be drawn.
_SHOWN_AS_WRITTEN = ("border", "color")


def main() -> None:
    tags = {tag: " ".join(sorted(names)) for tag, names in find_effects().items()}
    written = {"source": f"mjml-python {version('mjml-python')}", "tags": tags}
    DATA.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    pairs = sum(len(_names(tag)) for tag in tags)
    effective = sum(len(one.split()) for one in tags.values())
    sys.stdout.write(f"{pairs} pairs, {effective} with an effect\n")


def find_effects(tags: Iterable[str] = PLACES) -> dict[str, frozenset[str]]:
    """The attributes of each tag that have an effect, by compiling them."""
    return {tag: frozenset(one for one in _names(tag) if _has_effect(tag, one)) for tag in tags}


def _names(tag: str) -> list[str]:
    return sorted(TAGS[tag].attributes - HANDLED_BEFORE)


def _has_effect(tag: str, name: str) -> bool:
    return any(
        _changes(tag, name, value, beside)
        for beside in _BESIDE.get(tag, ("",))
        for value in _values(name)
    )


def _changes(tag: str, name: str, value: str, beside: str) -> bool:
    beside = re.sub(rf'(?<!\S){name}="[^"]*"', "", beside)
    changed = _compile(tag, f'{beside} {name}="{value}"')
    if any(part in _SHOWN_AS_WRITTEN for part in name.split("-")) and value not in changed:
        return False
    return changed != _compile(tag, beside)


def _values(name: str) -> tuple[str, ...]:
    """The values of the longest end of a name in the table."""
    ends = [end for end in _VALUES if f"-{name}".endswith(f"-{end}") or not end]
    return _VALUES[max(ends, key=len)]


@cache
def _compile(tag: str, attributes: str) -> str:
    around, inside = PLACES[tag]
    element = f"<{tag} {attributes}>{inside}</{tag}>"
    source = around.replace("@", element)
    composed = replace(_EMPTY, source=source)
    return compile_email(composed, TOKENS.pattern, "en", has_footer=False).html.fill([])


if __name__ == "__main__":
    main()
