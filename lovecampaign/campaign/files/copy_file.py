"""What stands in a copy file? Settings between two lines of dashes, then the copy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from lovecampaign.campaign.model.campaign import Copy
from lovecampaign.campaign.schema.models import SettingsGroup
from lovecampaign.campaign.schema.validate import Document, read_document
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem

G = TypeVar("G", bound=SettingsGroup)

MAX_CHARACTERS = 200_000
#: Markdown's time grows with the square of open brackets: 30,000 take 9 s, 2,000 take 0.05 s.
MAX_BRACKETS = 2_000

#: Word processors make one long dash of three short ones.
_FENCE = re.compile(r"\s*(?:---+|[–—]-?|[–—]{2,})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFile(Generic[G]):
    """A copy file as read."""

    front: Document[G]
    copy: Copy
    problems: tuple[Problem, ...]
    #: False where the lines of dashes are missing, so that any setting may be in the copy.
    has_settings: bool = True


def read_copy(source: Source, model: type[G]) -> CopyFile[G]:
    """Split and read a copy file; a file without settings is all copy, and a problem."""
    file = _split(source, model)
    refusal = _refusal(source, file.copy)
    if refusal is None:
        return file
    return replace(file, copy=replace(file.copy, text=""), problems=(*file.problems, refusal))


def _split(source: Source, model: type[G]) -> CopyFile[G]:
    opening = _next_line(source, 1)
    if not _is_fence(source, opening):
        return _without_settings(source, model, opening)
    closing = next(
        (at for at in range(opening + 1, len(source.lines) + 1) if _is_fence(source, at)), None
    )
    if closing is None:
        return _unclosed(source, model, opening)
    front = _settings(source, model, opening + 1, closing - 1)
    return CopyFile(front=front, copy=_copy_from(source, closing + 1), problems=front.problems)


def _settings(source: Source, model: type[G], first: int, last: int) -> Document[G]:
    return read_document(source, model, first_line=first, last_line=max(last, first - 1))


def _refusal(source: Source, copy: Copy) -> Problem | None:
    """Why a copy is not even looked at: nobody reads that much, and neither can we in time."""
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


def _without_settings(source: Source, model: type[G], opening: int) -> CopyFile[G]:
    problem = source.problem(
        ProblemCode.FRONT_MATTER,
        "the file does not start with its settings",
        Spot(line=opening),
        hint='first a line "---", then subject: and preheader:, then another line "---"',
    )
    front = _settings(source, model, 1, 0)
    return CopyFile(
        front=front, copy=_copy_from(source, 1), problems=(problem,), has_settings=False
    )


def _unclosed(source: Source, model: type[G], opening: int) -> CopyFile[G]:
    problem = source.problem(
        ProblemCode.FRONT_MATTER,
        "the settings that start here never end",
        Spot(line=opening, width=3),
        hint='put a line "---" between the settings and the copy',
    )
    front = _settings(source, model, 1, 0)
    return CopyFile(
        front=front, copy=_copy_from(source, opening + 1), problems=(problem,), has_settings=False
    )


def _copy_from(source: Source, first_line: int) -> Copy:
    """The copy without the empty lines around it."""
    start = min(_next_line(source, first_line), len(source.lines))
    text = "\n".join(source.lines[start - 1 :] if start >= first_line else ()).rstrip()
    text = straighten_fields(text + "\n") if text else ""
    return Copy(text=text, file=source.name, first_line=start)


def _next_line(source: Source, number: int) -> int:
    """The first line with something on it, from ``number`` on; else ``number``."""
    lines = range(number, len(source.lines) + 1)
    return next((at for at in lines if source.line(at).strip()), number)


def _is_fence(source: Source, number: int) -> bool:
    return _FENCE.fullmatch(source.line(number)) is not None
