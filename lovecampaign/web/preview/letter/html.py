"""What stands in an email's HTML? Its words in order, its links and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "style", "script", "title"})
#: Tags inside a sentence; every other one ends a word.
_INLINE = frozenset(
    {"a", "b", "em", "font", "i", "img", "small", "span", "strong", "sub", "sup", "u"}
)
#: Fillers that keep a client from showing what follows the preheader.
_FILLERS = dict.fromkeys(map(ord, "\u034f\u00ad\u200b\u200c\u200d\u2007\ufeff"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link as a reader meets it."""

    words: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was read of an email's HTML."""

    #: All words, hidden preheader first, with single spaces.
    words: str
    anchors: tuple[Anchor, ...]
    #: Addresses of pictures, each once.
    pictures: tuple[str, ...]


def read_page(html: str) -> Page:
    """Read HTML as a browser would; nothing in it is ever a mistake."""
    reader = _PageReader()
    reader.feed(html)
    reader.close()
    return Page(
        words=_tidy("".join(reader.words)),
        anchors=tuple(
            Anchor(words=_tidy("".join(words)), address=address)
            for address, words in reader.anchors
        ),
        pictures=tuple(dict.fromkeys(reader.pictures)),
    )


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        #: Where each link leads, and its words.
        self.anchors: list[tuple[str, list[str]]] = []
        self.pictures: list[str] = []
        self._unseen: list[str] = []
        self._open_anchor: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "a" and values.get("href"):
            self._open_anchor = []
            self.anchors.append((values["href"] or "", self._open_anchor))
        elif tag == "img":
            self._see_picture(values)
        self._end_word(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            self._unseen.remove(tag)
        elif tag == "a":
            self._open_anchor = None
        self._end_word(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self.words.append(data)
        if self._open_anchor is not None:
            self._open_anchor.append(data)

    def _end_word(self, tag: str) -> None:
        if tag not in _INLINE:
            self.words.append(" ")

    def _see_picture(self, values: dict[str, str | None]) -> None:
        if source := values.get("src"):
            self.pictures.append(source)
        if self._open_anchor is not None and values.get("alt"):
            self._open_anchor.append(values["alt"] or "")


def _tidy(text: str) -> str:
    return " ".join(text.translate(_FILLERS).split())
