"""How does a mail's HTML become a page? Without dead links, and with a word before and after.

The mail's own document is kept as it is, but for links that were left out of the copy: a button
says that it works in the letter alone, a sentence that only says how to leave or where to read on
goes with its link, and in any other sentence the words stay. Comments, which hold markup for
Outlook, are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from lovecampaign.delivery.display.web_version import REMOVED_LINK

#: What a sentence about them offers is not to be had from a copy.
_WAYS_OUT = tuple(f"{REMOVED_LINK}{name}" for name in ("unsubscribe", "preferences", "web-view"))
#: Stands where such a link was. No document holds it: parsers make U+FFFD of it.
_MARK = "\0"
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_HIDDEN_SENTENCE_END = re.compile(r"[.!?…](?:</\w+>)+\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around the letter, as HTML."""

    #: At the end of the head.
    style: str
    #: Before and after the letter, inside the body.
    before: str
    after: str
    #: Below a button that was left out.
    in_letter_only: str


def make_page(html: str, around: Surroundings) -> str:
    """The mail as a page of its own."""
    copy = _Copy(around)
    copy.feed(html)
    copy.close()
    # Whatever else an author made of a personal link leads nowhere; now it says so, too.
    return "".join(copy.written).replace(REMOVED_LINK, "#").replace(_MARK, "")


class _Copy(HTMLParser):
    """Writes down what it reads, unchanged where nothing is to change."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self._around = around
        #: What is written where an open link ends.
        self._ends: list[str] = []
        #: Where the open paragraph began in what is written.
        self._paragraph: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open_anchor({name: value or "" for name, value in attrs})
        else:
            self._write_as_read()
        if tag == "p":
            self._paragraph = len(self.written)
        if tag == "body":
            self.written.append(self._around.before)

    def handle_startendtag(self, *_: object) -> None:
        self._write_as_read()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._ends:
            self.written.append(self._ends.pop())
            return
        if tag == "p" and self._paragraph is not None:
            said = "".join(self.written[self._paragraph :])
            self.written[self._paragraph :] = [_without_ways_out(said)]
            self._paragraph = None
        before = {"head": self._around.style, "body": self._around.after}.get(tag, "")
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
        elif _is_button(attributes):
            kept = {name: attributes[name] for name in ("class", "style") if name in attributes}
            written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
            self.written.append(f"<a{written}>")
            end = f"<small>{escape(self._around.in_letter_only)}</small></a>"
        else:
            if attributes.get("href", "").startswith(_WAYS_OUT):
                self.written.append(_MARK)
            end = ""
        self._ends.append(end)


def _is_button(attributes: Mapping[str, str]) -> bool:
    """As mj-button writes it."""
    return "inline-block" in attributes.get("style", "")


def _without_ways_out(paragraph: str) -> str:
    """A paragraph's HTML without sentences that are about nothing but a link that is not there."""
    if _MARK not in paragraph:
        return paragraph
    sentences = _SENTENCE_END.split(paragraph)
    return " ".join(one for one in sentences if not _is_way_out(one))


def _is_way_out(sentence: str) -> bool:
    """One that holds a link that works, another sentence, or half of a tag's pair, stays."""
    if _MARK not in sentence or "<a" in sentence or _HIDDEN_SENTENCE_END.search(sentence):
        return False
    opened, closed = sentence.count("<") - sentence.count("</"), sentence.count("</")
    return opened == closed
