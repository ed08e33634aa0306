"""Copy files: front matter between two lines of dashes, then the copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from lovecampaign.campaign.files.front_matter import copy_from, find_excess, find_fences
from lovecampaign.campaign.model.campaign import Copy
from lovecampaign.campaign.schema.settings_group import SettingsGroup
from lovecampaign.campaign.schema.validate import Document, read_document
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Problem

G = TypeVar("G", bound=SettingsGroup)


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
    too_large = find_excess(source, file.copy)
    if too_large is None:
        return file
    return replace(file, copy=replace(file.copy, text=""), problems=(*file.problems, too_large))


def _split(source: Source, model: type[G]) -> CopyFile[G]:
    fences = find_fences(source)
    opening, closing = fences.opening, fences.closing
    if not fences.has_opening:
        message = "the file does not start with its settings"
        hint = 'first a line "---", then subject: and preheader:, then another line "---"'
        problem = source.problem(ProblemCode.FRONT_MATTER, message, Spot(line=opening), hint=hint)
        return _without_settings(source, model, problem, first_line=1)
    if closing is None:
        message = "the settings that start here never end"
        hint = 'put a line "---" between the settings and the copy'
        problem = source.problem(
            ProblemCode.FRONT_MATTER, message, Spot(line=opening, width=3), hint=hint
        )
        return _without_settings(source, model, problem, first_line=opening + 1)
    front = read_document(source, model, first_line=opening + 1, last_line=closing - 1)
    return CopyFile(front=front, copy=copy_from(source, closing + 1), problems=front.problems)


def _without_settings(
    source: Source, model: type[G], problem: Problem, first_line: int
) -> CopyFile[G]:
    front = read_document(source, model, first_line=1, last_line=0)
    copy = copy_from(source, first_line)
    return CopyFile(front=front, copy=copy, problems=(problem,), has_settings=False)
