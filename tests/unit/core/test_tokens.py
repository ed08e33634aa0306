"""Facts about signed tokens."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.core.tokens import Purpose, TokenSigner

numbers = st.integers(0, 2**48 - 1)


@given(numbers, st.sampled_from(Purpose))
def test_a_token_opens_what_it_was_signed_for(number: int, purpose: Purpose) -> None:
    signer = TokenSigner(["key"])

    assert signer.verify(purpose, signer.sign(purpose, number)) == number


@given(numbers)
def test_a_delivery_id_is_no_key_to_its_links(number: int) -> None:
    signer = TokenSigner(["key"])

    assert signer.verify(Purpose.LINKS, signer.sign(Purpose.DELIVERY, number)) is None


@given(numbers)
def test_the_same_number_gives_the_same_token_for_ever(number: int) -> None:
    assert TokenSigner(["key"]).sign(Purpose.LINKS, number) == TokenSigner(["key"]).sign(
        Purpose.LINKS, number
    )


@given(numbers)
def test_a_token_is_22_characters_that_a_url_carries_as_they_are(number: int) -> None:
    token = TokenSigner(["key"]).sign(Purpose.LINKS, number)

    assert len(token) == 22
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


@given(numbers, st.integers(0, 21), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_one_changed_character_spoils_a_token(number: int, position: int, letter: str) -> None:
    signer = TokenSigner(["key"])
    token = signer.sign(Purpose.LINKS, number)
    changed = token[:position] + letter + token[position + 1 :]

    assert changed == token or signer.verify(Purpose.LINKS, changed) is None


@given(st.text(max_size=30))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert TokenSigner(["key"]).verify(Purpose.LINKS, text) is None


def test_older_keys_still_verify_and_the_first_signs() -> None:
    old = TokenSigner(["old"]).sign(Purpose.LINKS, 7)
    rotated = TokenSigner(["new", "old"])

    assert rotated.verify(Purpose.LINKS, old) == 7
    assert rotated.sign(Purpose.LINKS, 7) == TokenSigner(["new"]).sign(Purpose.LINKS, 7)
    assert TokenSigner(["new"]).verify(Purpose.LINKS, old) is None


def test_retired_keys_verify_only_where_they_are_asked_for() -> None:
    old = TokenSigner(["old"]).sign(Purpose.LINKS, 7)
    retired = TokenSigner(["new"], retired_keys=["old"])

    assert retired.verify(Purpose.LINKS, old) is None
    assert retired.verify(Purpose.LINKS, old, retired_too=True) == 7
    assert retired.verify(Purpose.SHARE, old, retired_too=True) is None


def test_nothing_is_signed_without_a_key() -> None:
    with pytest.raises(ValueError, match="at least one secret key"):
        TokenSigner([])


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        TokenSigner(["key"]).sign(Purpose.LINKS, 2**48)
