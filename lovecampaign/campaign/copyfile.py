"""What stands in a copy file? Settings between two lines of dashes, then the copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from lovecampaign.campaign.codes import Code
from lovecampaign.campaign.document import Document, read_document
from lovecampaign.campaign.model import Copy
from lovecampaign.campaign.schema import Group
from lovecampaign.campaign.source import Source, Spot
from lovecampaign.problems import Problem

G = TypeVar("G", bound=Group)

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


def _without_settings(source: Source, model: type[G], opening: int) -> CopyFile[G]:
    problem = source.problem(
        Code.FRONT_MATTER,
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
        Code.FRONT_MATTER,
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
    return Copy(text=text + "\n" if text else "", file=source.name, first_line=start)


def _next_line(source: Source, number: int) -> int:
    """The first line with something on it, from ``number`` on; else ``number``."""
    lines = range(number, len(source.lines) + 1)
    return next((at for at in lines if source.line(at).strip()), number)


def _is_fence(source: Source, number: int) -> bool:
    return _FENCE.fullmatch(source.line(number)) is not None
