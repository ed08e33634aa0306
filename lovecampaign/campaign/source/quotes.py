"""Converts a word processor's quotes and spaces for YAML and Jinja, without moving columns."""

from __future__ import annotations

import re

CURLY_DOUBLE = "“”„‟"
CURLY_SINGLE = "‘’‚‛"

_MARGIN = re.compile(r"^\s*(?:-\s+)*")
#: Indentation, dashes, key, colon and the space before the value.
_STRUCTURE = re.compile(r"^(\s*(?:-\s+)*)([^\s:#{}\[\],\"'][^:#{}\[\],]*?)(\s*:(?:\s+|$))")
_BETWEEN_FLOW_PARTS = re.compile(r"(?<=[:,{\[])\s+|\s+(?=[}\],])")
_QUOTED_VALUE = re.compile(
    rf"(?P<open>[{CURLY_DOUBLE}{CURLY_SINGLE}])(?P<text>[^{CURLY_DOUBLE}]*)"
    rf"(?P<close>[{CURLY_DOUBLE}{CURLY_SINGLE}])(?P<rest>\s*(?:\s#.*)?)$"
)
_QUOTED_FLOW_PART = re.compile(
    rf"(?<=[\s{{\[,])[{CURLY_DOUBLE}]([^{CURLY_DOUBLE}\"\\]*)[{CURLY_DOUBLE}](?=\s*[,}}\]:])"
    rf"|(?<=[\s{{\[,])[{CURLY_SINGLE}]([^{CURLY_SINGLE}\"\\]*)[{CURLY_SINGLE}](?=\s*[,}}\]:])"
)

#: The start of Jinja's fields, tags and comments.
MERGE_FIELD_START = re.compile(r"\{[{%#]")
_FIELD = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
#: Straight quotes come first: their content is text.
_STRING = re.compile(
    rf"\"[^\"]*\"|'[^']*'"
    rf"|[{CURLY_DOUBLE}](?P<double>[^{CURLY_DOUBLE}\"\\]*)[{CURLY_DOUBLE}]"
    rf"|[{CURLY_SINGLE}](?P<single>[^{CURLY_SINGLE}'\\]*)[{CURLY_SINGLE}]"
)


def straighten(line: str) -> str:
    """The line with plain structural spaces and straight quotes; both stay inside text."""
    if line.isascii():
        return line
    start = _STRUCTURE.match(line)
    if not start:
        return _MARGIN.sub(lambda margin: _plain_spaces(margin[0]), line, count=1)
    head = _plain_spaces(start[1]) + start[2] + _plain_spaces(start[3])
    return head + _straighten_value(line[start.end() :])


def straighten_fields(text: str) -> str:
    """The text with straight quotes around the strings in its merge fields and Jinja tags."""
    if not any(quote in text for quote in CURLY_DOUBLE + CURLY_SINGLE):
        return text
    return _FIELD.sub(lambda field: _STRING.sub(_straighten_string, field[0]), text)


def _straighten_string(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return f'"{match["double"]}"'
    return f"'{match['single']}'" if match["single"] is not None else match[0]


def _straighten_value(value: str) -> str:
    if value.startswith(("{", "[")):
        spaced = _BETWEEN_FLOW_PARTS.sub(lambda match: _plain_spaces(match[0]), value)
        return _QUOTED_FLOW_PART.sub(lambda match: f'"{match[1] or match[2] or ""}"', spaced)
    quoted = _QUOTED_VALUE.match(value)
    if not quoted:
        return value
    mark = _usable_quote(quoted["text"])
    if mark is None:
        return value
    return mark + quoted["text"] + mark + _plain_spaces(quoted["rest"])


def _usable_quote(text: str) -> str | None:
    """The straight quote that needs no escape around the text, or None."""
    if '"' not in text and "\\" not in text:
        return '"'
    return "'" if "'" not in text else None


def _plain_spaces(text: str) -> str:
    """All kinds of space except the tab as plain spaces."""
    return re.sub(r"[^\S\t]", " ", text)
