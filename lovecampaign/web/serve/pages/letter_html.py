"""Turns an email's HTML into a web page: removes personal links, adds a header and a footer.

The document stays as it is except for links that were left out of the copy. A button says that it
works in the email only; a sentence about unsubscribing, preferences or the web view is removed
with its link; any other sentence keeps its words. Comments (markup for Outlook) are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from lovecampaign.delivery.display.web_version import REMOVED_LINK

#: Sentences about these links are removed from a copy.
_FOOTER_LINKS = tuple(
    f"{REMOVED_LINK}{name}" for name in ("unsubscribe", "preferences", "web-view")
)
#: Marks where such a link was. No document contains it: parsers replace it with U+FFFD.
_MARK = "\0"
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_HIDDEN_SENTENCE_END = re.compile(r"[.!?…](?:</\w+>)+\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """The HTML around the email."""

    #: At the end of the head.
    style: str
    #: Before and after the email, inside the body.
    before: str
    after: str
    #: Below a button that was left out.
    in_letter_only: str


def make_web_page(html: str, frame: PageFrame) -> str:
    copy = _WebCopyParser(frame)
    copy.feed(html)
    copy.close()
    # Any other use of a personal link leads nowhere.
    return "".join(copy.written).replace(REMOVED_LINK, "#").replace(_MARK, "")


class _WebCopyParser(HTMLParser):
    """Copies the document to ``written``, unchanged except for personal links."""

    def __init__(self, frame: PageFrame) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self._frame = frame
        #: The end tags of open links.
        self._ends: list[str] = []
        #: Index in ``written`` of the open paragraph.
        self._paragraph: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open_anchor({name: value or "" for name, value in attrs})
        else:
            self._write_as_read()
        if tag == "p":
            self._paragraph = len(self.written)
        if tag == "body":
            self.written.append(self._frame.before)

    def handle_startendtag(self, *_: object) -> None:
        self._write_as_read()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._ends:
            self.written.append(self._ends.pop())
            return
        if tag == "p" and self._paragraph is not None:
            html = "".join(self.written[self._paragraph :])
            self.written[self._paragraph :] = [_without_footer_sentences(html)]
            self._paragraph = None
        before = {"head": self._frame.style, "body": self._frame.after}.get(tag, "")
        self.written.append(f"{before}</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    def _write_as_read(self) -> None:
        self.written.append(self.get_starttag_text() or "")

    def _open_anchor(self, attributes: Mapping[str, str]) -> None:
        end = "</a>"
        if not attributes.get("href", "").startswith(REMOVED_LINK):
            self._write_as_read()
        elif "inline-block" in attributes.get("style", ""):  # a button, as mj-button writes it
            kept = {name: attributes[name] for name in ("class", "style") if name in attributes}
            written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
            self.written.append(f"<a{written}>")
            end = f"<small>{escape(self._frame.in_letter_only)}</small></a>"
        else:
            if attributes.get("href", "").startswith(_FOOTER_LINKS):
                self.written.append(_MARK)
            end = ""
        self._ends.append(end)


def _without_footer_sentences(paragraph: str) -> str:
    """A paragraph's HTML without sentences about nothing but a removed link."""
    if _MARK not in paragraph:
        return paragraph
    sentences = _SENTENCE_END.split(paragraph)
    return " ".join(one for one in sentences if not _is_footer_sentence(one))


def _is_footer_sentence(sentence: str) -> bool:
    """False for one with a working link, a second sentence, or an unbalanced tag."""
    if _MARK not in sentence or "<a" in sentence or _HIDDEN_SENTENCE_END.search(sentence):
        return False
    opened, closed = sentence.count("<") - sentence.count("</"), sentence.count("</")
    return opened == closed
