"""Table of the MJML tags with their attributes and permitted children.

From MJML's documentation (version 5.4), less what MRML refuses. MRML accepts almost anything
silently, so only this table finds a misspelt attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    attributes: frozenset[str] = frozenset()
    #: Permitted child tags; empty for a tag that holds words or nothing.
    children: frozenset[str] = frozenset()
    #: Whether it holds words and HTML ("ending tag").
    holds_html: bool = False


#: MJML attributes that hold an address or words: the only ones in which a value may be printed.
LINKS = frozenset({"href", "src", "background-url"})
WORDS = frozenset({"alt", "title", "name", "css-class", "lang", "dir", "rel", "target"})
#: Attributes of every tag that has attributes at all.
EVERYWHERE = frozenset({"css-class", "mj-class", "id"})

#: Tags of MJML that the compiler does not support, with what to do instead.
UNSUPPORTED: Mapping[str, str] = {
    "mj-include": 'use Jinja: {% include "part.mjml.j2" %}',
}
#: Attributes that it does not support.
UNSUPPORTED_ATTRIBUTES: Mapping[str, str] = {
    "gutter": "give the columns a padding-left and a padding-right",
    "position": "delete it: in an email nothing may come before the document type",
}

_HEAD_TAGS = """
    mj-attributes mj-breakpoint mj-font mj-html-attributes mj-preview mj-raw mj-style mj-title
"""
_BLOCKS = """
    mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer
    mj-table mj-text
"""
_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_INNER_BORDER = (
    "inner-border inner-border-top inner-border-right inner-border-bottom inner-border-left "
    "inner-border-radius inner-background-color"
)
_FONT = (
    "color font-family font-size font-style font-weight letter-spacing line-height "
    "text-decoration text-transform"
)
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y"
)
_SECTION = f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width text-align text-padding gap"
_ICONS = "icon-align icon-height icon-width icon-position icon-wrapped-url icon-wrapped-alt"
_ACCORDION = f"border {_ICONS} icon-unwrapped-url icon-unwrapped-alt"


def _tag(attributes: str, children: str = "", *, holds_html: bool = False) -> Tag:
    return Tag(
        attributes=frozenset(attributes.split()) | EVERYWHERE,
        children=frozenset(children.split()),
        holds_html=holds_html,
    )


def _words(attributes: str = "") -> Tag:
    return _tag(attributes, holds_html=True)


TAGS: Mapping[str, Tag] = {
    "mjml": _tag("owa lang dir version", "mj-head mj-body"),
    "mj-head": Tag(children=frozenset(_HEAD_TAGS.split())),
    "mj-breakpoint": _tag("width"),
    "mj-font": _tag("name href"),
    "mj-html-attributes": Tag(children=frozenset({"mj-selector"})),
    "mj-selector": Tag(attributes=frozenset({"path"}), children=frozenset({"mj-html-attribute"})),
    "mj-html-attribute": Tag(attributes=frozenset({"name"}), holds_html=True),
    "mj-preview": Tag(holds_html=True),
    "mj-style": _words("inline"),
    "mj-title": Tag(holds_html=True),
    "mj-raw": Tag(holds_html=True),
    "mj-body": _tag(
        "background-color color font-family font-size width", "mj-hero mj-raw mj-section mj-wrapper"
    ),
    "mj-wrapper": _tag(_SECTION, "mj-hero mj-raw mj-section"),
    "mj-section": _tag(f"{_SECTION} vertical-align", "mj-column mj-group mj-raw"),
    "mj-group": _tag("background-color direction vertical-align width", "mj-column mj-raw"),
    "mj-column": _tag(
        f"background-color {_BORDER} {_INNER_BORDER} {_PADDING} direction vertical-align width",
        _BLOCKS,
    ),
    "mj-hero": _tag(
        f"""{_BACKGROUND} {_PADDING} background-height background-width border-radius
        container-background-color height inner-background-color inner-padding inner-padding-top
        inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align width
        align""",
        _BLOCKS,
    ),
    "mj-text": _words(
        f"""{_FONT} {_PADDING} align background-color container-background-color height
        vertical-align"""
    ),
    "mj-button": _words(
        f"""{_FONT} {_BORDER} {_PADDING} align background-color container-background-color height
        href inner-padding name rel target text-align title vertical-align width"""
    ),
    "mj-image": _tag(
        f"""{_BORDER} {_PADDING} align alt container-background-color fluid-on-mobile font-size
        height href max-height name rel sizes src srcset target title usemap width"""
    ),
    "mj-divider": _tag(
        f"""{_PADDING} align border-color border-style border-width container-background-color
        width"""
    ),
    "mj-spacer": _tag(f"{_BORDER} {_PADDING} container-background-color height"),
    "mj-table": _words(
        f"""{_FONT} {_PADDING} align border cellpadding cellspacing container-background-color
        role table-layout vertical-align width"""
    ),
    "mj-social": _tag(
        f"""{_FONT} {_PADDING} align border border-radius container-background-color icon-height
        icon-padding icon-size inner-padding mode table-layout text-padding vertical-align""",
        "mj-social-element",
    ),
    "mj-social-element": _words(
        f"""{_FONT} {_PADDING} align alt background-color border border-radius href icon-height
        icon-padding icon-position icon-size name rel sizes src srcset target text-padding title
        vertical-align"""
    ),
    "mj-navbar": _tag(
        f"""{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family
        ico-font-size ico-line-height ico-open ico-padding ico-padding-bottom ico-padding-left
        ico-padding-right ico-padding-top ico-text-decoration ico-text-transform""",
        "mj-navbar-link",
    ),
    "mj-navbar-link": _words(f"{_FONT} {_PADDING} href name rel target"),
    "mj-accordion": _tag(
        f"{_ACCORDION} {_PADDING} container-background-color font-family", "mj-accordion-element"
    ),
    "mj-accordion-element": _tag(
        f"{_ACCORDION} background-color font-family", "mj-accordion-text mj-accordion-title"
    ),
    "mj-accordion-title": _words(
        f"{_PADDING} background-color color font-family font-size font-weight"
    ),
    "mj-accordion-text": _words(
        f"{_PADDING} background-color color font-family font-size font-weight letter-spacing "
        "line-height"
    ),
    "mj-carousel": _tag(
        f"""{_PADDING} align border-radius container-background-color icon-width left-icon
        right-icon tb-border tb-border-radius tb-hover-border-color tb-selected-border-color
        tb-width thumbnails""",
        "mj-carousel-image",
    ),
    "mj-carousel-image": _tag(
        "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title"
    ),
}

#: ``mj-attributes`` holds tags with default attributes, ``mj-all`` and ``mj-class``.
_ANY_ATTRIBUTE = frozenset().union(*(tag.attributes for tag in TAGS.values()))
DEFAULTS: Mapping[str, Tag] = {
    **{name: Tag(attributes=tag.attributes) for name, tag in TAGS.items()},
    "mj-all": Tag(attributes=_ANY_ATTRIBUTE),
    "mj-class": Tag(attributes=_ANY_ATTRIBUTE | {"name"}, children=frozenset(TAGS)),
}
