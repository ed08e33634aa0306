"""Tokens: alphanumeric placeholders for the values that a template prints.

Tokens are numbered in printing order, and Markdown and MJML cannot misread them. The same path
through a template's branches gives the same source for all subscribers, so its compiled form can
be cached.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Protocol, Self, TypeVar

#: All line ends become ``\n``; characters that mail cannot carry are removed; lone surrogates
#: cannot be written as UTF-8.
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FOLDED = re.compile("[\x00-\x20\x7f\x85\u2028\u2029]*[\x00-\x1f\x7f\x85\u2028\u2029]+[\x00-\x20]*")

#: Around the number of a piece of template text, in sources that are mapped to the author's file
#: (private use: removed from everything that authors write).
MARK_START = "\ue000"
MARK_END = "\ue001"
_PRIVATE = re.compile("[\x00\ue000-\ue00f]")
_MARK = re.compile(f"{MARK_START}[0-9]+{MARK_END}")


Value = TypeVar("Value")


class ValueRecorder(Protocol[Value]):
    """Records what templates print: texts, or expressions for them."""

    @property
    def values(self) -> Sequence[Value]:
        """The value of token number ``n`` is ``values[n]``."""

    def token(self, text: Value) -> str:
        """A token for the text; none for an empty one."""

    def resolve(self, source: str) -> Value:
        """The source with every token replaced by its value."""

    def resolve_line(self, source: str) -> Value:
        """The same on one line, for headers, titles and preview texts."""


class PrintedValues:
    """Values printed so far while an email is rendered for one recipient."""

    __slots__ = ("_tokens", "values")

    def __init__(self, tokens: TokenFormat) -> None:
        self._tokens = tokens
        self.values: list[str] = []

    def token(self, text: str) -> str:
        """A token for the text; none for an empty one."""
        text = clean(text)
        if not text:
            return ""
        self.values.append(text)
        return self._tokens.token(len(self.values) - 1)

    def resolve(self, source: str) -> str:
        """Replaces in one pass, so a value that looks like a token stays as it is."""
        if MARK_START in source:
            source = _MARK.sub("", source)
        return self._tokens.pattern.sub(lambda match: self.values[int(match[1])], source)

    def resolve_line(self, source: str) -> str:
        return one_line(self.resolve(source))


class TokenFormat:
    """The tokens of one email: a prefix that none of its sources contains, and a number."""

    __slots__ = ("pattern", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        #: Group 1 is the token's number.
        self.pattern = re.compile(f"{prefix}([0-9]+)z")

    @classmethod
    def absent_from(cls, sources: Iterable[str]) -> Self:
        everything = "\n".join(sources)
        seeds = (f"{attempt}:{everything}".encode("utf-8", "replace") for attempt in count())
        # Lower case letters and digits only: host names and CSS classes lose their case.
        prefixes = (f"lc{hashlib.sha256(seed).hexdigest()[:10]}x" for seed in seeds)
        return cls(next(prefix for prefix in prefixes if prefix not in everything.lower()))

    def token(self, number: int) -> str:
        return f"{self.prefix}{number}z"


def author_text(source: str) -> str:
    """The author's text without the private-use characters that serve as marks here."""
    return _PRIVATE.sub("", source)


def clean(text: str) -> str:
    """The text without what mail cannot carry: control characters and lone surrogates."""
    if text.isprintable():
        return text
    text = _FORBIDDEN.sub("", _LINE_END.sub("\n", text))
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text on one line, for headers, titles and preview texts."""
    if text.isprintable():
        return text.strip()
    return _FOLDED.sub(" ", clean(text)).strip()
