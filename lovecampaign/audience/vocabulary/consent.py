"""Words of consent and refusal in headings, values and file names.

The words are data: ``consent.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache

from lovecampaign.audience.status import (
    BOUNCED,
    COMPLAINED,
    UNSUBSCRIBED,
    ImportStatus,
    is_status_word,
    parse_status,
)
from lovecampaign.audience.vocabulary.words import CONSENT_WORDS, NO, YES, field_name, word_of


class HeadingKind(Enum):
    """What a heading lets its values mean."""

    REFUSAL = auto()  #: any value but a "no" can be a refusal
    WEAK_REFUSAL = auto()  #: only a "yes", a date or a status can be
    CONSENT = auto()  #: a "no" can be a refusal
    NEUTRAL = auto()
    OTHER_CHANNEL = auto()  #: consent to calls, text messages or post: no matter here


class ValueKind(Enum):
    """What a cell can mean below such a heading."""

    BLANK = auto()
    YES = auto()
    NO = auto()
    NUMBER = auto()
    DATE = auto()
    GOOD_STATUS = auto()  #: ``subscribed``
    BAD_STATUS = auto()  #: ``unsubscribed``
    LINK = auto()
    TEXT = auto()


_REFUSALS = frozenset(CONSENT_WORDS["refusals"])
_WEAK_REFUSALS = frozenset(CONSENT_WORDS["weak_refusals"])
_CONSENTS = frozenset(CONSENT_WORDS["consents"])
_CONSENT_WORDS = frozenset(CONSENT_WORDS["consent_words"])
_NEGATIONS = frozenset(CONSENT_WORDS["negations"])
_OTHER_CHANNELS = frozenset(CONSENT_WORDS["other_channels"])
_ASKED_ALONE = frozenset(CONSENT_WORDS["asked_alone"])
_ASKED_WORDS = frozenset(CONSENT_WORDS["asked_words"])
_CHECKED = frozenset(CONSENT_WORDS["checked"])
_CHECKED_THINGS = frozenset(CONSENT_WORDS["checked_things"])
_EMAIL_WORDS = frozenset(CONSENT_WORDS["email_words"])
_COUNTS = frozenset(CONSENT_WORDS["counts"])
_LINKS = frozenset(CONSENT_WORDS["links"])
_ASKED_CONSENTS = frozenset(CONSENT_WORDS["asked_consents"])
_CONFIRMATIONS = frozenset(CONSENT_WORDS["confirmations"])
_CIRCUMSTANCES = frozenset(CONSENT_WORDS["circumstances"])
_REFUSING_WORDS = frozenset(CONSENT_WORDS["refusing_words"])
#: What a column of consent holds for people who agreed, and for the others.
ANSWERS = frozenset({ValueKind.YES, ValueKind.GOOD_STATUS, ValueKind.TEXT})
_NO_ANSWERS = frozenset({ValueKind.NO, ValueKind.BAD_STATUS})
#: Words of a remark; a sentence may say "not" of anything.
_LONGEST_REMARK = 4

_BLANK = frozenset(CONSENT_WORDS["blank"])
#: What a cell holds that says nothing, or no.
NO_VALUES = _BLANK | NO
_ZERO = re.compile(r"0+(?:[.,]0+)?\s?%?")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*\s?%?")
_DATE = re.compile(
    r"\d{4}-\d\d?-\d\d?.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*|\d{4}/\d\d?/\d\d?.*|\d{10}|\d{13}"
    r"|.*\b[a-z]{3,9}\.? \d{1,2},? \d{4}.*|\d{1,2}\.? [^\W\d]{3,10}\.? \d{4}.*",
    re.IGNORECASE,
)
_NO_DATE = re.compile(r"0000-00-00.*|0001-01-01.*")
_LINK = re.compile(r"(?:https?://|mailto:|www\.)\S+", re.IGNORECASE)

STRONG_VALUES = tuple(CONSENT_WORDS["strong_values"])
_STRONG_WORDS = frozenset(map(word_of, STRONG_VALUES))
#: Those that are long enough to be found inside of a remark.
_STRONG_PARTS = tuple(part for word in _STRONG_WORDS if len(part := word.replace("_", "")) >= 8)
#: The same as files write them, for a test of a million cells at once.
STRONG_SPELLINGS = frozenset(
    spelling
    for value in STRONG_VALUES
    for gap in (" ", "_", "-", "")
    for text in [value.replace(" ", gap)]
    for spelling in (text, text.upper(), text.capitalize(), text.title())
)

_BAD_STATUSES = frozenset(CONSENT_WORDS["bad_statuses"])
_BAD_WORDS = _STRONG_WORDS | _BAD_STATUSES
_GOOD_WORDS = frozenset(CONSENT_WORDS["good_statuses"])


@lru_cache(maxsize=1_000)
def kind_of_heading(heading: str) -> HeadingKind:
    """What the heading lets its values mean, whatever they are."""
    slug = field_name(heading)
    squeezed, words = slug.replace("_", ""), frozenset(slug.split("_"))
    if words & _OTHER_CHANNELS and not words & _EMAIL_WORDS:
        is_consent = any(part in squeezed for part in (*_REFUSALS, *_CONSENTS, "status"))
        return HeadingKind.OTHER_CHANNEL if is_consent else HeadingKind.NEUTRAL
    if any(part in squeezed for part in _REFUSALS):
        return HeadingKind.NEUTRAL if words & _LINKS else HeadingKind.REFUSAL
    if words & _WEAK_REFUSALS:
        return HeadingKind.WEAK_REFUSAL
    confirms = _confirms(squeezed)
    if (confirms or words & _CHECKED) and words & _CHECKED_THINGS and not words & _EMAIL_WORDS:
        return HeadingKind.NEUTRAL
    is_asked = slug in _ASKED_ALONE or (is_question(heading) and words & _ASKED_WORDS)
    if (
        is_asked
        or confirms
        or any(part in squeezed for part in _CONSENTS)
        or words & _CONSENT_WORDS
    ):
        is_negated = words & _NEGATIONS and not words & YES
        return HeadingKind.REFUSAL if is_negated else HeadingKind.CONSENT
    return HeadingKind.NEUTRAL


def is_question(heading: str) -> bool:
    return heading.rstrip().endswith(("?", "\uff1f"))


def is_confirmation(heading: str) -> bool:
    """Whether the heading is of the second step of a double opt-in, or of its date."""
    slug = field_name(heading)
    return _confirms(slug.replace("_", "")) and not _LINKS & frozenset(slug.split("_"))


def _confirms(squeezed: str) -> bool:
    return any(part in squeezed for part in _CONFIRMATIONS)


def refusing_values(heading: str, values: Iterable[str]) -> list[str]:
    """The values below the heading that can say that a person wants no mail."""
    kind = kind_of_heading(heading)
    if kind is HeadingKind.OTHER_CHANNEL:
        return []
    if kind is HeadingKind.NEUTRAL:
        return _refusing_anywhere(list(values))
    kinds = {value: kind_of_value(value) for value in values}
    if kind is HeadingKind.CONSENT:
        return _refusing_consent(heading, kinds)
    yes = {ValueKind.YES, ValueKind.DATE, ValueKind.BAD_STATUS}
    if kind is HeadingKind.REFUSAL:
        yes |= {ValueKind.NUMBER, ValueKind.TEXT}
    return [value for value, each in kinds.items() if each in yes]


def _refusing_anywhere(values: Sequence[str]) -> list[str]:
    """Below any heading: plain refusals, and beside one, or among statuses only, bad statuses."""
    strong = {value for value in values if is_strong_refusal(value)}
    filled = [value for value in values if kind_of_value(value) is not ValueKind.BLANK]
    if strong or (len(filled) > 1 and all(map(is_status_word, filled))):
        strong |= {value for value in filled if kind_of_value(value) is ValueKind.BAD_STATUS}
    return [value for value in values if value in strong]


def _refusing_consent(heading: str, kinds: Mapping[str, ValueKind]) -> list[str]:
    blank = [value for value, kind in kinds.items() if kind is ValueKind.BLANK]
    confirms = is_confirmation(heading)
    if not confirms and (ValueKind.NUMBER in kinds.values() or counts_something(heading)):
        kinds = {value: kind for value, kind in kinds.items() if not value[:1].isdigit()}
    no = [
        value
        for value, kind in kinds.items()
        if kind in _NO_ANSWERS or (kind is ValueKind.TEXT and is_refusing_remark(value))
    ]
    filled = {kind for kind in kinds.values() if kind is not ValueKind.BLANK} - _NO_ANSWERS
    if confirms:  # a date or a yes beside an empty cell
        return no + (blank if filled - {ValueKind.TEXT, ValueKind.LINK} else [])
    is_box = not no and filled <= {ValueKind.YES, ValueKind.GOOD_STATUS}  # ticked or not
    is_answer = is_box or (asks_consent(heading) and filled <= ANSWERS)
    return no + (blank if filled and is_answer else [])


def asks_consent(heading: str) -> bool:
    """Whether an empty cell below the heading, beside filled ones, can mean no consent."""
    slug = field_name(heading)
    squeezed, words = slug.replace("_", ""), frozenset(slug.split("_"))
    return any(part in squeezed for part in _ASKED_CONSENTS) and not words & _CIRCUMSTANCES


def counts_something(heading: str) -> bool:
    return bool(frozenset(field_name(heading).split("_")) & _COUNTS)


@lru_cache(maxsize=10_000)
def kind_of_value(cell: str) -> ValueKind:
    """What the cell can mean below a heading of consent or refusal."""
    text = cell.strip().casefold()
    if text in _BLANK or _NO_DATE.fullmatch(text):
        return ValueKind.BLANK
    word = word_of(text)
    for kind, words in _VALUES.items():
        if word in words:
            return kind
    if is_status_word(word):
        return ValueKind.BAD_STATUS if parse_status(word).rank else ValueKind.GOOD_STATUS
    for kind, pattern in _PATTERNS.items():
        if pattern.fullmatch(text):
            return kind
    return ValueKind.TEXT


_VALUES = {
    ValueKind.YES: YES,
    ValueKind.NO: NO,
    ValueKind.BAD_STATUS: _BAD_WORDS,
    ValueKind.GOOD_STATUS: _GOOD_WORDS,
}
_PATTERNS = {
    ValueKind.NO: _ZERO,
    ValueKind.DATE: _DATE,
    ValueKind.NUMBER: _NUMBER,
    ValueKind.LINK: _LINK,
}


def is_refusing_remark(cell: str) -> bool:
    """Whether a short remark below a heading of consent says no: ``nicht mehr``."""
    words = re.findall(r"[^\W_]+", word_of(cell))
    return len(words) <= _LONGEST_REMARK and not _REFUSING_WORDS.isdisjoint(words)


def is_strong_refusal(cell: str) -> bool:
    """Whether the cell is, or a remark holds, what means a refusal below any heading."""
    word = word_of(cell)
    if word in _STRONG_WORDS:
        return True
    squeezed = word.replace("_", "")
    return any(part in squeezed for part in _STRONG_PARTS) and not _LINK.fullmatch(cell.strip())


def reason_in(text: str) -> ImportStatus:
    """The kind of refusal that a heading or a value names; unsubscribed where it names none."""
    squeezed = field_name(text).replace("_", "")
    if any(part in squeezed for part in _COMPLAINTS):
        return COMPLAINED
    return BOUNCED if any(part in squeezed for part in _BOUNCES) else UNSUBSCRIBED


_COMPLAINTS = tuple(CONSENT_WORDS["complaints"])
_BOUNCES = tuple(CONSENT_WORDS["bounces"])

_NAMES_OF_LEAVERS = re.compile(
    r"suppress\w*|unsub\w*|opt_?outs?|opted_?out|bounces|bounced|hard_?bounces?|black_?list\w*|"
    r"block_?list\w*|complain\w*|spam_?(?:reports?|complaints?)|nonsubscribed|non_subscribed|"
    r"unconfirmed|do_not_(?:contact|mail|email)\w*|abgemeldete?n?|abmeldungen|abmelde_?liste|"
    r"ausgetragene?n?|abbesteller|abbestellungen|sperr_?liste|unzustellbare?|unbestatigte?|"
    r"desabonn\w*|desinscri\w*|liste_noire|plaintes|bajas|dados_de_baja|rebotados|lista_negra|"
    r"disiscritt\w*|disiscrizion\w*|cancellati|rimbalzati|uitgeschreven\w*|uitschrijvingen|"
    r"afgemelde?n?|afmeldingen|zwarte_lijst|descadastrad\w*|cancelados|devolvidos"
)
_ONLY_BOUNCE = re.compile(r"(?:email_|mail_)?bounce(?:_(?:list|export|report|emails?))?(?:_\d+)*")


def status_in_file_name(name: str) -> ImportStatus | None:
    """The refusal that a file's name states: ``abgemeldet.csv``; None for any other name."""
    slug = word_of(name.rpartition(".")[0] or name)
    slug = re.sub(r"\W+", "_", slug)
    stated = re.search(rf"(?:^|_)(?:{_NAMES_OF_LEAVERS.pattern})(?:_|$)", slug)
    if not (stated or _ONLY_BOUNCE.fullmatch(slug)):
        return None
    return reason_in(slug)
