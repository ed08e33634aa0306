"""The table of words of incoming mail, and the form in which they are compared."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_QUOTES = str.maketrans("’‘`´“”«»ß", "''''\"\"\"\"s")
_LETTER_MARKS = re.compile(r"[\u0300-\u036f]+")


def plain_words(text: str) -> str:
    """Lower case, without accents; blanks are joined."""
    bare = unicodedata.normalize("NFD", text.translate(_QUOTES).replace("\u00a0", " "))
    return " ".join(_LETTER_MARKS.sub("", bare).lower().split())


@cache
def phrase_table() -> Mapping[str, Mapping[str, Any]]:
    """The sections of ``phrases.toml``: patterns, or lists of them."""
    text = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
