"""The cause that the words of an SMTP rejection name, by a table of phrases.

Replies say the same in many words and languages, and codes are often wrong: the words decide
first. See ``refusal_phrases.toml`` for the phrases and their order.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files


class RefusalCause(StrEnum):
    """The subject of a rejection's words."""

    RECEIVING_RATE = "receiving_rate"  #: the mailbox gets too much mail at once
    OUR_QUOTA = "our_quota"  #: our sending limit
    OUR_RATE = "our_rate"  #: we send, or connect, too fast
    OUR_SETUP = "our_setup"  #: login, account, sender address, HELO, relay, verification
    POLICY = "policy"  #: our IP address, reputation, authentication or content
    MAILBOX_FULL = "mailbox_full"  #: no room left
    MAILBOX_INACTIVE = "mailbox_inactive"  #: suspended or locked, and may come back
    DOMAIN = "domain"  #: no server takes mail for the domain
    DEAD_MAILBOX = "dead_mailbox"  #: the address does not exist


_URL = re.compile(r"https?://\S+|www\.\S+")
_ADDRESS = re.compile(r"""[<(\[\"']*[^\s<>\"'():;,\[\]]+@[\w-]+(?:\.[\w-]+)*[>)\]\"']*""")
_ASCII_UMLAUT = re.compile(r"([aou])e")
_BLANKS = re.compile(r"[\s_]+")


@lru_cache(maxsize=512)
def find_cause(text: str) -> RefusalCause | None:
    """The cause that a reply's words name; None where they name none that is known."""
    for words in _readings(text):
        for cause, phrases in _phrases():
            if phrases.search(words):
                return cause
    return None


def _readings(text: str) -> Sequence[str]:
    """The words without addresses and URLs, then the URLs: some replies are nothing else.

    An address or a help page such as ``/policy/user-unknown`` says nothing about the cause.
    Last, German in ASCII: ``Empfaenger`` for ``Empfänger``.
    """
    plain = _ADDRESS.sub(" ", _without_accents(text).lower())
    words = _BLANKS.sub(" ", _URL.sub(" ", plain)).strip()
    return (words, " ".join(_URL.findall(plain)), _ASCII_UMLAUT.sub(r"\1", words))


def _without_accents(text: str) -> str:
    """Latin letters alone lose their marks: in other scripts they are letters of their own."""
    decomposed = unicodedata.normalize("NFD", text.replace("’", "'"))
    bare = re.sub(r"([A-Za-z])[\u0300-\u036f]+", r"\1", decomposed)
    return unicodedata.normalize("NFC", bare)


@cache
def _phrases() -> Sequence[tuple[RefusalCause, re.Pattern[str]]]:
    text = files(__package__).joinpath("refusal_phrases.toml").read_text(encoding="utf-8")
    return [
        (RefusalCause(entry["name"]), re.compile("|".join(entry["phrases"])))
        for entry in tomllib.loads(text)["cause"]
    ]
