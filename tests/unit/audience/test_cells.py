"""Facts about single cells: what is trimmed, guarded, split and dated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.audience.cells import (
    clean,
    escape_formula,
    find_zone,
    split_tags,
    unescape_formula,
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("  Ana\t", "Ana"),
        ("\u00a0Ana\u00a0", "Ana"),
        ("\u200bana@bloom.example\ufeff", "ana@bloom.example"),
        ("'=SUM(A1)", "=SUM(A1)"),
        ("'+33 1 23", "+33 1 23"),
        ("'t Hooft", "'t Hooft"),
        ("''=1", "'=1"),
    ],
)
def test_blanks_and_the_spreadsheet_guard_come_off(cell: str, value: str) -> None:
    assert clean(cell) == value


@given(st.text("'=+-@\t\r\nab＝", max_size=6))
def test_guarding_is_undone_exactly_and_leaves_no_formula(value: str) -> None:
    guarded = escape_formula(value)
    assert unescape_formula(guarded) == value
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("a;b", ("a", "b")),
        ("a, b ,a,,", ("a", "b")),
        ('"Member","2025 waiver"', ("Member", "2025 waiver")),  # as Mailchimp writes them
        ('"VIP","Brot, hell"', ("VIP", "Brot, hell")),
        ('VIP, Brot "hell"', ("VIP", 'Brot "hell')),
        ("* myContacts ::: Design", ("myContacts", "Design")),  # as Google Contacts does
        ("garden  quiz", ("garden quiz",)),
    ],
)
def test_tags_are_split_on_semicolons_and_commas(cell: str, tags: tuple[str, ...]) -> None:
    assert split_tags(cell) == tags


@pytest.mark.parametrize(
    ("cell", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("asia/CALCUTTA", "Asia/Kolkata"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Mars/Olympus", None),
        ("../../etc/passwd", None),
    ],
)
def test_zones_are_found_whatever_their_case(cell: str, zone: str | None) -> None:
    assert find_zone(cell) == zone
