"""Problems in a terminal, as rustc shows them (place, line, caret, help), and on GitHub."""

from __future__ import annotations

import re
import unicodedata

from lovecampaign.cli.output.table import width_of
from lovecampaign.core.control_characters import show_control_characters
from lovecampaign.core.problems import Place, Problem, Severity

#: Longer lines are shown in part, around the caret.
WIDEST = 100
_BEFORE_CARET = 30

_LINE_OR_TAB = re.compile(r"[\t\n\r]")
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}


def format_annotation(problem: Problem) -> str:
    """A workflow command (docs.github.com, "Workflow commands for GitHub Actions")."""
    place = problem.place
    known = {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "col": place.column if place else None,
        "title": problem.code,
    }
    properties = ",".join(
        f"{name}={_escape(str(value), ':,')}" for name, value in known.items() if value
    )
    words = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return f"::{problem.severity.value} {properties}::{_escape(words)}"


def _escape(text: str, more: str = "") -> str:
    for letter in "%\r\n" + more:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def format_problem(problem: Problem, *, color: bool) -> str:
    """The problem in a few lines, without a line end after the last."""
    paint = _paint if color else _plain
    tone = _COLORS[problem.severity]
    name = f"{problem.severity.value}[{problem.code}]"
    lines = [paint(name, tone) + paint(f": {_visible(problem.message)}", _BOLD)]
    place = problem.place
    margin = len(str(place.line)) if place and place.line else 1
    if place:
        lines.append(f"{' ' * margin}{paint('-->', _BLUE)} {_visible(str(place))}")
    bar = paint("|", _BLUE)
    if place and place.line and problem.excerpt is not None:
        shown, caret = _excerpt(problem.excerpt, place, problem.width)
        lines.append(f"{' ' * margin} {bar}")
        lines.append(f"{paint(str(place.line), _BLUE)} {bar} {shown}".rstrip())
        lines.append(f"{' ' * margin} {bar} {paint(caret, tone)}")
    if problem.hint:
        lines.append(f"{' ' * margin} {paint('=', _BLUE)} help: {_visible(problem.hint)}")
    return "\n".join(lines)


def _excerpt(line: str, place: Place, width: int) -> tuple[str, str]:
    """The line, cut to what fits, and the caret line below it."""
    start = min((place.column or 1) - 1, len(line))
    first = max(0, start - _BEFORE_CARET) if len(line) > WIDEST else 0
    shown = line[first : first + WIDEST]
    before = shown[: start - first]
    marked = shown[start - first : start - first + max(1, width)]
    lead = "…" if first else ""
    tail = "…" if first + WIDEST < len(line) else ""
    caret = " " * width_of(_visible(lead + before)) + "^" * max(1, width_of(_visible(marked)))
    return lead + _visible(shown) + tail, caret


def _visible(text: str) -> str:
    """On one line, without control characters: a file must not control the terminal."""
    shown = show_control_characters(_LINE_OR_TAB.sub(" ", text))
    return "".join("\ufffd" if unicodedata.category(one) == "Co" else one for one in shown)


def _paint(text: str, tone: str) -> str:
    return f"{tone}{text}{_RESET}"


def _plain(text: str, tone: str) -> str:  # noqa: ARG001 - same signature as _paint
    return text
