"""Compiles MJML to HTML with MRML, and keeps every character as its author wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from mjml import mjml2html

from lovecampaign.render.markup.html_attributes import apply_html_attributes
from lovecampaign.render.markup.mjml_document import Defaults, with_units
from lovecampaign.render.markup.mjml_fonts import link_fonts
from lovecampaign.render.markup.mjml_tags import TAGS
from lovecampaign.render.markup.mjml_tree import Edit, Element, edited

#: MRML writes attribute values with Rust's debug escapes: ``\u{200d}`` for what it considers
#: unprintable (joiners, no-break spaces, combining marks), ``\"`` and ``\\``.
_UNSAFE_IN_ATTRIBUTE = re.compile(r"""[^ !#-;=?-\[\]-~]""")
_COLOR_SCHEME = (
    '<meta name="color-scheme" content="light dark" />'
    '<meta name="supported-color-schemes" content="light dark" />'
)
_COLOR_SCHEME_META = re.compile(r"""<meta\b[^>]*\bname\s*=\s*["']?color-scheme\b""", re.IGNORECASE)
#: npm's ``mjml`` hides a carousel's arrows in a query that only Yahoo takes for one; with MRML's
#: comma it is one for every screen.
_CAROUSEL_ARROWS = ("@media screen, yahoo {", "@media screen yahoo {")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
#: MRML hides the preheader as white text of one pixel too, which spam filters take for a trick
#: (SpamAssassin: HTML_FONT_LOW_CONTRAST, 0.7 points). Outlook for Windows needs ``mso-hide``.
_MRML_PREVIEW_STYLE = (
    "display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;"
    "opacity:0;overflow:hidden;"
)
_PREVIEW_STYLE = "display:none;mso-hide:all;max-height:0px;max-width:0px;opacity:0;overflow:hidden;"

#: Tags of the head that MRML does not get as they are.
_WRITTEN_APART = ("mj-attributes", "mj-font", "mj-html-attributes", "mj-preview", "mj-title")
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


def compile_mjml(
    source: str, tree: Element, settings: DocumentSettings, edits: Iterable[Edit] = ()
) -> str:
    """HTML of a checked and normalised tree; raises :class:`MjmlCompilerError`.

    ``edits`` balance the HTML that its tags hold.
    """
    writer = _MjmlWriter(source, Defaults(tree), settings, edits)
    root = next(one for one in tree.elements() if one.name == "mjml")
    try:
        compiled = str(mjml2html(writer.document(root))).replace(*_CAROUSEL_ARROWS)
        html = writer.restore(compiled.replace(_MRML_PREVIEW_STYLE, _PREVIEW_STYLE, 1))
    except ValueError as error:
        raise MjmlCompilerError(str(error)) from error
    fonts = (one for one in root.walk() if one.name == "mj-font")
    html = link_fonts(html, {one.attribute("name"): one.attribute("href") for one in fonts})
    return apply_html_attributes(html, root, source)


class _MjmlWriter:
    """Writes a tree in the form that MRML reads, without HTML.

    What ``mj-text`` and its like hold is HTML: MRML would parse it as XML. It gets a placeholder
    in its place, and is put back after the compilation as its author wrote it.
    """

    def __init__(
        self,
        source: str,
        defaults: Defaults,
        settings: DocumentSettings,
        edits: Iterable[Edit],
    ) -> None:
        self._source = source
        self._edits = tuple(edits)
        self._defaults = defaults
        self._settings = settings
        self._prefix = "lccontent"
        while self._prefix in source:
            self._prefix += "x"
        self._contents: list[str] = []

    def document(self, root: Element) -> str:
        own = root.tag.attributes
        settings = {"lang": self._settings.language, "dir": self._settings.direction}
        given = {one.name: one.value for one in own if one.name in settings and one.value}
        parts = (
            self._head(one) if one.name == "mj-head" else self._element(one, "")
            for one in root.elements()
        )
        return f"<mjml{_written(settings | given)}>{''.join(parts)}</mjml>"

    def restore(self, html: str) -> str:
        """The compiled HTML with the contents in place of the placeholders."""
        written: list[str] = []
        end = 0
        for found in re.finditer(rf"{self._prefix}([0-9]+)z", html):
            content = self._contents[int(found[1])]
            before = html[end : found.start()]
            if before.endswith('="'):  # the title, again as a label
                content = content.replace('"', "&quot;").replace("<", "&lt;")
            elif _is_for_outlook(html, found.start()):
                content = f"<![endif]-->{content}<!--[if mso | IE]>"
            written += before, content
            end = found.end()
        return "".join((*written, html[end:]))

    def _head(self, head: Element) -> str:
        settings = self._settings
        written = "".join(
            self._element(one, "") for one in head.elements() if one.name not in _WRITTEN_APART
        )
        for name, words in (("mj-title", settings.title), ("mj-preview", settings.preheader)):
            own = [one for one in head.elements() if one.name == name]
            if html := (self._html(own[-1]) if own else "") or escape(words):
                written += f"<{name}>{self._placeholder(html)}</{name}>"
        if not _COLOR_SCHEME_META.search(self._source):
            written += f"<mj-raw>{self._placeholder(_COLOR_SCHEME)}</mj-raw>"
        everywhere = {k: with_units(k, v) for k, v in self._defaults.of_all_tags.items()}
        attributes = f"<mj-attributes><mj-all{_written(everywhere)} /></mj-attributes>"
        return f"<mj-head>{attributes if everywhere else ''}{written}</mj-head>"

    def _element(self, element: Element, parent_class: str) -> str:
        name = element.name
        attributes = {
            key: self._settings.pictures.get(value, value) if key in _PICTURE_ATTRIBUTES else value
            for key, value in self._defaults.of(element, parent_class).items()
        }
        if TAGS[name].holds_html:
            html = self._html(element)
            inside = self._placeholder(html) if html else ""
        else:
            own_class = element.attribute("mj-class") or parent_class
            inside = "".join(self._element(child, own_class) for child in element.elements())
        return f"<{name}{_written(attributes)}>{inside}</{name}>"

    def _html(self, element: Element) -> str:
        """What a tag holds, with the addresses of its pictures."""
        edits = list(self._edits)
        for inside in element.walk():
            for one in inside.tag.attributes if inside is not element else ():
                address = self._settings.pictures.get(one.value)
                if address is not None and one.name in _PICTURE_ATTRIBUTES:
                    edits.append(Edit(one.value_start, one.value_end, address))
        html = edited(self._source, edits, element.tag.end, element.content_end).strip()
        return _COMMENT.sub("", html) if element.name == "mj-title" else html

    def _placeholder(self, html: str) -> str:
        self._contents.append(html)
        return f"{self._prefix}{len(self._contents) - 1}z"


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(
        f' {name}="{_UNSAFE_IN_ATTRIBUTE.sub(_entity, value)}"'
        for name, value in attributes.items()
    )


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _is_for_outlook(html: str, offset: int) -> bool:
    """Whether an offset is inside a conditional comment: MRML puts ``mj-raw`` into some."""
    opened = html.rfind("<!--[if mso", 0, offset)
    return opened > html.rfind("<![endif]", 0, offset)
