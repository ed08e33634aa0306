"""Which codes did the author bring for a deal?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lovecampaign.core.csv_reader import CsvTable, open_csv

#: A first line that says this is a heading; anything else there is a code like the others.
HEADINGS = frozenset({"code", "codes", "coupon", "voucher", "discount code"})


def read_codes(path: Path, *, shown_as: str) -> Iterator[str]:
    """The codes of a CSV file: its column called ``code``, or its first one.

    Raises UsageError or ProblemsFound for a file that cannot be read.
    """
    with open_csv(path, shown_as=shown_as) as table:
        column = _code_column(table)
        if column is None:
            yield from _cell(list(table.headings), 0)
        for row in table.rows:
            yield from _cell(row.cells, column or 0)


def _code_column(table: CsvTable) -> int | None:
    names = [heading.strip().casefold() for heading in table.headings]
    return next((number for number, name in enumerate(names) if name in HEADINGS), None)


def _cell(cells: list[str], column: int) -> Iterator[str]:
    code = cells[column].strip() if column < len(cells) else ""
    if code:
        yield code
