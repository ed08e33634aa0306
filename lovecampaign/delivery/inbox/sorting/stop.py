"""Finds replies that only say stop.

Only: "please do not stop" and "stop by when you are in town" are letters.
"""

from __future__ import annotations

import re
from functools import cache

from lovecampaign.delivery.inbox.sorting.words import phrase_table, plain_words

_MAX_CHARACTERS = 150
_PUNCTUATION = re.compile(r"^[\s\"'.,;:!?()\[\]*_>-]+|[\s\"'.,;:!?()\[\]*_<-]+$")
_REPLY_MARK = re.compile(r"^((re|aw|sv|antw|rv|res|tr)\s*:\s*)+")
_LINE_END = re.compile(r"(?<=[^\s.,;:!?])\s*\n\s*(?=[A-ZÀ-Þ-])")
_BETWEEN = r"[\s,.;:!]+"


def says_stop(text: str, subject: str) -> bool:
    """Whether a reply's own words, or the subject of one without words, say stop and no more."""
    # A line is a sentence: a name stands below.
    words = plain_words(_LINE_END.sub(". ", text.strip()[: 2 * _MAX_CHARACTERS]))
    if not words.strip(" .,-!"):
        own_subject = plain_words(subject[: 2 * _MAX_CHARACTERS])
        return not _REPLY_MARK.match(own_subject) and _is_stop(own_subject)
    return len(words) <= _MAX_CHARACTERS and _is_stop(words)


def _is_stop(words: str) -> bool:
    bare = _without_courtesy(words)
    if _stops().fullmatch(bare):
        return True
    # Said twice, or in two sentences: "Stop. Unsubscribe."; a name below it.
    sentences = [one for one in re.split(r"[.,!;]+\s*", bare) if one.strip()]
    bare_ones = [_without_courtesy(one) for one in sentences]
    rest = [one for one in bare_ones if one and not _stops().fullmatch(one)]
    is_signed = bool(rest) and rest == bare_ones[-1:] and len(rest[0].split()) <= 2
    says_it = len(rest) < sum(1 for one in bare_ones if one)
    return says_it and (not rest or (is_signed and "?" not in words))


def _without_courtesy(words: str) -> str:
    """The words without greeting and thanks at both ends."""
    for _ in range(4):
        before = words
        words = _PUNCTUATION.sub("", words)
        words = _courtesy_end().sub("", _courtesy_start().sub("", words))
        if words == before:
            break
    return words


@cache
def _stops() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in phrase_table()["stop"].values()))


@cache
def _courtesy_start() -> re.Pattern[str]:
    return re.compile(rf"^(?:{phrase_table()['courtesy']['words']})(?:{_BETWEEN}|$)")


@cache
def _courtesy_end() -> re.Pattern[str]:
    return re.compile(rf"(?:^|{_BETWEEN})(?:{phrase_table()['courtesy']['words']})$")
