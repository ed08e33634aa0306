"""Facts about addresses: which are taken, and which two are the same person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.audience.address import InvalidAddress, normalise, suggest_address


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ana@bloom.example", "ana@bloom.example"),
        ("Ana.Maria@News.Bloom.EXAMPLE", "ana.maria@news.bloom.example"),
        ("ana+offers@bloom.example", "ana+offers@bloom.example"),
        ("o'neil@bloom.example", "o'neil@bloom.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("Jürgen@bloom.example", "jürgen@bloom.example"),
        ("ju\u0308rgen@bloom.example", "jürgen@bloom.example"),
        ("straße@bloom.example", "strasse@bloom.example"),
        ("ana@bloom.test", "ana@bloom.test"),
    ],
)
def test_an_address_is_known_by_its_casefold_and_idna_form(written: str, key: str) -> None:
    assert normalise(written) == key


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "it is empty"),
        ("ana", "it has no @ sign"),
        ("ana@bloom", "period"),
        ("ana@bloom.invalid", "special-use"),
        ("ana@mail.local", "special-use"),
        ("ana@büro.local", "special-use"),
        ("ana@till.localhost", "special-use"),
        ("ana@@bloom.example", "more than one address"),
        ("ana@bloom.example, bo@bloom.example", "more than one address"),
        ("ana@bloom..example", "two periods"),
        (".ana@bloom.example", "period"),
        ("ana@-bloom.example", "hyphen"),
        ("ana@bloom_shop.example", "invalid characters"),
        ("ana bloom@bloom.example", "SPACE"),
        ("Ana <ana@bloom.example>", "display name"),
        ('"ana bloom"@bloom.example', "quoting"),
        ("ana@[192.0.2.1]", "bracketed"),
        ("a" * 65 + "@bloom.example", "too many"),
        ("a@" + "b" * 250 + ".example", "characters long"),
        ("ana@bloom.example\n", "invalid"),
        ("ana\x00@bloom.example", "invalid"),
    ],
)
def test_what_is_no_address_is_refused_in_words(written: str, reason: str) -> None:
    with pytest.raises(InvalidAddress, match=reason):
        normalise(written)


@given(st.text(max_size=40) | st.emails())
@settings(max_examples=200)
def test_a_key_is_its_own_key_and_no_text_breaks_it(text: str) -> None:
    try:
        key = normalise(text)
    except InvalidAddress:
        return
    assert normalise(key) == key


@given(
    st.from_regex(
        r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8})?@([a-z0-9]{1,8}\.){1,2}[a-z]{2,8}", fullmatch=True
    )
)
@settings(max_examples=100)
def test_the_fast_path_agrees_with_email_validator(address: str) -> None:
    from email_validator import validate_email

    found = validate_email(
        address.replace(".test", ".example"),
        check_deliverability=False,
        test_environment=True,
        globally_deliverable=False,
    )
    assert found.normalized == normalise(address.replace(".test", ".example"))


def test_common_typos_of_domains_are_suggested_and_never_changed() -> None:
    assert normalise("ana@gmial.com") == "ana@gmial.com"
    assert suggest_address("ana@gmial.com") == "ana@gmail.com"
    assert suggest_address("ana@bloom.example") is None
