"""The first problems of a file with thousands, and the number of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.core.problems import Place, Problem, Severity, has_errors, in_file_order

#: Of one file; the others are counted.
MAX_PROBLEMS = 200


def only_counted(source: Source, spot: Spot) -> Problem:
    """A mistake behind the first 200, for :func:`first_of_each_file`: it is never shown.

    Its code sorts behind all others at the same place.
    """
    place = Place(file=source.name, line=spot.line, column=spot.column)
    return Problem(code=ProblemCode.MORE_MISTAKES.value, message="a mistake", place=place)


def first_of_each_file(problems: Iterable[Problem]) -> list[Problem]:
    """The problems in file order: at most 200 of each file, and the number of its others."""
    shown: list[Problem] = []
    for file, group in groupby(in_file_order(problems), key=_file):
        ordered = list(group)
        shown += ordered[:MAX_PROBLEMS] if file else ordered
        if file and len(ordered) > MAX_PROBLEMS:
            shown.append(_summary(file, ordered[MAX_PROBLEMS:]))
    return shown


def _file(problem: Problem) -> str:
    return problem.place.file if problem.place else ""


def _summary(file: str, rest: Sequence[Problem]) -> Problem:
    return Problem(
        code=ProblemCode.MORE_MISTAKES.value,
        message=f"{file} has {len(rest):,} more mistakes",
        place=rest[0].place,
        hint="is this the right file? Fix the ones above first",
        severity=Severity.ERROR if has_errors(rest) else Severity.WARNING,
    )
