"""The client's address behind trusted proxies.

``X-Forwarded-For`` can be forged. Each proxy appends the address that it saw, so the header is
read from the right, up to the first address that is not a trusted proxy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from starlette.requests import HTTPConnection

from lovecampaign.core.errors import UsageError

Address: TypeAlias = IPv4Address | IPv6Address
UNKNOWN_ADDRESS = ip_address("0.0.0.0")  # noqa: S104 - nothing is bound to it
#: A household or an office, within which one visitor easily changes addresses.
NETWORK_BITS = {4: 24, 6: 48}
#: By which proxies, balancers and content delivery networks name the client or themselves.
_PROXY_HEADERS = frozenset(
    {
        *("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip"),
        *("client-ip", "x-original-forwarded-for", "x-proxyuser-ip", "x-original-host"),
        *(
            "cdn-loop",
            "fastly-client-ip",
            "x-appengine-user-ip",
            "x-azure-clientip",
            "x-arr-log-id",
        ),
        *("x-amzn-trace-id", "x-cloud-trace-context", "x-varnish", "proxy-connection"),
    }
)
_PROXY_PREFIXES = ("x-forwarded", "cf-", "x-envoy-")
#: The client, as content delivery networks call it: Fly-Client-IP, Ali-CDN-Real-IP.
_PROXY_ENDINGS = ("-client-ip", "-real-ip", "-connecting-ip", "-clientip")


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that are believed about their client's address."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    def client_address(self, request: HTTPConnection) -> Address:
        """The nearest address that is not a trusted proxy."""
        forwarded = [
            part.strip()
            for header in request.headers.getlist("x-forwarded-for")
            for part in header.split(",")
        ]
        nearest = _peer_address(request)
        while self.trusts(nearest) and forwarded:
            nearest = _read_address(forwarded.pop())
        return nearest

    def is_client_known(self, request: HTTPConnection) -> bool:
        """Whether :meth:`client_address` is the true sender, without an unknown proxy between."""
        return is_direct(request) or self.trusts(_peer_address(request))

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def is_direct(request: HTTPConnection) -> bool:
    """Whether no header tells of a proxy, trusted or not, between the client and us."""
    return not any(
        name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) or name.endswith(_PROXY_ENDINGS)
        for name in request.headers
    )


def read_proxies(texts: Sequence[str]) -> TrustedProxies:
    """From ``LOVECAMPAIGN_TRUSTED_PROXIES``; raises UsageError for an invalid address."""
    networks = []
    for text in texts:
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError as error:
            raise UsageError(
                f"LOVECAMPAIGN_TRUSTED_PROXIES has {text}, which is no address",
                hint="use addresses or networks: 127.0.0.1, 10.0.0.0/8",
            ) from error
    return TrustedProxies(tuple(networks))


def network_of(address: Address) -> str:
    """The network around an address (/24, /48 in IPv6), as a key of rate limits."""
    bits = NETWORK_BITS[address.version]
    hosts = address.max_prefixlen - bits
    # Without ip_network, which parses its text again: a fifth of the time.
    return f"{type(address)(int(address) >> hosts << hosts)}/{bits}"


def _peer_address(request: HTTPConnection) -> Address:
    return _read_address(request.client.host) if request.client else UNKNOWN_ADDRESS


@lru_cache(maxsize=1024)
def _read_address(text: str) -> Address:
    """``203.0.113.9``, ``[2001:db8::1]:443``, ``203.0.113.9:4711``."""
    bare = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
