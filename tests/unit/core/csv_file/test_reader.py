"""Facts about reading CSV files as spreadsheets and other tools write them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.core.csv_file.reader import CsvRow, CsvTable, open_csv
from lovecampaign.core.errors import ProblemsFound, UsageError


def read(tmp_path: Path, data: bytes) -> tuple[CsvTable, list[CsvRow]]:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    with open_csv(path, shown_as="people.csv") as table:
        return table, list(table.rows)


TEXT = "email,first_name\nana@bloom.example,Zoë\nbo@bloom.example,Ünal\n"


@pytest.mark.parametrize(
    ("encoding", "recognised"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ],
)
def test_three_encodings_are_recognised(tmp_path: Path, encoding: str, recognised: str) -> None:
    table, rows = read(tmp_path, TEXT.encode(encoding))
    assert table.encoding == recognised
    assert table.headings == ("email", "first_name")
    assert [row.cells[1] for row in rows] == ["Zoë", "Ünal"]


def test_big_endian_utf16_is_read_by_its_mark(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert rows[0].cells[1] == "Zoë"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_read_without_its_mark(tmp_path: Path, encoding: str) -> None:
    table, rows = read(tmp_path, TEXT.encode(encoding))
    assert table.headings == ("email", "first_name")
    assert rows[1].cells[1] == "Ünal"


def test_headings_that_are_repeated_are_no_row(tmp_path: Path) -> None:
    _, rows = read(tmp_path, (TEXT + TEXT).encode())
    assert [row.line for row in rows] == [2, 3, 5, 6]


def test_an_euro_sign_of_windows_is_read(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "email,note\na@b.example,5 € „ok“\n".encode("cp1252"))
    assert rows[0].cells[1] == "5 € „ok“"


def test_a_damaged_place_in_utf8_costs_its_row_only(tmp_path: Path) -> None:
    data = "email,name\na@b.example,Zoë\n".encode() + b"b@b.example,Zo\xeb\nc@b.example,C\n"
    table, rows = read(tmp_path, data)
    assert table.encoding == "utf-8-sig"
    assert [(row.line, bool(row.fault)) for row in rows] == [(2, False), (3, True), (4, False)]
    assert "not text" in rows[1].fault


def test_bytes_that_windows_1252_does_not_know_cost_their_row(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b"email,name\na@b.example,Zo\xeb\nb@b.example,\x81\n")
    assert [bool(row.fault) for row in rows] == [False, True]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_read_off_the_headings(tmp_path: Path, separator: str) -> None:
    text = TEXT.replace(",", separator)
    table, rows = read(tmp_path, text.encode())
    assert table.separator == separator
    assert rows[0].cells == ["ana@bloom.example", "Zoë"]


def test_separators_inside_quoted_headings_do_not_count(tmp_path: Path) -> None:
    table, _ = read(tmp_path, b'email;"a, b, c";name\na@b.example;1;2\n')
    assert table.headings == ("email", "a, b, c", "name")


def test_excels_separator_line_is_obeyed(tmp_path: Path) -> None:
    table, rows = read(tmp_path, b"sep=;\r\nemail;name\r\na@b.example;Ana\r\n")
    assert table.headings == ("email", "name")
    assert rows == [CsvRow(3, ["a@b.example", "Ana"])]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_row_has_the_number_of_the_line_where_it_starts(tmp_path: Path, line_end: str) -> None:
    text = 'email,note\na@b.example,"one\ntwo\nthree"\n\nb@b.example,x\n'
    _, rows = read(tmp_path, text.replace("\n", line_end).encode())
    assert [row.line for row in rows] == [2, 6]
    assert rows[0].cells[1].split() == ["one", "two", "three"]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b"\n\nemail,name\n\n,\n  ,\t\na@b.example,A\n")
    assert [row.line for row in rows] == [7]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b'email,name\na@b.example,"Ana\nb@b.example,Bo\nc@b.example,C\n')
    assert [(row.line, row.fault) for row in rows] == [
        (2, "a quote is opened and never closed"),
        (3, ""),
        (4, ""),
    ]


def test_a_giant_cell_costs_one_row(tmp_path: Path) -> None:
    data = b'email,name\na@b.example,"' + b"x" * 200_000 + b'"\nb@b.example,Bo\n'
    _, rows = read(tmp_path, data)
    assert [(row.line, bool(row.fault)) for row in rows] == [(2, True), (3, False)]


def test_an_endless_line_costs_one_row_and_no_memory(tmp_path: Path) -> None:
    data = b"email,name\n" + b"x," * 2_000_000 + b"\nb@b.example,Bo\n"
    _, rows = read(tmp_path, data)
    assert [(row.line, row.fault[:22]) for row in rows] == [(2, "the line is longer tha"), (3, "")]


def test_nul_bytes_cost_their_row(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b"email,name\na@b.example,A\x00\nb@b.example,Bo\n")
    assert [bool(row.fault) for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n \n\t\n", "empty"),
        (b",,,\n", "headings"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"%PDF-1.7\n", "document"),
        (b"BEGIN:VCARD\r\nEMAIL:a@b.example\r\n", "vCard"),
        ("BEGIN:VCARD\r\n".encode("utf-16"), "vCard"),
        (b"From a@b.example Tue Dec  1 01:00:00 2026\nTo: b@b.example\n", "mailbox"),
        (b"Received: from a.example\n", "email"),
        (b'[\n  {"email": "a@b.example"}]', "JSON"),
        (b'\xef\xbb\xbf{"email": "a@b.example"}\n', "JSON"),
        (b"<!DOCTYPE html><table>", "page"),
        (b"version: 1\ndn: cn=Ana\n", "LDIF"),
        (b"\xff\xfe\x00\x00e\x00\x00\x00", "UTF-32"),
        (b"em\x00ail,name\n", "NUL"),
        (b'"email,name\n', "never closed"),
    ],
)
def test_what_is_no_table_is_said_in_words(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ProblemsFound, match=said) as raised:
        read(tmp_path, data)
    assert raised.value.problems[0].place is not None


@pytest.mark.parametrize("first", [b"From,email", b"dn,email", b"[x],email", b"Received,email"])
def test_headings_like_the_start_of_another_format_are_headings(
    tmp_path: Path, first: bytes
) -> None:
    table, _ = read(tmp_path, first + b"\n1,a@b.example\n")
    assert table.headings[1] == "email"


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="No such file"),
        open_csv(tmp_path / "none.csv", shown_as="none.csv"),
    ):
        raise AssertionError


cells = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd\r"), max_size=12
)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=8))
@settings(max_examples=60)
def test_what_a_spreadsheet_quotes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["email", "note"], *table])
    _, rows = read(tmp_path_factory.mktemp("csv"), out.getvalue().encode())
    assert [row.cells for row in rows] == [
        cells for cells in table if any(cell.strip() for cell in cells)
    ]
    assert not any(row.fault for row in rows)


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        _, rows = read(tmp_path_factory.mktemp("csv"), data)
    except ProblemsFound:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(lines)
    assert len(set(lines)) == len(lines)
