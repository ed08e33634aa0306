"""A body can be quoted piece by piece, and is quoted-printable as RFC 2045 wants it."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.render.mime.quoted_printable import quote_body, quote_piece, quote_value

WORDS = st.text(
    alphabet=st.sampled_from("ab .=é\n\tx👩|") | st.characters(exclude_categories=["Cs"]),
    max_size=120,
).map(lambda text: text.replace("\r", ""))
LONG_WORDS = st.builds(lambda text, times: text * times, WORDS, st.integers(1, 4))


@given(LONG_WORDS, st.lists(st.tuples(LONG_WORDS, LONG_WORDS), max_size=4))
def test_lines_are_short_and_read_back_as_what_was_written(
    first: str, rest: list[tuple[str, str]]
) -> None:
    quoted = quote_body([first, *(piece for _, piece in rest)], [value for value, _ in rest])
    read = quopri.decodestring(quoted).replace(b"\r\n", b"\n").decode()
    assert read == first + "".join(value + piece for value, piece in rest)
    for line in quoted.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))
        assert b"\n" not in line


@given(WORDS, WORDS, WORDS)
def test_a_value_is_the_same_bytes_wherever_it_stands(before: str, value: str, after: str) -> None:
    assert quote_body([before, after], [value]) == b"".join(
        (quote_piece(before, is_first=True), quote_value(value), quote_piece(after, is_last=True))
    )


@pytest.mark.parametrize(
    ("pieces", "value", "quoted"),
    [
        (("Hi ", ",\n"), "Ana", b"Hi Ana,\r\n"),
        (("Hi ", ",\n"), "Zoë", b"Hi Zo=C3=AB,\r\n"),
        (("Hi ", ",\n"), "x" * 35, b"Hi " + b"x" * 35 + b",\r\n"),
        (("Hi ", ",\n"), "x" * 36, b"Hi =\r\n" + b"x" * 36 + b"=\r\n,\r\n"),
        (("a" * 21, ""), "Ana", b"a" * 21 + b"=\r\nAna"),
        (("", "a" * 21), "Ana", b"Ana=\r\n" + b"a" * 21),
        (("", ""), ".", b"=2E"),
        (("", ".\n"), "Ana", b"Ana=2E\r\n"),
    ],
)
def test_short_values_stay_within_their_line(
    pieces: tuple[str, str], value: str, quoted: bytes
) -> None:
    assert quote_body(pieces, [value]) == quoted
