"""Facts about problems, errors and outcomes."""

from __future__ import annotations

import pytest

from lovecampaign.core.errors import (
    ConfirmationNeeded,
    ExitCode,
    LovecampaignError,
    ProblemsFound,
    Unreachable,
    UsageError,
)
from lovecampaign.core.message import Address, FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.core.problems import Place, Problem, Severity, has_errors, in_file_order


def problem(code: str, file: str | None, line: int | None = None, column: int = 1) -> Problem:
    place = Place(file=file, line=line, column=column) if file else None
    return Problem(code=code, message="m", place=place)


def test_a_place_reads_as_editors_open_it() -> None:
    assert str(Place(file="days/02-soil.md", line=3, column=14)) == "days/02-soil.md:3:14"
    assert str(Place(file="days/02-soil.md", line=3)) == "days/02-soil.md:3"
    assert str(Place(file="days/02-soil.md")) == "days/02-soil.md"


def test_problems_come_as_an_author_walks_through_the_files() -> None:
    mixed = [
        problem("e", "b.md", 1),
        problem("d", "a.md", 10, 2),
        problem("c", "a.md", 10, 1),
        problem("b", "a.md", 9, 80),
        problem("a", None),
    ]

    assert [found.code for found in in_file_order(mixed)] == ["a", "b", "c", "d", "e"]


def test_a_warning_is_no_error() -> None:
    warning = Problem(code="w", message="m", severity=Severity.WARNING)

    assert not has_errors([warning])
    assert has_errors([warning, Problem(code="e", message="m")])


def test_a_problem_in_json_has_every_key_even_without_a_place() -> None:
    assert Problem(code="c", message="m").as_json() == {
        "code": "c",
        "severity": "error",
        "message": "m",
        "file": None,
        "line": None,
        "column": None,
        "hint": None,
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LovecampaignError("m"), ExitCode.PROBLEMS),
        (ProblemsFound("m", [Problem(code="c", message="m")]), ExitCode.PROBLEMS),
        (UsageError("m"), ExitCode.USAGE),
        (ConfirmationNeeded("m"), ExitCode.CONFIRMATION),
        (Unreachable("m"), ExitCode.UNREACHABLE),
    ],
)
def test_every_error_knows_its_exit_code(error: LovecampaignError, code: ExitCode) -> None:
    assert error.exit_code is code


def test_exit_codes_are_the_ones_of_the_contract() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 6, 7, 75, 130]


def test_messages_and_outcomes_cannot_be_changed() -> None:
    ana = Address(email="ana@bloom.example", name="Ana")
    message = Message(
        delivery_id="d",
        sender=ana,
        reply_to=ana,
        to=ana,
        subject="s",
        text="t",
        html="h",
        headers={},
        raw=b"",
    )
    outcome = Outcome(delivery_id="d", kind=OutcomeKind.PERMANENT, fault=FaultKind.RECIPIENT)

    for frozen, name in ((message, "subject"), (outcome, "detail"), (ana, "email")):
        with pytest.raises(AttributeError):
            setattr(frozen, name, "changed")
