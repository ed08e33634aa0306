"""Problems of many rows: alike ones are one problem with a count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lovecampaign.core.problems import Problem

#: Alike problems that are still listed one by one.
_MOST_ALIKE = 3
#: What differs between alike problems: quoted values, addresses and numbers.
_VARIABLE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+@\S+|\d[\d.,:-]*")


@dataclass(slots=True)
class _AlikeProblems:
    """Alike problems: the first ones, and how many there are."""

    first: list[Problem] = field(default_factory=list)
    count: int = 0


class ProblemList:
    """Groups problems by their kind; holds a bounded number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._groups: dict[tuple[str, str, str], _AlikeProblems] = {}
        #: Problems of kinds beyond the bound.
        self.unlisted = 0

    def add(self, problem: Problem) -> None:
        self.add_more(problem, 1)

    def add_more(self, problem: Problem, count: int) -> None:
        """Count more problems like this one, which is one of them."""
        kind = (problem.code, problem.severity.value, _VARIABLE.sub("…", problem.message))
        group = self._groups.get(kind)
        if group is None:
            if len(self._groups) >= self._most:
                self.unlisted += count
                return
            group = self._groups[kind] = _AlikeProblems()
        group.count += count
        if len(group.first) < _MOST_ALIKE:
            group.first.append(problem)

    def listed(self) -> Iterator[Problem]:
        for group in self._groups.values():
            if group.count <= len(group.first):
                yield from group.first
            else:
                yield _with_count(group)


def _with_count(group: _AlikeProblems) -> Problem:
    first = group.first[0]
    lines = [str(each.place.line) for each in group.first if each.place and each.place.line]
    more = ", …" if group.count > len(lines) else ""
    where = f", in lines {', '.join(lines)}{more}" if lines else ""
    return replace(first, message=f"{first.message} ({group.count:,} rows like this{where})")
