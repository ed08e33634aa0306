"""Facts about dates: which ways to write them are read, and which are ambiguous."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lovecampaign.audience.dates import DateEvidence, DateOrder, parse_datetime


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-05-12", datetime(2024, 5, 12, tzinfo=UTC)),
        ("01.05.2024 08:00", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("1.5.24", datetime(2024, 5, 1, tzinfo=UTC)),
        ("01.05.2024, 08:00 Uhr", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("13/04/2024", datetime(2024, 4, 13, tzinfo=UTC)),
        ("04/13/2024 3:05 PM", datetime(2024, 4, 13, 15, 5, tzinfo=UTC)),
        ("2024/05/12", datetime(2024, 5, 12, tzinfo=UTC)),
        ("May 12, 2024", datetime(2024, 5, 12, tzinfo=UTC)),
        ("12 mai 2024 à 14h30", datetime(2024, 5, 12, 14, 30, tzinfo=UTC)),
        ("12. März 2024", datetime(2024, 3, 12, tzinfo=UTC)),
        ("12 de agosto de 2024", datetime(2024, 8, 12, tzinfo=UTC)),
        ("12 dicembre 2024", datetime(2024, 12, 12, tzinfo=UTC)),
        ("1715508920", datetime(2024, 5, 12, 10, 15, 20, tzinfo=UTC)),
        ("2024-05-12 10:15:20", datetime(2024, 5, 12, 10, 15, 20, tzinfo=UTC)),
        ("2024-05-12T10:15:20Z", datetime(2024, 5, 12, 10, 15, 20, tzinfo=UTC)),
        ("2024-05-12T10:15:20+02:00", datetime(2024, 5, 12, 8, 15, 20, tzinfo=UTC)),
        ("2024-05-12 10:15:20 UTC", datetime(2024, 5, 12, 10, 15, 20, tzinfo=UTC)),
        (
            "2024-05-12 10:15:20.123456789 +0200 CEST",
            datetime(2024, 5, 12, 8, 15, 20, 123456, tzinfo=UTC),
        ),
    ],
)
def test_moments_are_read_as_tools_write_them(cell: str, moment: datetime) -> None:
    assert parse_datetime(cell) == moment


@pytest.mark.parametrize(
    "cell", ["soon", "31.02.2024", "2024-02-30", "2024-05-12 10:15 EST", "0001-01-01"]
)
def test_what_is_no_moment_is_said_with_an_example(cell: str) -> None:
    with pytest.raises(ValueError, match="is not a date like 2027-01-31"):
        parse_datetime(cell)


def test_a_date_of_two_small_numbers_needs_an_order() -> None:
    with pytest.raises(ValueError, match="--dates day-first or month-first"):
        parse_datetime("03/04/2024")
    assert parse_datetime("03/04/2024", DateOrder.DAY_FIRST).month == 4
    assert parse_datetime("03/04/2024", DateOrder.MONTH_FIRST).month == 3
    assert parse_datetime("04/04/2024").day == 4


@pytest.mark.parametrize(
    ("cells", "order", "is_open"),
    [
        (["2024-05-01", ""], None, False),
        (["03/04/2024", "04/04/2024"], None, True),
        (["03/04/2024", "13/04/2024"], DateOrder.DAY_FIRST, False),
        (["3-4-2024 10:00", "4-30-2024"], DateOrder.MONTH_FIRST, False),
        (["03/04/2024", "13/04/2024", "04/13/2024"], None, True),
    ],
)
def test_one_unambiguous_date_decides_for_the_file(
    cells: list[str], order: DateOrder | None, *, is_open: bool
) -> None:
    evidence = DateEvidence()
    evidence.take(cells)
    assert (evidence.order, evidence.is_open) == (order, is_open)
