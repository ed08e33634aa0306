"""The two parts of a copy file: front matter between two lines of dashes, then the copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Copy
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem

MAX_CHARACTERS = 200_000
#: Markdown's time grows with the square of open brackets: 30,000 take 9 s, 2,000 take 0.05 s.
MAX_BRACKETS = 2_000

#: Word processors replace three hyphens by a long dash.
_FENCE = re.compile(r"\s*(?:---+|[–—]-?|[–—]{2,})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fences:
    """The lines of dashes around the front matter, from 1."""

    #: The first line that is not blank, where ``has_opening`` is false.
    opening: int
    has_opening: bool
    closing: int | None


def find_fences(source: Source) -> Fences:
    """Find where the front matter of a copy file starts and ends."""
    opening = _next_line(source, 1)
    if not _is_fence(source, opening):
        return Fences(opening=opening, has_opening=False, closing=None)
    following = range(opening + 1, len(source.lines) + 1)
    closing = next((at for at in following if _is_fence(source, at)), None)
    return Fences(opening=opening, has_opening=True, closing=closing)


def copy_from(source: Source, first_line: int) -> Copy:
    """The copy without empty lines around it."""
    start = min(_next_line(source, first_line), len(source.lines))
    text = "\n".join(source.lines[start - 1 :] if start >= first_line else ()).rstrip()
    text = straighten_fields(text + "\n") if text else ""
    return Copy(text=text, file=source.name, first_line=start)


def find_excess(source: Source, copy: Copy) -> Problem | None:
    """Why a copy is too large to be rendered in reasonable time."""
    if len(copy.text) > MAX_CHARACTERS:
        return source.problem(
            ProblemCode.FILE_TOO_LARGE,
            f"this copy has {len(copy.text):,} characters, and a letter at most {MAX_CHARACTERS:,}",
            Spot(line=copy.first_line),
            hint="Gmail cuts letters off at 102 kB: link to a page with the rest",
        )
    brackets = max(map(copy.text.count, "[{"))
    if brackets > MAX_BRACKETS:
        return source.problem(
            ProblemCode.TOO_DEEP,
            f"this copy has {brackets:,} opening brackets: no letter needs more than "
            f"{MAX_BRACKETS:,}",
            Spot(line=copy.first_line),
            hint="is this the right file?",
        )
    return None


def _next_line(source: Source, number: int) -> int:
    """The first line that is not blank, from ``number`` on; else ``number``."""
    lines = range(number, len(source.lines) + 1)
    return next((at for at in lines if source.line(at).strip()), number)


def _is_fence(source: Source, number: int) -> bool:
    return _FENCE.fullmatch(source.line(number)) is not None
