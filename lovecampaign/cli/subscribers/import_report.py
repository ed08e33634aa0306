"""The report of an import, and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from lovecampaign.audience.answers import ImportAnswers
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.table import one_line
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import has_errors
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import ImportReport

_UNKNOWN_TOOL = "Recognised: nothing in particular."
_COUNTS = ("new", "updated", "unchanged", "rejected", "protected", "suppressed")


def import_json(report: ImportReport) -> Mapping[str, object]:
    """The shape of docs/reference.md ("JSON")."""
    counts = {name: getattr(report, name) for name in _COUNTS}
    return {
        "read": report.read,
        **counts,
        "applied": report.applied,
        "left_elsewhere": report.left_elsewhere,
        "import": report.import_id,
    }


def format_import(report: ImportReport, list_name: str) -> str:
    """The meaning of each column, and the counts."""
    lines = [f"{one_line(each.heading)} → {each.meaning}" for each in report.headings]
    if report.headings:
        found = f"This is an export of {report.tool}." if report.tool else _UNKNOWN_TOOL
        lines.insert(0, found)
    counts = ", ".join(f"{getattr(report, name):,} {name}" for name in _COUNTS)
    lines.append(f"{count_of(report.read, 'row')} for {list_name}: {counts}")
    if not report.applied:
        why = "answer what is asked below" if is_stopped(report) else "this was a dry run"
        lines.append(f"Nothing was changed: {why}.")
    if report.import_id is not None and report.new + report.updated:  # suppressions stay
        undo = f"lovecampaign imports undo {report.import_id}"
        lines.append(f"To take it back before anyone is mailed, type: {undo}")
    return "\n".join(lines)


def is_stopped(report: ImportReport) -> bool:
    """Whether open questions kept an import from being applied."""
    return bool(report.questions) and any(
        problem.is_error and problem.code in {each.code for each in report.questions}
        for problem in report.problems
    )


def import_exit_code(report: ImportReport, *, is_meant: bool) -> ExitCode:
    if report.questions and is_meant:
        return ExitCode.CONFIRMATION
    return ExitCode.PROBLEMS if has_errors(report.problems) else ExitCode.DONE


def command_after_import(
    report: ImportReport, file: Path, enrolment: ImportTarget, answers: ImportAnswers
) -> str | None:
    """After a dry run, the same with ``--apply`` if that would change anything.

    With open questions, a dry run with the careful answers, where there are any.
    """
    tags = [word for tag in enrolment.tags for word in ("--tag", tag)]
    again = ["lovecampaign", "subscribers", "import", str(file), "--list", enrolment.list_name]
    again += [*tags, *answers.as_options()]
    if report.questions:
        careful = [word for question in report.questions for word in question.options]
        return shlex.join([*again, *careful]) if careful else None
    if not report.read:
        return "lovecampaign subscribers import --help"
    if report.applied or report.unchanged + report.protected == report.read:
        return "lovecampaign plan"
    changes = report.new + report.updated + report.suppressed
    return shlex.join([*again, *(["--apply"] if changes else [])])
