"""The client's address behind proxies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from lovecampaign.core.errors import UsageError
from lovecampaign.web.serve.http.client_address import TrustedProxies, network_of, read_proxies


def coming(peer: str | None, *forwarded: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    client = None if peer is None else (peer, 4711)
    return HTTPConnection({"type": "http", "headers": headers, "client": client})


@pytest.fixture
def proxies() -> TrustedProxies:
    return read_proxies(["10.0.0.0/8", "127.0.0.1", "2001:db8::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        # Forged: the header of an unknown proxy is ignored.
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        # The visitor wrote the left part; our proxy added the right one.
        ("127.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        # Two proxies of ours.
        ("127.0.0.1", ["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        # A visitor who claims to be a proxy of ours is stopped by what the true proxy saw.
        ("127.0.0.1", ["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["10.1.2.3"], "10.1.2.3"),
        ("2001:db8::1", ["2001:db8:5::7"], "2001:db8:5::7"),
        ("127.0.0.1", ["[2001:db8:5::7]:443"], "2001:db8:5::7"),
        ("127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("::ffff:127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["unknown"], "0.0.0.0"),
        ("127.0.0.1", [""], "0.0.0.0"),
        (None, ["203.0.113.9"], "0.0.0.0"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(
    proxies: TrustedProxies, peer: str | None, forwarded: list[str], visitor: str
) -> None:
    assert str(proxies.client_address(coming(peer, *forwarded))) == visitor


@given(said=st.text(st.characters(max_codepoint=255), max_size=80))
def test_nothing_that_a_visitor_writes_hides_what_the_proxy_saw(said: str) -> None:
    proxies = read_proxies(["127.0.0.1"])
    request = coming("127.0.0.1", f"{said}, 203.0.113.9")

    assert str(proxies.client_address(request)) == "203.0.113.9"


def test_without_trusted_proxies_the_peer_is_the_visitor() -> None:
    proxies = read_proxies([])

    assert str(proxies.client_address(coming("127.0.0.1", "203.0.113.9"))) == "127.0.0.1"
    assert not proxies.is_client_known(coming("127.0.0.1", "203.0.113.9"))
    assert proxies.is_client_known(coming("127.0.0.1"))


def test_a_network_is_named_by_its_prefix(proxies: TrustedProxies) -> None:
    def network(peer: str) -> str:
        return network_of(proxies.client_address(coming(peer)))

    assert network("203.0.113.9") == "203.0.113.0/24"
    assert network("2001:db8:5:6::7") == "2001:db8:5::/48"


def test_a_proxy_that_is_no_address_is_said() -> None:
    with pytest.raises(UsageError, match="LOVECAMPAIGN_TRUSTED_PROXIES has nginx"):
        read_proxies(["127.0.0.1", "nginx"])
