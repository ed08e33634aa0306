"""Facts about tables on a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.cli.output.style import plain
from lovecampaign.cli.output.table import format_cell, format_table, shorten, width_of


def lines_of(table: str) -> list[str]:
    return plain(table).splitlines()


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    table = format_table(("email", "sent"), [("day-01", 12345), ("launch", 7)])

    assert lines_of(table) == [
        "email     sent",
        "day-01  12,345",
        "launch       7",
    ]


def test_nothing_is_shown_as_a_dash() -> None:
    assert format_cell(None) == "–"
    assert format_cell(0) == "0"


def test_a_table_without_rows_still_has_its_headings() -> None:
    assert lines_of(format_table(("email", "sent"), [])) == ["email  sent"]


def test_wide_letters_take_two_columns_and_accents_none() -> None:
    assert width_of("東京") == 4
    assert width_of("e\u0301") == 1

    rows = lines_of(format_table(("city", "n"), [("東京", 1), ("Paris", 2)]))
    assert rows[1:] == ["東京   1", "Paris  2"]


def test_a_name_cannot_move_the_cursor_of_a_terminal() -> None:
    table = format_table(("name",), [("Ana\x1b[2J\r\nBen\u2028\x9b31m",)])

    assert set(table) & set("\x1b\r\u2028\x9b") <= {"\x1b"}
    assert lines_of(table)[1] == "Ana [2J  Ben  31m"


@given(st.lists(st.tuples(st.text(max_size=20), st.integers()), max_size=5))
def test_every_row_is_one_line(rows: list[tuple[str, int]]) -> None:
    assert len(lines_of(format_table(("text", "number"), rows))) == len(rows) + 1


def test_what_people_type_is_cut_to_the_columns_of_a_terminal() -> None:
    assert shorten("A fig\nfrom  1987.", 20) == "A fig from 1987."
    assert shorten("東京都千代田区", 9) == "東京都千…"
    assert shorten("Ana " * 40, 9) == "Ana Ana…"


@given(st.text(max_size=80), st.integers(min_value=1, max_value=70))
def test_a_shortened_text_never_takes_more_columns(text: str, columns: int) -> None:
    assert width_of(shorten(text, columns)) <= columns
