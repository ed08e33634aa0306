"""Which real value waits behind a token in a rendered source?

Every value that a template prints becomes an alphanumeric token, numbered by order of
printing, so that Markdown and MJML cannot read anything into it. The same path through the
branches of a template gives the same source text for everybody, which is what makes the
compiled result worth keeping.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Protocol, Self, TypeVar

#: Line ends of every kind become ``\n``; what no mail may carry goes; halves of a surrogate
#: pair cannot be written as UTF-8.
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HALF = re.compile("[\ud800-\udfff]")
_FOLDED = re.compile("[\x00-\x20\x7f\x85\u2028\u2029]*[\x00-\x1f\x7f\x85\u2028\u2029]+[\x00-\x20]*")

#: Stands around the number of a chunk of template text, in sources that are traced to their
#: place in the author's file (private use: removed from everything that authors write).
MARK_START = "\ue000"
MARK_END = "\ue001"
_PRIVATE = re.compile("[\x00\ue000-\ue00f]")
_MARK = re.compile(f"{MARK_START}[0-9]+{MARK_END}")


Value = TypeVar("Value")


class ValueRecorder(Protocol[Value]):
    """Takes note of what templates print: texts, or how texts are to be found."""

    @property
    def values(self) -> Sequence[Value]:
        """What stands behind token number ``n``."""

    def token(self, text: Value) -> str:
        """A token that stands for the text; nothing stands for nothing."""

    def resolve(self, source: str) -> Value:
        """What a source says when every token is replaced by its value."""

    def resolve_line(self, source: str) -> Value:
        """The same on one line, for headers, titles and preview texts."""


class PrintedValues:
    """The values printed so far, while one email is rendered for one person."""

    __slots__ = ("_tokens", "values")

    def __init__(self, tokens: TokenFormat) -> None:
        self._tokens = tokens
        #: The real text of token number ``n`` is ``values[n]``.
        self.values: list[str] = []

    def token(self, text: str) -> str:
        """A token that stands for the text; nothing stands for nothing."""
        text = clean(text)
        if not text:
            return ""
        self.values.append(text)
        return self._tokens.token(len(self.values) - 1)

    def resolve(self, source: str) -> str:
        """In one pass: a value that looks like a token stays what it is."""
        if MARK_START in source:
            source = _MARK.sub("", source)
        return self._tokens.pattern.sub(lambda match: self.values[int(match[1])], source)

    def resolve_line(self, source: str) -> str:
        return one_line(self.resolve(source))


class TokenFormat:
    """How the tokens of one email look: a prefix that none of its sources contains."""

    __slots__ = ("pattern", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        #: Group 1 is the token's number.
        self.pattern = re.compile(f"{prefix}([0-9]+)z")

    @classmethod
    def absent_from(cls, sources: Iterable[str]) -> Self:
        everything = "\n".join(sources)
        for attempt in count():
            seed = f"{attempt}:{everything}".encode("utf-8", "replace")
            # Lower case letters and digits only: host names and CSS classes lose their case.
            prefix = f"lc{hashlib.sha256(seed).hexdigest()[:10]}x"
            if prefix not in everything.lower():
                return cls(prefix)
        raise AssertionError("count() never ends")

    def token(self, number: int) -> str:
        return f"{self.prefix}{number}z"

    def start(self) -> PrintedValues:
        return PrintedValues(self)


def author_text(source: str) -> str:
    """What an author wrote, without the private-use characters that mark things here."""
    return _PRIVATE.sub("", source)


def clean(text: str) -> str:
    """The text without what no mail can carry: NUL and other controls, halves of surrogates."""
    if text.isprintable():
        return text
    text = _FORBIDDEN.sub("", _LINE_END.sub("\n", text))
    return _HALF.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text folded onto one line, for headers, titles and preview texts."""
    if text.isprintable():
        return text.strip()
    return _FOLDED.sub(" ", clean(text)).strip()
