"""Headings and values in a form that can be compared."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

_NO_WORD = re.compile(r"\W+")
_GAPS = re.compile(r"[\s_\-\u2010-\u2015/]+")

#: Words of consent and refusal, by what they mean.
CONSENT_WORDS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "consent.toml").read_text("utf-8")
)
YES, NO = frozenset(CONSENT_WORDS["yes"]), frozenset(CONSENT_WORDS["no"])


def field_name(heading: str) -> str:
    """A heading as a name for templates: ``Favourite plant`` → ``favourite_plant``."""
    name = _NO_WORD.sub("_", _without_accents(heading)).strip("_")
    return f"field_{name}" if name[:1].isdigit() else name


@lru_cache(maxsize=4096)  # a file repeats a handful of words a million times
def word_of(value: str) -> str:
    """A cell as a word: ``Opted-Out`` → ``opted_out``, ``désabonné`` → ``desabonne``."""
    return _GAPS.sub("_", _without_accents(value).strip(" .!\t\r\n'\"")).strip("_")


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(
        sign
        for sign in plain
        if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf"
    )
    return unicodedata.normalize("NFKC", bare)
