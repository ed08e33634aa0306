"""PyYAML's errors, translated into messages for authors."""

from __future__ import annotations

import yaml

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem

TOO_DEEP_HINT = "is this the right file?"
#: Part of the message, from libyaml or from the Python parser: our message and hint.
_MEANINGS = {
    "mapping values are not allowed": (
        "there is a colon too many here, or a line above is missing one",
        'write "key: value", and put quotes around a value that holds a colon and a space',
    ),
    "that cannot start any token": (
        "a value cannot start with this character",
        "put quotes around the whole value",
    ),
    "found unexpected end of stream": (
        "a quote that opens here is never closed",
        "put the same quote at the end of the value; around an apostrophe put double quotes",
    ),
    "escape": (
        "a backslash inside double quotes means something special to YAML",
        "use single quotes around this value",
    ),
    "',' or ']'": ("a list that opened with [ is not closed before here", "add the missing ]"),
    "',' or '}'": (
        "a group that opened with { is not closed before here",
        "add the missing }; a value with an apostrophe or a comma goes into double quotes",
    ),
    "could not find expected ':'": (
        "this line has no colon",
        'write "key: value", or indent the line if it continues the text above it',
    ),
    "expected key": (
        "this does not belong to the setting above it",
        "compare how far the lines are indented, and look for text behind a closing quote",
    ),
    "'-' indicator": (
        "a list and single settings are mixed here",
        "start every line of a list with a dash, all dashes below each other",
    ),
    "<block end>": (
        "this does not belong to the setting above it",
        "compare how far the lines are indented, and look for text behind a closing quote",
    ),
    "document start": (
        "this line starts further left than the settings above it",
        "start all of them at the same column",
    ),
    "directive": ("a line cannot start with %", "put quotes around the value"),
    "node content": (
        "there is a closing bracket here where a value belongs",
        "put quotes around the value if the bracket is a part of it",
    ),
}


def translate_yaml_error(source: Source, error: yaml.YAMLError) -> Problem:
    """The parser's error as a problem at its place."""
    theirs = str(getattr(error, "problem", None) or "")
    if "nesting depth" in theirs:  # libyaml 0.2.6 has a limit of its own
        message, hint = "too many levels are nested here", TOO_DEEP_HINT
        return source.problem(ProblemCode.TOO_DEEP, message, _place(source, error), hint=hint)
    message, hint = _meaning(theirs)
    return source.problem(ProblemCode.NOT_YAML, message, _place(source, error), hint=hint)


def _meaning(theirs: str) -> tuple[str, str]:
    for part, meaning in _MEANINGS.items():
        if part in theirs:
            return meaning
    said = f" ({theirs})" if theirs else ""
    return f"YAML cannot be read from here on{said}", "compare this line with the example campaign"


def _place(source: Source, error: yaml.YAMLError) -> Spot:
    mark = getattr(error, "problem_mark", None)
    if mark is None or "end of stream" in str(getattr(error, "problem", "")):
        mark = getattr(error, "context_mark", None) or mark  # where the quote opened
    if mark is None:
        return Spot(line=1)
    # At the end of the file the mark is behind the last line.
    line = max(1, min(mark.line + 1, len(source.lines)))
    column = min(mark.column, len(source.line(line))) + 1
    return Spot(line=line, column=column)
