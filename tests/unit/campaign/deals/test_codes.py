"""Codes cannot be guessed or misread, and survive the trip through a link."""

from __future__ import annotations

import math
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.campaign.deals.codes import (
    ALPHABET,
    GROUP_LENGTH,
    GROUPS,
    RANDOM_BYTES,
    fill_link,
    generate_code,
    read_code,
)


def test_a_code_is_three_groups_of_five_readable_characters() -> None:
    code = generate_code(secrets.token_bytes(RANDOM_BYTES))
    assert re.fullmatch(r"[2-9B-Z]{5}-[2-9B-Z]{5}-[2-9B-Z]{5}", code)
    assert not set("01OILAEUVY") & set(code)


def test_a_code_carries_more_than_sixty_bits() -> None:
    assert GROUPS * GROUP_LENGTH * math.log2(len(set(ALPHABET))) > 60
    assert GROUPS * GROUP_LENGTH * math.log2(len(ALPHABET)) + 60 < RANDOM_BYTES * 8


@given(st.binary(min_size=RANDOM_BYTES), st.sampled_from(["", " ", "-", "--", "\u2013", "\u00a0"]))
def test_a_code_is_known_again_however_it_is_grouped(some: bytes, between: str) -> None:
    code = generate_code(some)
    letters = code.replace("-", "")
    assert read_code(code) == code
    assert read_code(f" {between.join(letters.lower())}\n") == code


@pytest.mark.parametrize(
    "typed", ["", "SPRING-2027", "K7MQ2-XWP9R-THJ4", "K7MQ2-XWP9R-THJ4CC", "K7MQ2-XWP9R-THJ4O"]
)
def test_what_is_no_code_of_ours_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_the_same_bytes_give_the_same_code_and_each_bit_counts() -> None:
    some = bytes(range(RANDOM_BYTES))
    assert generate_code(some) == generate_code(some)
    other = bytes([*some[:-1], some[-1] ^ 1])
    assert generate_code(some) != generate_code(other)


def test_every_character_is_as_likely_as_any_other() -> None:
    text = "".join(generate_code(secrets.token_bytes(RANDOM_BYTES)) for _ in range(4000))
    counts = [text.count(character) for character in ALPHABET]
    expected = sum(counts) / len(ALPHABET)  # 2308; its standard deviation is 47
    assert all(abs(count - expected) < 330 for count in counts)  # seven of them


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="17 random bytes"):
        generate_code(b"short")


@given(code=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_code_comes_out_of_the_link_as_it_went_in(code: str) -> None:
    link = fill_link("https://bloom.example/buy?code={code}&from=mail", code)
    assert link.isascii()
    assert parse_qs(urlsplit(link).query, keep_blank_values=True)["code"] == [code]


def test_a_link_without_a_place_for_it_stays_as_it_is() -> None:
    assert fill_link("https://bloom.example/buy", "ABC") == "https://bloom.example/buy"
