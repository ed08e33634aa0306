"""Renders the text part of an email from its MJML tree, like a letter typed by hand.

The tree holds the copy as HTML made from its Markdown, and the template's own words (greeting,
price box, footer) as its author wrote them. Addresses get lines of their own; tables leave no
trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from itertools import count

from markdown_it.common.normalize_url import normalizeLinkText

from lovecampaign.render.markup.mjml_tree import Element
from lovecampaign.render.markup.scanner import Text
from lovecampaign.render.markup.skeleton import LINK_CLOSE, LINK_OPEN

#: RFC 3676, section 4.3: begins the signature, which mail programs grey out.
FOOTER_LINE = "-- "
#: Elements without text: code, and pure decoration.
_SILENT = frozenset({"mj-head", "mj-raw", "mj-spacer", "mj-divider", "mj-style", "script", "style"})
_CONTAINERS = frozenset({"mj-column", "mj-group", "mj-hero", "mj-section", "mj-wrapper"})
_BLOCKS = frozenset({
    "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "mj-accordion",
    "mj-accordion-text", "mj-carousel", "mj-column", "mj-group", "mj-hero", "mj-section",
    "mj-social", "mj-table", "mj-text", "mj-wrapper", "ol", "p", "table", "ul",
})  # fmt: skip
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_AROUND_LINE_END = re.compile(r" *\n *")
#: A leading space that must survive tidying (private use).
_INDENT = "\ue004"


def plain_text_of(tree: Element, copy: range, footer_marks: Sequence[str], colon: str = ":") -> str:
    """The text part, tokens included, with addresses marked for :func:`cut_plain`.

    ``copy`` are the offsets of the copy in the source. The last part behind it with the first of
    ``footer_marks`` that any has (the unsubscribe link, the postal address) goes under a signature
    line, unless it comes first. ``colon`` comes between a link's words and its address.
    """
    parts: list[str] = []
    candidates: list[int] = []
    for element in _parts(_body(tree), copy):
        if text := _tidy(_PlainTextWriter(colon).write(element)):
            # The copy may link there, too.
            if parts and (not copy or element.tag.start >= copy.stop):
                candidates.append(len(parts))
            parts.append(text)
    marked = ([at for at in candidates if mark in parts[at]] for mark in footer_marks if mark)
    if footers := next(filter(None, marked), None):
        parts[footers[-1]] = f"{FOOTER_LINE}\n{parts[footers[-1]]}"
    return "\n\n".join(parts) + "\n"


def _parts(body: Element, copy: range) -> Iterator[Element]:
    """The sections; in place of the one with the copy, what is beside the copy in it."""
    for element in body.elements():
        if element.tag.start < copy.start < element.content_end and element.name in _CONTAINERS:
            yield from _parts(element, copy)
        else:
            yield element


def _body(tree: Element) -> Element:
    """The document's own body; ``mj-attributes`` may hold an ``mj-body`` with defaults."""
    root = next((one for one in tree.walk() if one.name == "mjml"), tree)
    children = (one for one in root.children if isinstance(one, Element))
    return next((one for one in children if one.name == "mj-body"), root)


def _tidy(text: str) -> str:
    return _tidy_inside(text).replace(_INDENT, " ")


class _PlainTextWriter:
    """Writes one section; collects the addresses of the current block."""

    def __init__(self, colon: str) -> None:
        self._colon = colon
        self._links: list[tuple[str, str]] = []

    def write(self, element: Element) -> str:
        if element.name in _SILENT or "display:none" in element.attribute("style"):
            return ""
        if special := _SPECIAL.get(element.name):
            return special(self, element)
        if element.name in _BLOCKS:
            return self._block(element)
        return self.inside(element)

    def inside(self, element: Element) -> str:
        return "".join(
            self.write(child) if isinstance(child, Element) else _words(child)
            for child in element.children
        )

    def raised(self, element: Element) -> str:
        """The number of a footnote, in brackets."""
        words = self.inside(element)
        return f"[{words}]" if element.attribute("class") == "note" else words

    def button(self, element: Element) -> str:
        return f"\n\n{self.inside(element).strip()}\n{_link(element)}\n\n"

    def anchor(self, element: Element) -> str:
        words, address = self.inside(element), unescape(element.attribute("href"))
        if address == f"mailto:{words.strip()}":
            address = words.strip()
        if not address or _is_address(words.strip(), address):
            return f"{LINK_OPEN}{address}{LINK_CLOSE}" if address else words
        self._links.append((words.strip(), address))
        return words

    def picture(self, element: Element) -> str:
        alt = unescape(element.attribute("alt")).strip()
        return f"[{alt}]" if alt else ""

    def picture_block(self, element: Element) -> str:
        link = _link(element) if element.attribute("href") else ""
        return f"\n\n{self.picture(element)}\n{link}\n\n"

    def heading(self, element: Element) -> str:
        return f"\n\n*{self.inside(element).strip()}*\n\n"

    def navigation(self, element: Element) -> str:
        """One line for each link, and its address below it."""
        links = [one for one in element.walk() if one.name == "mj-navbar-link"]
        lines = (_hang("- ", f"{self.inside(one).strip()}\n{_link(one)}") for one in links)
        return "\n\n" + "\n".join(lines) + "\n\n"

    def list_of_items(self, element: Element) -> str:
        start = element.attribute("start")
        numbers = count(int(start) if start.isdigit() else 1)
        items = [child for child in element.children if isinstance(child, Element)]
        marks = (f"{next(numbers)}. " if element.name == "ol" else "- " for _ in items)
        lines = (_hang(mark, self._item(item)) for mark, item in zip(marks, items, strict=True))
        return "\n\n" + "\n".join(lines) + "\n\n"

    def quote(self, element: Element) -> str:
        lines = _tidy_inside(self._with_links(element)).split("\n")
        return "\n\n" + "\n".join(f"> {line}" if line else ">" for line in lines) + "\n\n"

    def row(self, element: Element) -> str:
        cells = (self.write(one).strip() for one in element.children if isinstance(one, Element))
        return "\n" + ", ".join(cell for cell in cells if cell) + "\n"

    def code_block(self, element: Element) -> str:
        text = "".join(
            unescape(child.data)
            for one in element.walk()
            for child in one.children
            if isinstance(child, Text)
        )
        return "\n\n" + text.strip("\n").replace(" ", _INDENT) + "\n\n"

    def _item(self, element: Element) -> str:
        # A nested list follows its item's words without a blank line.
        return _tidy_inside(self._with_links(element)).replace("\n\n", "\n")

    def _block(self, element: Element) -> str:
        return f"\n\n{self._with_links(element).strip(' ')}\n\n"

    def _with_links(self, element: Element) -> str:
        """The text of a block, then the addresses of its links."""
        outer, self._links = self._links, []
        text = self.inside(element)
        links, self._links = self._links, outer
        if not links:
            return text
        if len(links) == 1:
            return f"{text.rstrip()}\n{LINK_OPEN}{links[0][1]}{LINK_CLOSE}"
        named = (
            f"{words}{self._colon}\n{LINK_OPEN}{address}{LINK_CLOSE}" for words, address in links
        )
        return f"{text.rstrip()}\n\n" + "\n".join(named)


def _is_address(words: str, address: str) -> bool:
    """Whether a link's words are its address, as Markdown shows it, with or without a scheme."""
    shown = (address, normalizeLinkText(address))
    return words in shown or any(one.lower() == f"https://{words}".lower() for one in shown)


def _words(text: Text) -> str:
    return _SPACES.sub(" ", unescape(text.data))


def _link(element: Element) -> str:
    return f"{LINK_OPEN}{unescape(element.attribute('href'))}{LINK_CLOSE}"


def _tidy_inside(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", _AROUND_LINE_END.sub("\n", text)).strip()


def _hang(mark: str, text: str) -> str:
    """A list item with a hanging indent as wide as its mark."""
    return mark + text.replace("\n", "\n" + _INDENT * len(mark))


_SPECIAL: Mapping[str, Callable[[_PlainTextWriter, Element], str]] = {
    "a": _PlainTextWriter.anchor,
    "blockquote": _PlainTextWriter.quote,
    "br": lambda _, __: "\n",
    "code": lambda writer, element: f"`{writer.inside(element)}`",
    "em": lambda writer, element: f"_{writer.inside(element)}_",
    "hr": lambda _, __: "\n\n* * *\n\n",
    "i": lambda writer, element: f"_{writer.inside(element)}_",
    "img": _PlainTextWriter.picture,
    "mj-accordion-title": _PlainTextWriter.heading,
    "mj-button": _PlainTextWriter.button,
    "mj-carousel-image": _PlainTextWriter.picture_block,
    "mj-image": _PlainTextWriter.picture_block,
    "mj-navbar": _PlainTextWriter.navigation,
    "mj-social-element": _PlainTextWriter.button,
    "ol": _PlainTextWriter.list_of_items,
    "s": lambda writer, element: f"~{writer.inside(element)}~",
    "pre": _PlainTextWriter.code_block,
    "sup": _PlainTextWriter.raised,
    "strong": lambda writer, element: f"*{writer.inside(element)}*",
    "b": lambda writer, element: f"*{writer.inside(element)}*",
    "tr": _PlainTextWriter.row,
    "ul": _PlainTextWriter.list_of_items,
}
