"""Code in Markdown copy, which subscribers see as it is, and comments, which none sees."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CODE_BLOCKS = ("fence", "code_block")
#: A run of backticks up to the next of the same length, in one paragraph.
_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
_NOT_LINE_END = re.compile(r"[^\n]")
#: Of Jinja and of HTML; Outlook reads conditional ones.
_COMMENT = re.compile(r"\{#.*?#\}|<!--(?!\[if).*?-->", re.DOTALL)


@lru_cache(maxsize=256)
def without_code(copy: str) -> str:
    """The copy with blanks in place of code: lines and columns stay. Cached: many rules ask."""
    if "`" not in copy and "~~~" not in copy and "    " not in copy and "\t" not in copy:
        return copy
    lines = copy.split("\n")
    for token in _parser().parse(copy):
        if token.type in _CODE_BLOCKS and token.map:
            start, end = token.map
            lines[start:end] = [" " * len(line) for line in lines[start:end]]
    return _blanked(_SPAN, "\n".join(lines))


@lru_cache(maxsize=64)
def without_comments(template: str) -> str:
    """The template with blanks in place of comments: lines and columns stay."""
    return _blanked(_COMMENT, template)


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: _NOT_LINE_END.sub(" ", found[0]), text)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # slow to import, and few copies have code

    return MarkdownIt("commonmark", {"html": False})
