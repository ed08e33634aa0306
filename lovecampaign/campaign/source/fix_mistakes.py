"""Detects frequent YAML mistakes line by line, and corrects them in memory before parsing.

YAML's own messages for them do not help beginners, and some it accepts silently (a value cut
off by `` #``). With the line corrected, the rest of the file is still checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import CURLY_DOUBLE, CURLY_SINGLE, straighten
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem, Severity

#: Values of these keys are prose: a ``#`` in them is more likely text than a comment.
_PROSE_KEYS = frozenset({"subject", "preheader", "question", "title", "name", "role"})
#: Values with merge fields.
_MERGED_KEYS = frozenset({"subject", "preheader"})

_ENTRY = re.compile(
    r"""^(?P<head>(?P<margin>[ ]*)(?:-[ ]+)*
        (?:(?P<key>[^\s:\#{}\[\],"'][^:\#{}\[\],]*?|"[^"]*"|'[^']*')[ \t]*:[ \t]+|(?<=-[ ])))
        (?P<value>\S.*?)\s*$""",
    re.VERBOSE,
)
_TAB_INDENT = re.compile(r"^ *(?:- *)?\t+")
_YAML_SPECIAL = str.maketrans(dict.fromkeys("{}[],:#&*!|>'\"%@`?-", "_"))
#: The header of a block of text: ``|`` or ``>``.
_BLOCK_HEADER = re.compile(r"[|>][+\-\d]{0,2}\s*(?:\s#.*)?$")
#: A quoted value as YAML reads it, and the rest of the line.
_QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')(?P<rest>.*)""")
#: The end of a quoted value that began on a line above, by its quote.
_END_OF_QUOTED = {
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
    ",": "YAML keeps , for itself",
    "- ": "for YAML, a dash and a space begin a list",
    "? ": "for YAML, ? and a space begin a key",
}
#: Numbers that YAML spells in another way than their author: 010, 0x1F, 1e3, .5 and .inf.
_RESPELT = re.compile(
    r"[-+]?(?:0[xob]?[0-9a-f_]+|\d+(?:\.\d*)?e[-+]?\d+|\.\d+|\.inf|\d+\.\d*)|\.nan", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedText:
    """A file's lines with the mistakes corrected, and their problems."""

    text: str
    problems: tuple[Problem, ...]

    @property
    def lines_with_errors(self) -> frozenset[int]:
        """Lines with a wrong value, about which nothing more is reported."""
        places = (problem.place for problem in self.problems if problem.is_error)
        return frozenset(place.line for place in places if place and place.line)


@dataclass(frozen=True, slots=True)
class YamlMistake:
    """A mistake in an entry, before it has a place."""

    code: ProblemCode
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def fix_lines(source: Source, first_line: int, last_line: int) -> FixedText:
    """Correct a range of lines; the lines before it become empty, so that numbers stay."""
    lines = [""] * (first_line - 1)
    problems: list[Problem] = []
    open_text = _OpenText()
    for number in range(first_line, last_line + 1):
        raw = source.line(number)
        if open_text.continues(raw):
            lines.append(_safe_line_ends(raw))
            continue
        line = _safe_line_ends(straighten(raw))
        fixed = _fix_tab(source, number, line) or _fix_entry(source, number, line)
        if fixed:
            problem, line = fixed
            problems.append(problem)
        open_text.enter(line)
        lines.append(line)
    return FixedText(text="\n".join(lines) + "\n", problems=tuple(_first_tab_only(problems)))


@dataclass(slots=True)
class _OpenText:
    """The block, quote or brackets that the lines so far have left open."""

    block_margin: int | None = None
    quote: str = ""
    brackets: int = 0

    def continues(self, line: str) -> bool:
        """Whether the line belongs to text or brackets that began above it."""
        if self.block_margin is not None:
            if not line.strip() or _margin(line) > self.block_margin:
                return True
            self.block_margin = None
        if self.quote:
            self.quote = "" if _END_OF_QUOTED[self.quote].match(line) else self.quote
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
        elif value[0] in _END_OF_QUOTED and not _QUOTED.match(value):
            self.quote = value[0]
        elif value[0] in "{[":
            self.brackets = max(0, _bracket_balance(value))


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _bracket_balance(text: str) -> int:
    """The number of open brackets, without quoted parts and comments."""
    outside = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*", "", text)
    return sum(outside.count(mark) for mark in "{[") - sum(outside.count(mark) for mark in "}]")


def _safe_line_ends(line: str) -> str:
    """YAML 1.1's further line ends (section 5.4 of 1.2 dropped them) would shift our lines."""
    return re.sub("[\x85\u2028\u2029]", " ", line)


def _fix_tab(source: Source, number: int, line: str) -> tuple[Problem, str] | None:
    tab = _TAB_INDENT.match(line)
    if not tab:
        return None
    message = "this line is indented with a tab"
    hint = "use spaces: two for each step"
    problem = source.problem(
        ProblemCode.TAB, message, Spot(line=number, column=line.index("\t") + 1), hint=hint
    )
    return problem, tab[0].replace("\t", "  ") + line[tab.end() :]


def _first_tab_only(problems: list[Problem]) -> Iterator[Problem]:
    """A file indented with tabs is one mistake, not one for each line."""
    tabs = 0
    for problem in problems:
        tabs += problem.code == ProblemCode.TAB
        if problem.code != ProblemCode.TAB or tabs == 1:
            yield problem


def _fix_entry(source: Source, number: int, line: str) -> tuple[Problem, str] | None:
    entry = _ENTRY.match(line)
    mistake = _find_mistake(entry["key"] or "", entry["value"]) if entry else None
    if not entry or not mistake:
        return None
    value = entry["value"]
    spot = Spot(line=number, column=entry.start("value") + 1, width=len(value))
    problem = source.problem(
        mistake.code, mistake.message, spot, hint=mistake.hint, severity=mistake.severity
    )
    is_cut = mistake.code is ProblemCode.CUT_BY_HASH and value[0] not in "{["
    return problem, line if is_cut else entry["head"] + value.translate(_YAML_SPECIAL)


def _find_mistake(key: str, value: str) -> YamlMistake | None:
    """Why YAML would misread a value."""
    if _BLOCK_HEADER.match(value):
        return None
    if value[0] in "\"'":
        return _quote_mistake(key, value)
    if value.startswith(("{{", "{%")):
        return _merge_field_mistake(key, value)
    start = f"{value} "[:2] if key and value[0] in "-?" else value[0]
    if start in _SPECIAL_MEANINGS:
        message = f"this value starts with {value[0]}: {_SPECIAL_MEANINGS[start]}"
        return YamlMistake(ProblemCode.SPECIAL_FIRST_CHARACTER, message, _quoted(key, value))
    if key in _PROSE_KEYS and _RESPELT.fullmatch(value):
        message = "YAML reads a number here, which is not text"
        return YamlMistake(ProblemCode.TEXT, message, _quoted(key, value))
    find = _bracket_mistake if value[0] in "{[" else _plain_text_mistake
    return find(key, value)


def _quote_mistake(key: str, value: str) -> YamlMistake | None:
    """``'Ana's day'``: the quote in the middle closes the value."""
    quoted, mark = _QUOTED.match(value), value[0]
    if quoted is None or _COMMENT.fullmatch(quoted["rest"]):
        return None
    read = value[: quoted.start("rest")]
    text = _without_outer_quotes(value, quoted.start("rest") - 1)
    message = f"a {mark} opens this value, so the next {mark} ends it: YAML reads only {read}"
    return YamlMistake(ProblemCode.QUOTE_INSIDE, message, _quoted(key, text))


def _without_outer_quotes(value: str, second: int) -> str:
    """``'Ana's day'`` without the quotes around it; ``"Day 3" and more`` keeps its own."""
    mark, following = value[0], value[second + 1 : second + 2]
    if not following.isalnum():
        return value
    inside = value[1:]
    is_apostrophe = mark == "'" and value[second - 1].isalnum()
    is_closed = inside.endswith(mark) and (is_apostrophe or inside.count(mark) % 2 == 1)
    return inside[:-1] if is_closed else inside


def _merge_field_mistake(key: str, value: str) -> YamlMistake:
    if key in _MERGED_KEYS:
        message = f"a value that starts with {value[:2]} needs quotes, or YAML takes it for a group"
        return YamlMistake(ProblemCode.BARE_BRACES, message, _quoted(key, value))
    return YamlMistake(
        ProblemCode.MERGE_FIELD,
        f"{key or 'this setting'} is printed as it is: readers would see the braces",
        "write plain words here; merge fields work in subject, preheader and copy",
    )


def _bracket_mistake(key: str, value: str) -> YamlMistake | None:
    # a quoted part counts as underscores, so that positions stay
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", lambda part: "_" * len(part[0]), value)
    cut = re.search(r"\s#(?=\S)", outside)
    if cut and _bracket_balance(value[: cut.start()]) > 0:
        return YamlMistake(
            ProblemCode.CUT_BY_HASH,
            "a # after a space starts a comment, so the closing bracket is not read",
            'put quotes around the part with the #: "#c2185b"',
        )
    end = _end_of_brackets(outside)
    if end is None or _COMMENT.fullmatch(value[end:]):
        return None
    message = f"this value starts with {value[0]}: for YAML, all of it is {value[:end]}"
    return YamlMistake(ProblemCode.SPECIAL_FIRST_CHARACTER, message, _quoted(key, value))


def _end_of_brackets(value: str) -> int | None:
    """The position behind the bracket that closes the first one, or None."""
    depth = 0
    for position, mark in enumerate(value):
        depth += (mark in "{[") - (mark in "}]")
        if depth == 0:
            return position + 1
    return None


def _plain_text_mistake(key: str, value: str) -> YamlMistake | None:
    cut = re.search(r"(?:^|\s)#", value)
    text = value[: cut.start()].rstrip() if cut else value
    if re.search(r":(?=\s|$)", text) and key:
        if value[0] in CURLY_DOUBLE + CURLY_SINGLE:
            message = "the curly quotes here are not closed in a way that YAML could read"
            return YamlMistake(ProblemCode.CURLY_QUOTES, message, _quoted(key, value))
        message = "a colon and a space inside a value make YAML look for another setting"
        return YamlMistake(ProblemCode.COLON_IN_VALUE, message, _quoted(key, value))
    if not cut:
        return None
    left = f"only {text!r} is left of this value" if text else "there is no value here"
    message = f"a # after a space starts a comment, so {left}"
    if value[cut.end() :][:1].strip():
        hint = f"{_quoted(key, value)}; if it is a comment, put a space behind the #"
        return YamlMistake(ProblemCode.CUT_BY_HASH, message, hint)
    if text and key in _PROSE_KEYS:
        hint = f"if the rest belongs to it: {_quoted(key, value)}"
        return YamlMistake(ProblemCode.CUT_BY_HASH, message, hint, Severity.WARNING)
    return None


def _quoted(key: str, value: str) -> str:
    """A hint: the entry in quotes that fit."""
    bare = value.strip(CURLY_DOUBLE + CURLY_SINGLE)
    quote = "'" if '"' in bare and "'" not in bare else '"'
    inner = bare.replace("\\", "\\\\").replace('"', '\\"') if quote == '"' else bare
    return f"put quotes around it: {key + ': ' if key else '- '}{quote}{inner}{quote}"
