"""The words, links and merge fields that a template adds to every email made with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from lovecampaign.checks.base.locate import Passage, Searchable, find_in_lines
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place

#: Never visible: comments and styles.
_NOTE = (
    r"\{#.*?#\}|<!--(?!\[if).*?-->|<(?P<raw>mj-style|mj-attributes|style|script)\b.*?</(?P=raw)>"
)
_TOKEN = re.compile(
    rf"(?P<note>{_NOTE})|(?P<jinja>\{{\{{.*?\}}\}}|\{{%.*?%\}})"
    r"|(?P<tag></?[A-Za-z](?:\{%.*?%\}|\"[^\"]*\"|'[^']*'|[^<>\"'])*+>)"
    r"|(?P<entity>&\#?\w+;)|(?P<words>[^<{&]+|.)",
    re.DOTALL,
)
_UNREAD = re.compile(_NOTE, re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_INLINE = re.compile(r"</?(?:a|b|i|u|em|strong|span|small)\b")
_CONDITION = re.compile(r"\{%[-+]?\s*(if|elif|endif)\b(.*?)%\}", re.DOTALL)
_SPACES = re.compile(r"\s+")
#: Ends a run of words: no phrase continues after it.
_BREAK = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The words of a template, each character with its position in the source."""

    text: str
    at: tuple[int, ...]


def find_in_template_words(draft: EmailDraft, pattern: Searchable) -> Iterator[Passage]:
    """Every match in the words of the email's templates that the rendered email shows."""
    for file, source in _templates(draft):
        words = _read_words(source)
        for found in pattern.finditer(words.text):
            if _is_shown(draft, found[0]):
                start, last = words.at[found.start()], words.at[found.end() - 1]
                yield _passage(file, source, " ".join(found[0].split()), start, last)


def find_in_template_links(draft: EmailDraft, pattern: re.Pattern[str]) -> Iterator[Passage]:
    """Every match in the templates' sources, up to a merge field, that the rendered email shows."""
    for file, source in _templates(draft):
        for passage in find_in_lines(_without_notes(source), file, 1, pattern):
            link = passage.text.partition("{")[0]
            if _is_shown(draft, unescape(link)):
                start = _position(source, passage.place)
                yield _passage(file, source, link, start, start + len(link) - 1)


def find_in_template_fields(draft: EmailDraft, pattern: re.Pattern[str]) -> Iterator[Passage]:
    """Every match in the templates' merge fields outside of conditions about the day."""
    for file, source in _templates(draft):
        everywhere = _without_some_days(_without_notes(source))
        for passage in find_in_lines(everywhere, file, 1, pattern):
            start = _position(source, passage.place)
            yield _passage(file, source, passage.text, start, start + len(passage.text) - 1)


def runs_of_words(source: str) -> list[str]:
    """The words of a template's source, between its tags and merge fields."""
    return _read_words(source).text.split(_BREAK)


def _templates(draft: EmailDraft) -> Iterator[tuple[str, str]]:
    if draft.rendered:
        yield from draft.templates.items()


def _is_shown(draft: EmailDraft, text: str) -> bool:
    """Whether the rendered email holds it: conditions and blocks leave parts of templates out."""
    if draft.rendered is None:
        return False
    wanted = _SPACES.sub(" ", text).strip()
    if wanted in draft.rendered.words:
        return True
    return wanted.replace("'", '"') in _everything_in(draft.rendered.html)


@lru_cache(maxsize=4)
def _everything_in(html: str) -> str:
    """Also what is hidden, and addresses; with one kind of quotes."""
    return _SPACES.sub(" ", unescape(html)).replace("'", '"')


def _passage(file: str, source: str, text: str, start: int, last: int) -> Passage:
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    line_end = len(source) if line_end < 0 else line_end
    return Passage(
        text=text,
        place=Place(
            file=file, line=source.count("\n", 0, start) + 1, column=start - line_start + 1
        ),
        excerpt=source[line_start:line_end],
        width=min(last + 1, line_end) - start,
    )


def _position(source: str, place: Place) -> int:
    """The offset of a line and column in the source."""
    lines = source.split("\n")[: (place.line or 1) - 1]
    return sum(len(line) + 1 for line in lines) + (place.column or 1) - 1


@lru_cache(maxsize=64)
def _read_words(source: str) -> _Words:
    """Cached: the emails of a month share few templates, and four rules need each."""
    text: list[str] = []
    at: list[int] = []
    for found in _TOKEN.finditer(source):
        for letter, position in _letters(found):
            if letter.isspace() and text and text[-1].isspace():
                text[-1] = _BREAK if letter == _BREAK else text[-1]
            else:
                text.append(letter)
                at.append(position)
    return _Words(text="".join(text), at=tuple(at))


def _letters(token: re.Match[str]) -> Iterator[tuple[str, int]]:
    kind, written, start = token.lastgroup, token[0], token.start()
    if kind == "words":
        for offset, letter in enumerate(written):
            yield " " if letter.isspace() else letter, start + offset
    elif kind == "entity":
        for letter in unescape(written):
            yield " " if letter.isspace() else letter, start
    elif kind == "tag":
        if not _INLINE.match(written):
            yield _BREAK, start
        yield from _quoted(written, start, _ALT)
    elif kind == "jinja":
        if written.startswith("{{"):
            yield _BREAK, start
        yield from _quoted(written, start, _QUOTED)


def _quoted(written: str, start: int, pattern: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Quoted strings, as words of their own."""
    for found in pattern.finditer(written):
        group = found.lastindex or 1
        first = start + found.start(group)
        yield _BREAK, first
        for offset, letter in enumerate(found[group]):
            yield " " if letter.isspace() else letter, first + offset
        yield _BREAK, first


@lru_cache(maxsize=64)
def _without_notes(source: str) -> str:
    return _UNREAD.sub(lambda found: _blanks(found[0]), source)


@lru_cache(maxsize=64)
def _without_some_days(source: str) -> str:
    """Without blocks under a condition about the day, such as ``day.key == "launch"``."""
    opened: list[tuple[int, bool]] = []
    left = source
    for found in _CONDITION.finditer(source):
        about_day = re.search(r"\bday\b", found[2]) is not None
        if found[1] == "if":
            opened.append((found.start(), about_day))
        elif opened:
            start, was_about_day = opened.pop()
            if found[1] == "elif":
                opened.append((start, was_about_day or about_day))
            elif was_about_day:
                blanks = _blanks(source[start : found.end()])
                left = left[:start] + blanks + left[found.end() :]
    return left


def _blanks(text: str) -> str:
    """As long as the text, with the same line ends."""
    return re.sub(r"[^\r\n]", " ", text)
