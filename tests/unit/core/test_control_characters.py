"""Facts about control characters in texts of others."""

from __future__ import annotations

import unicodedata

import pytest

from lovecampaign.core.control_characters import (
    drop_control_characters,
    show_control_characters,
)

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
DIRECTIONS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("sign", [*CONTROLS, *DIRECTIONS, "\u2028", "\u2029", "\ud800", "\ufdd0"])
def test_no_control_character_is_stored_or_shown(sign: str) -> None:
    assert sign not in drop_control_characters(f"é{sign}é")
    assert sign not in show_control_characters(f"é{sign}é")
    assert drop_control_characters(f"é{sign}é").replace("\n", "") == "éé"


@pytest.mark.parametrize(
    "sequence", ["\x1b[31m", "\x1b[2J", "\x9b1;5H", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\"]
)
def test_a_terminal_sequence_goes_whole(sequence: str) -> None:
    assert drop_control_characters(f"Ana{sequence} Cruz") == "Ana Cruz"


@pytest.mark.parametrize(
    "text", ["Zoë", "नमस्ते", "می\u200cخواهم", "👩\u200d🌾", "a\tb\nc", "\u200fשלום", "co\u00adop"]
)
def test_what_writing_needs_stays(text: str) -> None:
    assert drop_control_characters(text) == text
    assert show_control_characters(text) == text


def test_lines_end_alike() -> None:
    assert drop_control_characters("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert unicodedata.category(show_control_characters("\r")) != "Cc"
