"""What keeps YAML from reading a value as its author means it? Quotes, braces, a # or a colon."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import CURLY_DOUBLE, CURLY_SINGLE
from lovecampaign.core.problems import Severity

#: A value of these is prose: a trailing comment there is more likely a part of it.
_PROSE_KEYS = frozenset({"subject", "preheader", "question", "title", "name", "role"})
#: Values in which merge fields are filled in.
_MERGED_KEYS = frozenset({"subject", "preheader"})

#: What announces lines of text below.
BLOCK_HEADER = re.compile(r"[|>][+\-\d]{0,2}\s*(?:\s#.*)?$")
#: A value in quotes, as far as YAML reads it, and what stands behind it.
QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')(?P<rest>.*)""")
#: The end of one that began on a line above, by its quote.
END_OF_QUOTED = {
    '"': re.compile(r'(?:[^"\\]|\\.)*+"'),
    "'": re.compile(r"(?:[^']|'')*+'"),
}
_COMMENT = re.compile(r"\s*(?:\s#.*)?")
_SPECIAL_MEANINGS = {
    "@": "YAML keeps @ for itself",
    "`": "YAML keeps ` for itself",
    "%": "YAML keeps % for itself",
    "*": "for YAML, * at the start refers to another value",
    "&": "for YAML, & at the start is a label",
    "!": "for YAML, ! at the start is a kind of value",
    "|": "for YAML, | at the start announces lines of text below",
    ">": "for YAML, > at the start announces lines of text below",
}


@dataclass(frozen=True, slots=True)
class ValueFault:
    """What is wrong with a value."""

    code: ProblemCode
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def fault_in_value(key: str, value: str) -> ValueFault | None:
    """Why YAML would misread what stands behind a key on its line; None where it would not."""
    if BLOCK_HEADER.match(value):
        return None
    if value[0] in "\"'":
        return _fault_in_quotes(key, value)
    if value.startswith(("{{", "{%")):
        return _bare_braces(key, value)
    if value[0] in _SPECIAL_MEANINGS:
        return ValueFault(
            ProblemCode.SPECIAL_FIRST_CHARACTER,
            f"this value starts with {value[0]}: {_SPECIAL_MEANINGS[value[0]]}",
            _quoted(key, value),
        )
    if value[0] in "{[":
        return _fault_in_brackets(key, value)
    return _fault_in_plain_text(key, value)


def bracket_balance(text: str) -> int:
    """How many brackets a text leaves open, quoted parts and comments left out."""
    outside = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*", "", text)
    return sum(outside.count(mark) for mark in "{[") - sum(outside.count(mark) for mark in "}]")


def _fault_in_quotes(key: str, value: str) -> ValueFault | None:
    """``'Ana's day'``: the quote in the middle closes what the first one opened."""
    quoted, mark = QUOTED.match(value), value[0]
    if quoted is None or _COMMENT.fullmatch(quoted["rest"]):
        return None
    read = value[: quoted.start("rest")]
    text = value[1:-1] if value.endswith(mark) else value
    return ValueFault(
        ProblemCode.QUOTE_INSIDE,
        f"a {mark} opens this value, so the next {mark} ends it: YAML reads only {read}",
        _quoted(key, text),
    )


def _bare_braces(key: str, value: str) -> ValueFault:
    if key in _MERGED_KEYS:
        return ValueFault(
            ProblemCode.BARE_BRACES,
            f"a value that starts with {value[:2]} needs quotes, or YAML takes it for a group",
            _quoted(key, value),
        )
    return ValueFault(
        ProblemCode.MERGE_FIELD,
        f"{key or 'this setting'} is printed as it is: readers would see the braces",
        "write plain words here; merge fields work in subject, preheader and copy",
    )


def _fault_in_brackets(key: str, value: str) -> ValueFault | None:
    outside = _without_quoted(value)
    cut = re.search(r"\s#(?=\S)", outside)
    if cut and bracket_balance(value[: cut.start()]) > 0:
        return ValueFault(
            ProblemCode.CUT_BY_HASH,
            "a # after a space starts a comment, so the closing bracket is not read",
            'put quotes around the part with the #: "#c2185b"',
        )
    end = _end_of_brackets(outside)
    if end is None or _COMMENT.fullmatch(value[end:]):
        return None
    return ValueFault(
        ProblemCode.SPECIAL_FIRST_CHARACTER,
        f"this value starts with {value[0]}: for YAML, all of it is {value[:end]}",
        _quoted(key, value),
    )


def _without_quoted(value: str) -> str:
    """The value with a line under each quoted part, as long as that was."""
    return re.sub(r"\"[^\"]*\"|'[^']*'", lambda it: "_" * len(it[0]), value)


def _end_of_brackets(value: str) -> int | None:
    """Behind the bracket that closes the first one; None where no bracket does."""
    depth = 0
    for position, mark in enumerate(value):
        depth += (mark in "{[") - (mark in "}]")
        if depth == 0:
            return position + 1
    return None


def _fault_in_plain_text(key: str, value: str) -> ValueFault | None:
    text, cut, comment = _cut(value)
    if re.search(r":(?=\s|$)", text) and key:
        if value[0] in CURLY_DOUBLE + CURLY_SINGLE:
            message = "the curly quotes here are not closed in a way that YAML could read"
            return ValueFault(ProblemCode.CURLY_QUOTES, message, _quoted(key, value))
        message = "a colon and a space inside a value make YAML look for another setting"
        return ValueFault(ProblemCode.COLON_IN_VALUE, message, _quoted(key, value))
    if cut and comment[:1].strip():
        return ValueFault(
            ProblemCode.CUT_BY_HASH, _what_is_left(text), _quoted(key, value, "a comment")
        )
    if cut and text and key in _PROSE_KEYS:
        hint = f"if the rest belongs to it: {_quoted(key, value)}"
        return ValueFault(ProblemCode.CUT_BY_HASH, _what_is_left(text), hint, Severity.WARNING)
    return None


def _cut(value: str) -> tuple[str, bool, str]:
    """What YAML keeps of a plain value, whether it cuts, and what stands behind the #."""
    match = re.search(r"(?:^|\s)#", value)
    if not match:
        return value, False, ""
    return value[: match.start()].rstrip(), True, value[match.end() :]


def _what_is_left(text: str) -> str:
    if not text:
        return "a # after a space starts a comment, so there is no value here"
    return f"a # after a space starts a comment, so only {text!r} is left of this value"


def _quoted(key: str, value: str, otherwise: str = "") -> str:
    """The hint: the same entry in quotes that fit."""
    bare = value.strip(CURLY_DOUBLE + CURLY_SINGLE)
    quote = "'" if '"' in bare and "'" not in bare else '"'
    inner = bare.replace("\\", "\\\\").replace('"', '\\"') if quote == '"' else bare
    hint = f"put quotes around it: {key + ': ' if key else '- '}{quote}{inner}{quote}"
    return f"{hint}; if it is {otherwise}, put a space behind the #" if otherwise else hint
