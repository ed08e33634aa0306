"""Copy files: front matter between two lines of dashes, then the copy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from lovecampaign.campaign.model.campaign import Copy
from lovecampaign.campaign.schema.settings_group import SettingsGroup
from lovecampaign.campaign.schema.validate import Document, read_document
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem

G = TypeVar("G", bound=SettingsGroup)

MAX_CHARACTERS = 200_000
#: Markdown's time grows with the square of open brackets: 30,000 take 9 s, 2,000 take 0.05 s.
MAX_BRACKETS = 2_000

#: Word processors replace three hyphens by a long dash.
_FENCE = re.compile(r"\s*(?:---+|[–—]-?|[–—]{2,})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFile(Generic[G]):
    """A parsed copy file."""

    front: Document[G]
    copy: Copy
    problems: tuple[Problem, ...]
    #: False without front matter: any setting may be in the copy.
    has_settings: bool = True


def read_copy(source: Source, model: type[G]) -> CopyFile[G]:
    """Read a copy file; one without front matter is all copy, and a problem."""
    file = _split(source, model)
    too_large = _find_excess(source, file.copy)
    if too_large is None:
        return file
    return replace(file, copy=replace(file.copy, text=""), problems=(*file.problems, too_large))


def _split(source: Source, model: type[G]) -> CopyFile[G]:
    opening = _next_line(source, 1)
    if not _is_fence(source, opening):
        message = "the file does not start with its settings"
        hint = 'first a line "---", then subject: and preheader:, then another line "---"'
        problem = source.problem(ProblemCode.FRONT_MATTER, message, Spot(line=opening), hint=hint)
        return _without_settings(source, model, problem, first_line=1)
    following = range(opening + 1, len(source.lines) + 1)
    closing = next((at for at in following if _is_fence(source, at)), None)
    if closing is None:
        message = "the settings that start here never end"
        hint = 'put a line "---" between the settings and the copy'
        problem = source.problem(
            ProblemCode.FRONT_MATTER, message, Spot(line=opening, width=3), hint=hint
        )
        return _without_settings(source, model, problem, first_line=opening + 1)
    front = read_document(source, model, first_line=opening + 1, last_line=closing - 1)
    return CopyFile(front=front, copy=_copy_from(source, closing + 1), problems=front.problems)


def _without_settings(
    source: Source, model: type[G], problem: Problem, first_line: int
) -> CopyFile[G]:
    front = read_document(source, model, first_line=1, last_line=0)
    copy = _copy_from(source, first_line)
    return CopyFile(front=front, copy=copy, problems=(problem,), has_settings=False)


def _find_excess(source: Source, copy: Copy) -> Problem | None:
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


def _copy_from(source: Source, first_line: int) -> Copy:
    """The copy without empty lines around it."""
    start = min(_next_line(source, first_line), len(source.lines))
    text = "\n".join(source.lines[start - 1 :] if start >= first_line else ()).rstrip()
    text = straighten_fields(text + "\n") if text else ""
    return Copy(text=text, file=source.name, first_line=start)


def _next_line(source: Source, number: int) -> int:
    """The first line that is not blank, from ``number`` on; else ``number``."""
    lines = range(number, len(source.lines) + 1)
    return next((at for at in lines if source.line(at).strip()), number)


def _is_fence(source: Source, number: int) -> bool:
    return _FENCE.fullmatch(source.line(number)) is not None
