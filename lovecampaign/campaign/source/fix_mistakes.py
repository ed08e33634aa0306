"""Which slips of people who are new to YAML does a file hold?

They are found line by line before YAML is read, because YAML's own message for them is no
help, or because YAML says nothing at all (a value cut off by `` #``). Each line with a slip is
mended in memory, so that everything else in the file is still checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.campaign.source.value_faults import (
    BLOCK_HEADER,
    END_OF_QUOTED,
    QUOTED,
    bracket_balance,
    fault_in_value,
)
from lovecampaign.core.problems import Problem

_ENTRY = re.compile(
    r"""^(?P<head>(?P<margin>[ ]*)(?:-[ ]+)*
        (?:(?P<key>[^\s:\#{}\[\],"'][^:\#{}\[\],]*?|"[^"]*"|'[^']*')[ \t]*:[ \t]+|(?<=-[ ])))
        (?P<value>\S.*?)\s*$""",
    re.VERBOSE,
)
_TAB_INDENT = re.compile(r"^ *(?:- *)?\t+")
_YAML_SPECIAL = str.maketrans(dict.fromkeys("{}[],:#&*!|>'\"%@`?-", "_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedText:
    """A file's lines as YAML can read them, and what had to be mended."""

    text: str
    problems: tuple[Problem, ...]

    @property
    def lines_with_errors(self) -> frozenset[int]:
        """Their values are not what the author meant: nothing more is said about them."""
        places = (problem.place for problem in self.problems if problem.is_error)
        return frozenset(place.line for place in places if place and place.line)


def fix_lines(source: Source, first_line: int, last_line: int) -> FixedText:
    """Read a stretch of lines; the lines before it come back empty, so that numbers stay."""
    lines = [""] * (first_line - 1)
    problems: list[Problem] = []
    inside = _OpenText()
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
    return FixedText(text="\n".join(lines) + "\n", problems=tuple(_once_for_tabs(problems)))


@dataclass(slots=True)
class _OpenText:
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
            self.quote = "" if END_OF_QUOTED[self.quote].match(line) else self.quote
            return True
        if self.brackets > 0:
            self.brackets += bracket_balance(line)
            return True
        return False

    def enter(self, line: str) -> None:
        entry = _ENTRY.match(line)
        if not entry:
            return
        value = entry["value"]
        if BLOCK_HEADER.match(value):
            self.block_margin = _margin(line)
        elif value[0] in END_OF_QUOTED and not QUOTED.match(value):
            self.quote = value[0]
        elif value[0] in "{[":
            self.brackets = max(0, bracket_balance(value))


@dataclass(frozen=True, slots=True)
class _FixedLine:
    """What is wrong with a line, and the line as YAML can read it."""

    problem: Problem
    line: str


def _tab_in_margin(source: Source, number: int, line: str) -> _FixedLine | None:
    tab = _TAB_INDENT.match(line)
    if not tab:
        return None
    problem = source.problem(
        ProblemCode.TAB,
        "this line is indented with a tab",
        Spot(line=number, column=line.index("\t") + 1),
        hint="use spaces: two for each step",
    )
    return _FixedLine(problem, tab[0].replace("\t", "  ") + line[tab.end() :])


def _slip_in_entry(source: Source, number: int, line: str) -> _FixedLine | None:
    entry = _ENTRY.match(line)
    if not entry:
        return None
    value = entry["value"]
    fault = fault_in_value(entry["key"] or "", value)
    if not fault:
        return None
    spot = Spot(line=number, column=entry.start("value") + 1, width=len(value))
    problem = source.problem(
        fault.code, fault.message, spot, hint=fault.hint, severity=fault.severity
    )
    is_cut = fault.code is ProblemCode.CUT_BY_HASH and value[0] not in "{["
    return _FixedLine(problem, line if is_cut else entry["head"] + value.translate(_YAML_SPECIAL))


def _once_for_tabs(problems: list[Problem]) -> Iterator[Problem]:
    """A file indented with tabs is one slip, not one for each line."""
    tabs = 0
    for problem in problems:
        tabs += problem.code == ProblemCode.TAB
        if problem.code != ProblemCode.TAB or tabs == 1:
            yield problem


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _safe_line_ends(line: str) -> str:
    """YAML 1.1's further line ends (section 5.4 of 1.2 dropped them) would shift our lines."""
    return re.sub("[\x85\u2028\u2029]", " ", line)
