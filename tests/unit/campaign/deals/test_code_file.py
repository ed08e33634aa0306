"""Codes of the author's own file: headings in any language are none, and doubt is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.deals.code_file import read_code_file, read_codes
from lovecampaign.core.errors import ProblemsFound


def read(folder: Path, text: str) -> list[str]:
    file = folder / "codes.csv"
    file.write_text(text, encoding="utf-8")
    return list(read_codes(file, shown_as="codes.csv"))


@pytest.mark.parametrize(
    "heading",
    [
        *("code", "Codes", "COUPON CODE", "coupon_code", "Gutscheincode", "Rabatt-Code"),
        *("Code promo", "código", "Codice sconto", "Kortingscode", "Код", "コード"),
        *("Slevový kód", "Alennus", "Aktionsnummer", "Liste der Codes", "Kampaniakoodi"),
    ],
)
def test_a_heading_is_no_code_in_any_language(tmp_path: Path, heading: str) -> None:
    assert read(tmp_path, f"{heading}\nAB12-X\nCD34-Y\n") == ["AB12-X", "CD34-Y"]


@pytest.mark.parametrize("first", ["AB12-X", "SPRING-LOVE", "spring7"])
def test_a_first_line_like_the_others_is_a_code(tmp_path: Path, first: str) -> None:
    others = {"AB12-X": "CD34-Y", "SPRING-LOVE": "SUMMER-JOY", "spring7": "summer8"}[first]
    assert read(tmp_path, f"{first}\n{others}\n") == [first, others]


def test_one_code_alone_is_a_code(tmp_path: Path) -> None:
    assert read(tmp_path, "SPRINGLOVE\n") == ["SPRINGLOVE"]


def test_a_known_column_is_found_among_others_and_codes_count_once(tmp_path: Path) -> None:
    text = "Nr;Gutscheincode;Wert\n1;A1;10\n2;B2;10\n3;A1;10\n"
    assert read(tmp_path, text) == ["A1", "B2"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Nr;Schein;Wert\n1;A1;10\n", 1),
        ("1,A1\n2,B2\n", 1),
        ("A1\nB2,C3\n", 2),
        ("A1,\nB2,C3\n", 2),
    ],
)
def test_several_columns_without_a_known_heading_are_an_error(
    tmp_path: Path, text: str, line: int
) -> None:
    with pytest.raises(ProblemsFound) as caught:
        read(tmp_path, text)

    [problem] = caught.value.problems
    assert "several columns" in problem.message
    assert problem.place is not None
    assert problem.place.line == line
    assert "`code`" in str(problem.hint)


def test_a_row_that_cannot_be_read_loses_no_code_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="quote"):
        read(tmp_path, 'code\nA1\n"B2\n')


@pytest.mark.parametrize(
    ("heading", "used", "free"),
    [
        ("Used", "yes", "no"),
        ("redeemed", "TRUE", "false"),
        ("Redeemed at", "2027-01-05", ""),
        ("redeemed_by", "ana@x.example", "-"),
        ("timesUsed", "1", "0"),
        ("Times Used In Total", "3", "0"),
        ("Usage Count", "2", "0.0"),
        ("Status", "Redeemed", "unused"),
        ("status", "expired", "active"),
        ("State", "assigned", "available"),
        ("Notes", "given to Ana", "from the second box"),
        ("active", "no", "yes"),
        ("Available?", "false", "true"),
        ("Email", "ana@x.example", ""),
        ("Eingelöst", "ja", "nein"),
        ("Eingelöst am", "05.01.2027", ""),
        ("verwendet", "x", ""),
        ("vergeben an", "Ana", ""),
        ("Status", "eingelöst", "frei"),
        ("Utilisé", "oui", "non"),
        ("Canjeado", "sí", "no"),
        ("Usato", "1", "0"),
        ("Gebruikt", "ja", "nee"),
        ("Resgatado", "sim", "não"),
    ],
)
def test_a_code_that_its_row_marks_as_used_is_not_handed_out(
    tmp_path: Path, heading: str, used: str, free: str
) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(f"code;{heading}\nA1;{used}\nB2;{free}\nC3;{used}\n", encoding="utf-8")
    found = read_code_file(file, shown_as="codes.csv")
    assert (found.codes, found.used) == (["B2"], ["A1", "C3"])


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Usage limit", "1"),
        ("Uses left", "5"),
        ("Max uses", "1"),
        ("Valid until", "2027-05-01"),
        ("Expires", "2027-05-01"),
        ("Free shipping", "no"),
        ("Order", "7"),
        ("Discount", "10%"),
        ("Status", "not used"),
        ("Status", "unused"),
        ("Unused", "yes"),
        ("Not used", "x"),
    ],
)
def test_other_columns_take_no_code_away(tmp_path: Path, heading: str, value: str) -> None:
    assert read(tmp_path, f"code,{heading}\nA1,{value}\n") == ["A1"]
