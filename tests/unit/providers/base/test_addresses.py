"""Addresses go over the wire as servers take them; loopback is told by the name alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.providers.base.addresses import UnusableAddress, encode_address, is_loopback
from lovecampaign.providers.base.outcomes import readable


@pytest.mark.parametrize(
    ("email", "wire"),
    [
        ("ana@example.com", "ana@example.com"),
        ("o'brien+x@example.com", "o'brien+x@example.com"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@faß.example", "ana@xn--fa-hia.example"),
        ("ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_domains_are_ascii_on_the_wire(email: str, wire: str) -> None:
    assert encode_address(email) == wire


@given(st.text(max_size=30), st.booleans())
def test_nothing_that_ends_a_command_gets_through(email: str, allows_utf8: bool) -> None:
    try:
        wire = encode_address(email, allows_utf8=allows_utf8)
    except UnusableAddress:
        return
    assert not set(wire) & set("\r\n\0<> ")
    assert allows_utf8 or wire.isascii()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LocalHost."]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "10.0.0.1", "localhost.example", "127.0.0.1.example"]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_detail_is_one_short_line_without_the_address() -> None:
    text = "no\tsuch <ANA@example.com>\r\n\x1b[0m" + "x" * 999
    shown = readable(text, hide="ana@example.com")
    assert shown.startswith("no such <(the recipient)> [0mxxx")
    assert len(shown) == 300
