"""Facts about the problems of many rows."""

from __future__ import annotations

from lovecampaign.core.problems import Place, Problem
from lovecampaign.store.subscribers.imports.alike import ProblemList


def problem(line: int, message: str) -> Problem:
    return Problem(code="import-row", message=message, place=Place(file="x.csv", line=line))


def test_a_few_alike_problems_are_listed_one_by_one() -> None:
    problems = ProblemList(10)
    for line in range(2, 5):
        problems.add(problem(line, f"'row {line}' is no email address: it has no @-sign"))
    assert [each.place.line for each in problems.listed() if each.place] == [2, 3, 4]


def test_many_alike_problems_are_one_with_a_count() -> None:
    problems = ProblemList(10)
    for line in range(2, 302):
        problems.add(problem(line, f"'row {line}' is no email address: it has no @-sign"))
    problems.add(problem(400, "they have not confirmed"))
    many, other = problems.listed()
    assert "(300 rows like this, in lines 2, 3, 4, …)" in many.message
    assert other.message == "they have not confirmed"


def test_kinds_beyond_the_bound_are_counted() -> None:
    problems = ProblemList(1)
    problems.add(problem(2, "one"))
    problems.add_more(problem(3, "two"), 7)
    assert problems.unlisted == 7
