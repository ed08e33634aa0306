"""The prose of a copy: its visible words, sentences, and counts of pronouns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_IMAGE = re.compile(r"\[\[\s*image\s*:[^\]]*\]\]|!\[[^\]]*\]\([^)]*\)", re.IGNORECASE)
_BUTTON = re.compile(r"\[\[\s*button\s*:\s*([^\]]*?)\|[^\]]*\]\]", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"https?://\S+")
#: Quotations: in quotation marks, or as a Markdown quotation.
_SPEECH = re.compile(r"“[^”]*”|\"[^\"\n]*\"|«[^»]*»|„[^“”]*[“”]|^>.*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\s”\"»]+|\n\s*\n")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'"})

#: Pronouns by language: those of the reader, and those of the sender.
_READER: Mapping[str, str] = {
    "en": r"you|your|yours|yourself|yourselves|you're|you've|you'll|you'd",
    "fr": r"vous|votre|vos|vôtre|vôtres|tu|te|toi|ton|ta|tes",
    "de": r"sie|ihr|ihnen|ihre[nmr]?|du|dich|dir|dein|deine[nmr]?|euch|euer|eure[nmr]?",
    "es": r"tú|tu|tus|ti|te|contigo|usted|ustedes|su|sus|vosotros|vuestro|vuestra|os",
}
_SENDER: Mapping[str, str] = {
    "en": r"i|i'm|i've|i'll|i'd|me|my|mine|myself|we|we're|we've|we'll|we'd|us|our|ours|ourselves",
    "fr": r"je|me|moi|mon|ma|mes|nous|notre|nos",
    "de": r"ich|mich|mir|mein|meine[nmr]?|wir|uns|unser|unsere[nmr]?",
    "es": r"yo|me|mi|mis|nosotros|nosotras|nos|nuestro|nuestra|nuestros|nuestras",
}


def read_prose(copy: str) -> str:
    """A copy without merge fields, URLs and images."""
    for pattern, instead in (
        (_JINJA, " "),
        (_IMAGE, " "),
        (_BUTTON, r"\1"),
        (_LINK, r"\1"),
        (_ADDRESS, " "),
    ):
        copy = pattern.sub(instead, copy)
    return copy


def count_persons(copy: str, language: str) -> tuple[int, int] | None:
    """How often the copy says "you", and how often "I" or "we", outside of quotations.

    None for a language without a table of pronouns.
    """
    base = language.replace("_", "-").split("-")[0].lower()
    if base not in _READER:
        return None
    words = _SPEECH.sub(" ", read_prose(copy)).translate(_APOSTROPHES).lower()
    return _count(_READER[base], words), _count(_SENDER[base], words)


def sentences(copy: str) -> Iterator[str]:
    """The sentences of a copy, roughly."""
    for piece in _SENTENCE_END.split(read_prose(copy)):
        if sentence := " ".join(piece.split()):
            yield sentence


def _count(pronouns: str, words: str) -> int:
    return len(re.findall(rf"(?<![\w']){'(?:' + pronouns + ')'}(?![\w'])", words))
