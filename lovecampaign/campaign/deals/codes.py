"""Personal deal codes: generation, parsing and links."""

from __future__ import annotations

import re
from urllib.parse import quote

#: Without characters that look alike (0 O, 1 I L, U V), and without A E Y, which make words.
ALPHABET = "23456789BCDFGHJKMNPQRSTWXZ"
GROUPS = 3
GROUP_LENGTH = 5
#: 26 characters ** 15 is 70 bits; 8 bytes more make the remainder's bias unmeasurable.
RANDOM_BYTES = 17
PLACEHOLDER = "{code}"
#: Blanks, and dashes of any length.
_BETWEEN = re.compile(r"[\s\u2010-\u2015\u2212-]+")


def generate_code(random_bytes: bytes) -> str:
    """A code like ``K7MQ2-XWP9R-THJ4C`` from at least 17 bytes of a secure source.

    70 bits: safe against guessing, even offline. Raises ValueError for fewer bytes.
    """
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"a code needs {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    number = int.from_bytes(random_bytes[:RANDOM_BYTES], "big")
    characters = ""
    for _ in range(GROUPS * GROUP_LENGTH):
        number, index = divmod(number, len(ALPHABET))
        characters += ALPHABET[index]
    return _in_groups(characters)


def read_code(typed: str) -> str | None:
    """A typed code in its canonical form, whatever its case, blanks and hyphens; else None."""
    characters = _BETWEEN.sub("", typed).upper()
    is_one = len(characters) == GROUPS * GROUP_LENGTH and set(characters) <= set(ALPHABET)
    return _in_groups(characters) if is_one else None


def fill_link(link: str, code: str) -> str:
    """The deal's link with ``{code}`` replaced by the code, percent-encoded."""
    return link.replace(PLACEHOLDER, quote(code, safe=""))


def _in_groups(characters: str) -> str:
    return "-".join(
        characters[start : start + GROUP_LENGTH]
        for start in range(0, len(characters), GROUP_LENGTH)
    )
