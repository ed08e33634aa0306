"""The report of an import, and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.table import one_line
from lovecampaign.store.imports.apply import ImportTarget
from lovecampaign.store.imports.importer import ImportReport

_COUNTS = ("new", "updated", "unchanged", "rejected", "protected", "suppressed")


def import_json(report: ImportReport) -> Mapping[str, object]:
    """The shape of INTERFACE.md."""
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
    if report.tool:
        lines.insert(0, f"This is an export of {report.tool}.")
    counts = ", ".join(f"{getattr(report, name):,} {name}" for name in _COUNTS)
    lines.append(f"{count_of(report.read, 'row')} for {list_name}: {counts}")
    if not report.applied:
        lines.append("Nothing was changed: this was a dry run.")
    if report.import_id is not None:
        undo = f"lovecampaign imports undo {report.import_id}"
        lines.append(f"To take it back before anyone is mailed, type: {undo}")
    return "\n".join(lines)


def command_after_import(report: ImportReport, file: Path, enrolment: ImportTarget) -> str:
    """After a dry run, the same with ``--apply`` if that would change anything."""
    if not report.read:
        return "lovecampaign subscribers import --help"
    if report.applied or report.unchanged + report.protected == report.read:
        return "lovecampaign plan"
    tags = [word for tag in enrolment.tags for word in ("--tag", tag)]
    again = ["lovecampaign", "subscribers", "import", str(file), "--list", enrolment.list_name]
    changes = report.new + report.updated + report.suppressed
    return shlex.join([*again, *tags, *(["--apply"] if changes else [])])
