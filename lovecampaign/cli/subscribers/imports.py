"""The verb ``imports``: the log of imports, and their undo."""

from __future__ import annotations

from collections.abc import Mapping

import click

from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import Cell, format_table
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.store.subscribers.imports.log import ImportEntry
from lovecampaign.store.subscribers.imports.log import list_imports as read_imports
from lovecampaign.store.subscribers.imports.undo import UndoReport, undo_import

#: Columns of the table; the JSON has all counts.
_SHOWN = ("new", "updated", "unchanged", "rejected", "protected", "suppressed")


@verb_group("imports", fallback="list")
def imports() -> None:
    """List what each import did, or undo one."""


@verb("list", imports)
def list_all(invocation: Invocation) -> Result:
    """List them, newest first (the same as imports alone)."""
    with opened_database(invocation) as database:
        entries = read_imports(database)
    data = {"imports": [_entry_json(entry) for entry in entries]}
    if not entries:
        return Result(
            data=data,
            text="Nothing was imported yet.",
            next_command="lovecampaign subscribers import --help",
        )
    headings = ("id", "when (UTC)", "file", "list", *_SHOWN, "mailed", "undone")
    rows: list[tuple[Cell, ...]] = [
        (
            str(entry.id),
            local_time(entry.at, "UTC"),
            entry.file,
            entry.list,
            *(entry.counts[name] for name in _SHOWN),
            entry.mailed,
            local_time(entry.undone_at, "UTC") if entry.undone_at else "no",
        )
        for entry in entries
    ]
    open_ids = [entry.id for entry in entries if not (entry.undone_at or entry.mailed)]
    undo = f"lovecampaign imports undo {open_ids[0]}" if open_ids else "lovecampaign status"
    return Result(data=data, text=format_table(headings, rows), next_command=undo)


@verb("undo", imports)
@click.argument("import_id", type=click.IntRange(min=1, max=2**63 - 1), metavar="ID")
def undo(invocation: Invocation, import_id: int) -> Result:
    """Take an import back, as long as none of its people was mailed.

    People, tags, lists and consents that it added go; changed values come back. What changed since
    stays, and so do all suppressions.
    """
    with opened_database(invocation) as database:
        report = undo_import(database, import_id, invocation.now)
    data = {
        "id": report.id,
        "removed": report.removed,
        "restored": report.restored,
        "kept": report.kept,
    }
    return Result(data=data, text=_format_undo(report), next_command="lovecampaign imports")


def _entry_json(entry: ImportEntry) -> Mapping[str, object]:
    return {
        "id": entry.id,
        "at": entry.at,
        "file": entry.file,
        "list": entry.list,
        **entry.counts,
        "undone": entry.undone_at is not None,
        "undone_at": entry.undone_at,
        "mailed": entry.mailed,
    }


def _format_undo(report: UndoReport) -> str:
    lines = [
        f"Import {report.id} is undone.",
        f"{count_of(report.removed, 'person')} removed, {report.restored:,} restored.",
    ]
    if report.kept:
        lines.append(
            f"{count_of(report.kept, 'person')} changed since, and of them that stays as it is."
        )
    lines.append("Suppressions stay.")
    return "\n".join(lines)
