"""Facts about signed tokens."""

from __future__ import annotations

import base64
import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.core.tokens import OLD_TOKEN_LENGTH, TOKEN_LENGTH, Purpose, RowKey, TokenSigner

numbers = st.integers(0, 2**48 - 1)
nonces = st.integers(-(2**63), 2**63 - 1)
rows = st.builds(RowKey, numbers, st.none() | nonces)
#: What old tokens opened with one another's purpose.
ONCE_ONE = {Purpose.LINKS, Purpose.VIEW, Purpose.DEAL}


@given(rows, st.sampled_from(Purpose))
def test_a_token_opens_what_it_was_signed_for(row: RowKey, purpose: Purpose) -> None:
    signer = TokenSigner(["key"])

    assert signer.verify(purpose, signer.sign(purpose, row)) == row


@given(numbers, nonces, st.permutations(list(Purpose)))
def test_a_token_never_opens_what_another_purpose_does(
    number: int, nonce: int, purposes: list[Purpose]
) -> None:
    signer, (one, other, *_) = TokenSigner(["key"]), purposes

    assert signer.verify(one, signer.sign(other, RowKey(number, nonce))) is None


@pytest.mark.parametrize("one", Purpose)
@pytest.mark.parametrize("other", Purpose)
def test_tokens_of_rows_before_nonces_open_what_they_opened(one: Purpose, other: Purpose) -> None:
    signer = TokenSigner(["key"])
    found = signer.verify(one, signer.sign(other, RowKey(7, None)))
    are_one = one is other or {one, other} <= ONCE_ONE

    assert found == (RowKey(7, None) if are_one else None)


def test_old_tokens_are_the_bytes_that_they_were() -> None:
    """As they were signed before migration 0003."""
    token = "AAAAAAAHcoi4kXoI_e2U_Q"

    assert TokenSigner(["key"]).sign(Purpose.LINKS, RowKey(7, None)) == token


def test_new_tokens_are_the_bytes_that_they_were() -> None:
    """A mailed link must open for ever: a change here breaks every link that was ever mailed."""
    tokens = TokenSigner(["key"]).tokens(RowKey(7, -8))

    assert {one.name: tokens.token(one) for one in Purpose} == {
        "DELIVERY": "kBcVD8cA__________jkjaIu2w8Ys6Yu",
        "LINKS": "kBcVD8cA__________g7Yu2Jvryr7Spp",
        "ANSWER": "kBcVD8cA__________jkS-gWbGSic6nR",
        "CARD": "kBcVD8cA__________gqM0Q1OWAdqQVC",
        "STORY": "kBcVD8cA__________ia7KuZqVBlTZml",
        "VIEW": "kBcVD8cA__________jicswCZrrGmLx1",
        "SHARE": "kBcVD8cA__________jJdafPMDjyaJJ2",
        "DEAL": "kBcVD8cA__________iH8oGZ4WgLl8sY",
        "TRANSACTIONAL": "kBcVD8cA__________i5V5qJSPsc3HKv",
        "CONFIRM": "kBcVD8cA__________jRxUx-3FrrvelT",
        "MONTH": "kBcVD8cA__________hBsX7vXiuaGMdZ",
        "HELP": "kBcVD8cA__________hmGtqLvyhOKy7p",
        "GIFT": "kBcVD8cA__________igr7LUXFlMgbYF",
        "MAILED": "kBcVD8cA__________iU9qAp37gsw0H5",
    }


@given(rows, st.sampled_from(Purpose))
def test_every_token_of_a_row_is_the_same_at_each_try(row: RowKey, purpose: Purpose) -> None:
    assert TokenSigner(["key"]).sign(purpose, row) == TokenSigner(["key"]).sign(purpose, row)


@given(rows)
def test_a_token_fits_into_any_address_and_header(row: RowKey) -> None:
    token = TokenSigner(["key"]).sign(Purpose.LINKS, row)

    assert len(token) == (OLD_TOKEN_LENGTH if row.nonce is None else TOKEN_LENGTH)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


def test_numbers_cannot_be_read_or_put_in_order() -> None:
    signer = TokenSigner(["key"])
    raw = [
        base64.urlsafe_b64decode(
            signer.sign(Purpose.LINKS, RowKey(number, number * 0x9E3779B97F4A))
        )
        for number in range(1, 1001)
    ]
    heads = [int.from_bytes(one[:6], "big") for one in raw]

    assert not set(heads) & set(range(1, 1001))
    assert len({one[0] for one in raw}) > 200  # as random bytes do
    ups = sum(later > earlier for earlier, later in itertools.pairwise(heads))
    assert 400 < ups < 600


@given(rows, st.integers(0, TOKEN_LENGTH - 1), st.sampled_from(string.ascii_letters))
def test_a_changed_token_opens_nothing(row: RowKey, place: int, letter: str) -> None:
    signer = TokenSigner(["key"])
    token = signer.sign(Purpose.LINKS, row)
    changed = token[:place] + letter + token[place + 1 :]

    assert changed == token or signer.verify(Purpose.LINKS, changed) is None


@given(numbers, nonces)
def test_a_new_token_cut_to_the_old_format_opens_nothing(number: int, nonce: int) -> None:
    signer = TokenSigner(["key"])
    raw = base64.urlsafe_b64decode(signer.sign(Purpose.LINKS, RowKey(number, nonce)))
    for part in (raw[:6] + raw[14:], raw[:16], raw[8:], number.to_bytes(6, "big") + raw[14:]):
        cut = base64.urlsafe_b64encode(part).decode().rstrip("=")
        assert signer.verify(Purpose.LINKS, cut) is None


@given(numbers, nonces, nonces)
def test_a_token_says_nothing_of_a_row_with_the_same_number(
    number: int, nonce: int, later: int
) -> None:
    """As after a restored copy of the database."""
    signer = TokenSigner(["key"])
    found = signer.verify(Purpose.LINKS, signer.sign(Purpose.LINKS, RowKey(number, nonce)))

    assert (found == RowKey(number, later)) is (nonce == later)


@given(st.text())
def test_text_of_others_opens_nothing(text: str) -> None:
    assert TokenSigner(["key"]).verify(Purpose.LINKS, text) is None


@pytest.mark.parametrize("nonce", [None, 70])
def test_older_keys_verify_and_the_first_one_signs(nonce: int | None) -> None:
    row = RowKey(7, nonce)
    old = TokenSigner(["old"]).sign(Purpose.LINKS, row)
    rotated = TokenSigner(["new", "old"])

    assert rotated.verify(Purpose.LINKS, old) == row
    assert rotated.sign(Purpose.LINKS, row) == TokenSigner(["new"]).sign(Purpose.LINKS, row)
    assert TokenSigner(["new"]).verify(Purpose.LINKS, old) is None


@pytest.mark.parametrize("nonce", [None, 70])
def test_retired_keys_verify_only_where_they_are_wanted(nonce: int | None) -> None:
    row = RowKey(7, nonce)
    old = TokenSigner(["old"]).sign(Purpose.LINKS, row)
    retired = TokenSigner(["new"], retired_keys=["old"])

    assert retired.verify(Purpose.LINKS, old) is None
    assert retired.verify(Purpose.LINKS, old, retired_too=True) == row
    assert retired.verify(Purpose.SHARE, old, retired_too=True) is None


def test_nothing_is_signed_without_a_key() -> None:
    with pytest.raises(ValueError, match="secret key"):
        TokenSigner([])


@pytest.mark.parametrize("nonce", [None, 70])
def test_a_number_that_does_not_fit_is_refused(nonce: int | None) -> None:
    with pytest.raises(OverflowError):
        TokenSigner(["key"]).sign(Purpose.LINKS, RowKey(2**48, nonce))
