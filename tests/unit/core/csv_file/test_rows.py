"""Reading blocks at once makes the rows, lines and faults that reading line by line makes."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lovecampaign.core.csv_file.reader import CsvRow, _LineBuffer, _parse_by_line, read_rows

_HEADINGS = "email,note\n"
_PIECES = st.sampled_from(
    [
        "a",
        "b,c",
        "é",
        '"x"',
        '"two\nlines"',
        '"',
        '""',
        ",",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\0",
        "\ufffd",
    ]
)


def read_by_line(text: str) -> list[CsvRow]:
    stream = io.StringIO(text, newline="")
    lines = _LineBuffer(stream, first=_HEADINGS, before=0)
    rows = list(_parse_by_line(lines, ","))
    while stream.tell() < len(text):
        rows += _parse_by_line(lines, ",")
    return rows


def read_in_blocks(text: str) -> list[CsvRow]:
    stream = io.StringIO(text, newline="")
    return list(read_rows(stream, ",", first=_HEADINGS, before=0))


@given(st.lists(_PIECES, max_size=30).map("".join))
@example('a,"b\n')
@example("a,b\n\n,\n \nc")
@settings(max_examples=200, deadline=None)
def test_blocks_and_single_lines_agree(text: str) -> None:
    assert read_in_blocks(text) == read_by_line(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "odd", ["", 'x,"never closed', 'x,"two\nlines"', "x\0,y", "x,\ufffd", 'x,"a"b', " , "]
)
def test_files_of_many_blocks_keep_their_lines(odd: str, line_end: str) -> None:
    lines = [f"person{number}@bloom.example,note {number}" for number in range(12_000)]
    for place in (0, 2_000, 5_999, 11_999):
        lines[place] = odd
    text = line_end.join(lines)
    assert read_in_blocks(text) == read_by_line(text)


def test_a_quoted_cell_may_go_on_in_the_next_block() -> None:
    long = "\n".join(f"line {number} of a note" for number in range(6_000))
    text = f'a@bloom.example,x\nb@bloom.example,"{long}"\nc@bloom.example,y\n'
    rows = read_in_blocks(text.replace(long, long[:130_000]))
    assert [row.cells[0] for row in rows[1:]] == [f"{name}@bloom.example" for name in "abc"]
    assert rows[2].cells[1] == long[:130_000]
