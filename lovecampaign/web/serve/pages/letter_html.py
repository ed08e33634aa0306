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

from lovecampaign.delivery.display.web_version import REMOVED_LINK
from lovecampaign.render.markup.scanner import Comment, EndTag, Piece, StartTag
from lovecampaign.web.html import attributes_of, read_html

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
    copy = _WebCopy(frame)
    for piece in read_html(html):
        copy.add(piece, html[piece.start : piece.end])
    # Any other use of a personal link leads nowhere.
    return "".join(copy.written).replace(REMOVED_LINK, "#").replace(_MARK, "")


class _WebCopy:
    """Copies the document to ``written``, unchanged except for personal links."""

    def __init__(self, frame: PageFrame) -> None:
        self.written: list[str] = []
        self._frame = frame
        #: The end tags of open links.
        self._ends: list[str] = []
        #: Index in ``written`` of the open paragraph.
        self._paragraph: int | None = None

    def add(self, piece: Piece, html: str) -> None:
        match piece:
            case StartTag(name="a"):
                self._open_anchor(attributes_of(piece), html)
            case StartTag():
                self._open_element(piece.name, html)
            case EndTag():
                self._close_element(piece.name)
            case Comment() if not html.lower().startswith("<!doctype"):
                pass
            case _:
                self.written.append(html)

    def _open_element(self, name: str, html: str) -> None:
        self.written.append(html)
        if name == "p":
            self._paragraph = len(self.written)
        if name == "body":
            self.written.append(self._frame.before)

    def _close_element(self, name: str) -> None:
        if name == "a" and self._ends:
            self.written.append(self._ends.pop())
            return
        if name == "p" and self._paragraph is not None:
            html = "".join(self.written[self._paragraph :])
            self.written[self._paragraph :] = [_without_footer_sentences(html)]
            self._paragraph = None
        before = {"head": self._frame.style, "body": self._frame.after}.get(name, "")
        self.written.append(f"{before}</{name}>")

    def _open_anchor(self, attributes: Mapping[str, str], html: str) -> None:
        end = "</a>"
        if not attributes.get("href", "").startswith(REMOVED_LINK):
            self.written.append(html)
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
    """A paragraph's HTML without sentences about nothing but a removed link.

    With them go the questions that they answer: "Looks odd? Read it in your browser."
    """
    if _MARK not in paragraph:
        return paragraph
    kept: list[str] = []
    for sentence in _SENTENCE_END.split(paragraph):
        if not _is_footer_sentence(sentence):
            kept.append(sentence)
        elif kept and kept[-1].endswith("?") and "<" not in kept[-1]:
            kept.pop()
    return " ".join(kept)


def _is_footer_sentence(sentence: str) -> bool:
    """False for one with a working link, a second sentence, or an unbalanced tag."""
    if _MARK not in sentence or "<a" in sentence or _HIDDEN_SENTENCE_END.search(sentence):
        return False
    opened, closed = sentence.count("<") - sentence.count("</"), sentence.count("</")
    return opened == closed
