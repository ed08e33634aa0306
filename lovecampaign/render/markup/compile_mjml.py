"""Compiles MJML to HTML with MRML, and keeps every character as the author wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from mjml import mjml2html

from lovecampaign.render.markup.mjml_tree import Element
from lovecampaign.render.markup.scanner import Quote

#: MRML writes attribute values with Rust's debug escapes: ``\u{200d}`` for what it considers
#: unprintable (joiners, no-break spaces, combining marks), ``\"`` and ``\\``.
_UNSAFE_IN_ATTRIBUTE = re.compile(r"""[^ !#-\[\]-~]""")
_COLOR_SCHEME = (
    '<mj-raw><meta name="color-scheme" content="light dark" />'
    '<meta name="supported-color-schemes" content="light dark" /></mj-raw>'
)
#: MRML hides the preheader as white text of one pixel too, which spam filters take for a trick
#: (SpamAssassin: HTML_FONT_LOW_CONTRAST, 0.7 points). Outlook for Windows needs ``mso-hide``.
_MRML_PREVIEW_STYLE = (
    "display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;"
    "opacity:0;overflow:hidden;"
)
_PREVIEW_STYLE = "display:none;mso-hide:all;max-height:0px;max-width:0px;opacity:0;overflow:hidden;"

_PICTURE_ATTRIBUTES = ("src", "thumbnails-src", "background-url", "background")


class MjmlCompilerError(Exception):
    """The compiler rejects the source, although our own checks passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSettings:
    """Properties that every email's HTML gets, even if its template leaves them out."""

    language: str
    #: ``ltr`` or ``rtl``.
    direction: str
    #: The title and the preheader: text, or a token.
    title: str
    preheader: str
    #: Addresses of local pictures, by the path that a template's ``src`` names.
    pictures: Mapping[str, str]


def compile_mjml(source: str, tree: Element, settings: DocumentSettings) -> str:
    """HTML of a checked source; raises :class:`MjmlCompilerError`."""
    edits = [*_rewrite_attributes(tree, settings.pictures), *_complete(source, tree, settings)]
    for start, end, replacement in sorted(edits, reverse=True):
        source = source[:start] + replacement + source[end:]
    try:
        return str(mjml2html(source)).replace(_MRML_PREVIEW_STYLE, _PREVIEW_STYLE, 1)
    except ValueError as error:
        raise MjmlCompilerError(str(error)) from error


_Edit = tuple[int, int, str]


def _rewrite_attributes(tree: Element, pictures: Mapping[str, str]) -> Iterator[_Edit]:
    for element in tree.walk():
        for attribute in element.tag.attributes:
            value = attribute.value
            if attribute.name in _PICTURE_ATTRIBUTES:
                value = pictures.get(value, value)
            shielded = _UNSAFE_IN_ATTRIBUTE.sub(_entity, value)
            if attribute.quote is Quote.SINGLE or shielded != attribute.value:
                start, end = attribute.value_start - 1, attribute.value_end + 1
                yield start, end, f'"{shielded}"'


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _complete(source: str, tree: Element, settings: DocumentSettings) -> Iterator[_Edit]:
    root = next(one for one in tree.walk() if one.name == "mjml")
    missing = "".join(
        f' {name}="{value}"'
        for name, value in (("lang", settings.language), ("dir", settings.direction))
        if not root.attribute(name)
    )
    if missing:
        yield root.tag.attributes_end, root.tag.attributes_end, missing
    names = {one.name for one in root.walk()}
    additions = ""
    if "mj-title" not in names:
        additions += f"<mj-title>{escape(settings.title)}</mj-title>"
    if "mj-preview" not in names and settings.preheader:
        additions += f"<mj-preview>{escape(settings.preheader)}</mj-preview>"
    if "color-scheme" not in source:
        additions += _COLOR_SCHEME
    if additions:
        yield _head_edit(root, additions)


def _head_edit(root: Element, additions: str) -> _Edit:
    head = next((one for one in root.walk() if one.name == "mj-head"), None)
    if head is None:
        return root.tag.end, root.tag.end, f"<mj-head>{additions}</mj-head>"
    if head.tag.is_self_closing:
        return head.tag.start, head.tag.end, f"<mj-head>{additions}</mj-head>"
    return head.tag.end, head.tag.end, additions
