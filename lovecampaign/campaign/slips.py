"""Which slips of people who are new to YAML does a file hold?

They are found line by line before YAML is read, because YAML's own message for them is no
help, or because YAML says nothing at all (a value cut off by `` #``). Each line with a slip is
mended in memory, so that everything else in the file is still checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.campaign.codes import Code
from lovecampaign.campaign.source import Source, Spot
from lovecampaign.campaign.typography import CURLY_DOUBLE, CURLY_SINGLE, straighten
from lovecampaign.problems import Problem, Severity

#: A value of these is prose: a trailing comment there is more likely a part of it.
PROSE_KEYS = frozenset({"subject", "preheader", "question", "title", "name", "role"})
#: Values in which merge fields are filled in.
_MERGED_KEYS = frozenset({"subject", "preheader"})

_ENTRY = re.compile(
    r"""^(?P<head>(?P<margin>[ ]*)(?:-[ ]+)*
        (?:(?P<key>[^\s:\#{}\[\],"'][^:\#{}\[\],]*?|"[^"]*"|'[^']*')[ \t]*:[ \t]+|(?<=-[ ])))
        (?P<value>\S.*?)\s*$""",
    re.VERBOSE,
)
_BLOCK_HEADER = re.compile(r"[|>][+\-\d]{0,2}\s*(?:\s#.*)?$")
_TAB_INDENT = re.compile(r"^ *(?:- *)?\t+")
#: A value in quotes, as far as YAML reads it, and what stands behind it.
_QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?P<rest>.*)""")
_COMMENT = re.compile(r"\s*(?:\s#.*)?")
_YAML_SPECIAL = str.maketrans(dict.fromkeys("{}[],:#&*!|>'\"%@`?-", "_"))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A file's lines as YAML can read them, and what had to be mended."""

    text: str
    problems: tuple[Problem, ...]

    @property
    def lines_with_errors(self) -> frozenset[int]:
        """Their values are not what the author meant: nothing more is said about them."""
        places = (problem.place for problem in self.problems if problem.is_error)
        return frozenset(place.line for place in places if place and place.line)


def mend(source: Source, first_line: int, last_line: int) -> Mended:
    """Read a stretch of lines; the lines before it come back empty, so that numbers stay."""
    lines = [""] * (first_line - 1)
    problems: list[Problem] = []
    inside = _Inside()
    for number in range(first_line, last_line + 1):
        raw = source.line(number)
        if inside.continues(raw):
            lines.append(_safe_line_ends(raw))
            continue
        line = _safe_line_ends(straighten(raw))
        slip = _tab_in_margin(source, number, line) or _slip_in_entry(source, number, line)
        if slip:
            problems.append(slip.problem)
            line = slip.line
        inside.enter(line)
        lines.append(line)
    return Mended(text="\n".join(lines) + "\n", problems=tuple(_once_for_tabs(problems)))


@dataclass(slots=True)
class _Inside:
    """What the lines read so far have left open."""

    block_margin: int | None = None
    quote: str = ""
    brackets: int = 0

    def continues(self, line: str) -> bool:
        """Whether the line belongs to a text or brackets that began above it."""
        if self.block_margin is not None:
            if not line.strip() or _margin(line) > self.block_margin:
                return True
            self.block_margin = None
        if self.quote:
            self.quote = "" if self.quote in line else self.quote
            return True
        if self.brackets > 0:
            self.brackets += _bracket_balance(line)
            return True
        return False

    def enter(self, line: str) -> None:
        entry = _ENTRY.match(line)
        if not entry:
            return
        value = entry["value"]
        if _BLOCK_HEADER.match(value):
            self.block_margin = _margin(line)
        elif value[0] in "\"'" and value[0] not in value[1:]:
            self.quote = value[0]
        elif value[0] in "{[":
            self.brackets = max(0, _bracket_balance(value))


@dataclass(frozen=True, slots=True)
class _Slip:
    """What is wrong with a line, and the line as YAML can read it."""

    problem: Problem
    line: str


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a value."""

    code: Code
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def _tab_in_margin(source: Source, number: int, line: str) -> _Slip | None:
    tab = _TAB_INDENT.match(line)
    if not tab:
        return None
    problem = source.problem(
        Code.TAB,
        "this line is indented with a tab",
        Spot(line=number, column=line.index("\t") + 1),
        hint="use spaces: two for each step",
    )
    return _Slip(problem, tab[0].replace("\t", "  ") + line[tab.end() :])


def _slip_in_entry(source: Source, number: int, line: str) -> _Slip | None:
    entry = _ENTRY.match(line)
    if not entry:
        return None
    value = entry["value"]
    fault = _fault_in_value(entry["key"] or "", value)
    if not fault:
        return None
    spot = Spot(line=number, column=entry.start("value") + 1, width=len(value))
    problem = source.problem(
        fault.code, fault.message, spot, hint=fault.hint, severity=fault.severity
    )
    is_cut = fault.code is Code.CUT_BY_HASH and value[0] not in "{["
    return _Slip(problem, line if is_cut else entry["head"] + value.translate(_YAML_SPECIAL))


def _fault_in_value(key: str, value: str) -> _Fault | None:
    if _BLOCK_HEADER.match(value):
        return None
    if value[0] in "\"'":
        return _fault_in_quotes(key, value)
    if value.startswith(("{{", "{%")):
        return _bare_braces(key, value)
    if value[0] in _SPECIAL_MEANINGS:
        return _Fault(
            Code.SPECIAL_FIRST_CHARACTER,
            f"this value starts with {value[0]}: {_SPECIAL_MEANINGS[value[0]]}",
            _quoted(key, value),
        )
    if value[0] in "{[":
        return _fault_in_brackets(key, value)
    return _fault_in_plain_text(key, value)


def _fault_in_quotes(key: str, value: str) -> _Fault | None:
    """``'Ana's day'``: the quote in the middle closes what the first one opened."""
    quoted, mark = _QUOTED.match(value), value[0]
    if quoted is None or _COMMENT.fullmatch(quoted["rest"]):
        return None
    read = value[: quoted.start("rest")]
    text = value[1:-1] if value.endswith(mark) else value
    return _Fault(
        Code.QUOTE_INSIDE,
        f"a {mark} opens this value, so the next {mark} ends it: YAML reads only {read}",
        _quoted(key, text),
    )


def _bare_braces(key: str, value: str) -> _Fault:
    if key in _MERGED_KEYS:
        return _Fault(
            Code.BARE_BRACES,
            f"a value that starts with {value[:2]} needs quotes, or YAML takes it for a group",
            _quoted(key, value),
        )
    return _Fault(
        Code.MERGE_FIELD,
        f"{key or 'this setting'} is printed as it is: readers would see the braces",
        "write plain words here; merge fields work in subject, preheader and copy",
    )


def _fault_in_brackets(key: str, value: str) -> _Fault | None:
    outside = _without_quoted(value)
    cut = re.search(r"\s#(?=\S)", outside)
    if cut and _bracket_balance(value[: cut.start()]) > 0:
        return _Fault(
            Code.CUT_BY_HASH,
            "a # after a space starts a comment, so the closing bracket is not read",
            'put quotes around the part with the #: "#c2185b"',
        )
    end = _end_of_brackets(outside)
    if end is None or _COMMENT.fullmatch(value[end:]):
        return None
    return _Fault(
        Code.SPECIAL_FIRST_CHARACTER,
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


def _fault_in_plain_text(key: str, value: str) -> _Fault | None:
    text, cut, comment = _cut(value)
    if re.search(r":(?=\s|$)", text) and key:
        if value[0] in CURLY_DOUBLE + CURLY_SINGLE:
            message = "the curly quotes here are not closed in a way that YAML could read"
            return _Fault(Code.CURLY_QUOTES, message, _quoted(key, value))
        message = "a colon and a space inside a value make YAML look for another setting"
        return _Fault(Code.COLON_IN_VALUE, message, _quoted(key, value))
    if cut and comment[:1].strip():
        return _Fault(Code.CUT_BY_HASH, _what_is_left(text), _quoted(key, value, "a comment"))
    if cut and text and key in PROSE_KEYS:
        hint = f"if the rest belongs to it: {_quoted(key, value)}"
        return _Fault(Code.CUT_BY_HASH, _what_is_left(text), hint, Severity.WARNING)
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


def _once_for_tabs(problems: list[Problem]) -> Iterator[Problem]:
    """A file indented with tabs is one slip, not one for each line."""
    tabs = 0
    for problem in problems:
        tabs += problem.code == Code.TAB
        if problem.code != Code.TAB or tabs == 1:
            yield problem


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _bracket_balance(text: str) -> int:
    outside = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*", "", text)
    return sum(outside.count(mark) for mark in "{[") - sum(outside.count(mark) for mark in "}]")


def _safe_line_ends(line: str) -> str:
    """YAML 1.1's further line ends (section 5.4 of 1.2 dropped them) would shift our lines."""
    return re.sub("[\x85\u2028\u2029]", " ", line)
