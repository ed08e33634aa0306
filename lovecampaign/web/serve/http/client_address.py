"""From which address does a visitor come, behind whatever proxies stand in front of us?

``X-Forwarded-For`` is written by anybody. Each proxy adds the address that it saw at the right
end, so we read from the right and stop at the first address that is no proxy of ours.
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
#: Of a request whose sender is not known.
NOBODY = ip_address("0.0.0.0")  # noqa: S104 - nothing is bound to it
#: A household, an office: what one person easily changes addresses within.
NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose word about their client is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    def visitor(self, request: HTTPConnection) -> Address:
        """Where a request comes from: the nearest address that is no proxy of ours."""
        said = [
            part.strip()
            for header in request.headers.getlist("x-forwarded-for")
            for part in header.split(",")
        ]
        nearest = _read_address(request.client.host) if request.client else NOBODY
        while self.trusts(nearest) and said:
            nearest = _read_address(said.pop())
        return nearest

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)

    def hides_nobody(self, request: HTTPConnection) -> bool:
        """Whether :meth:`visitor` is the true sender: no unknown proxy stands in between."""
        is_direct = not any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
        peer = _read_address(request.client.host) if request.client else NOBODY
        return is_direct or self.trusts(peer)


def read_proxies(texts: Sequence[str]) -> Proxies:
    """From ``LOVECAMPAIGN_TRUSTED_PROXIES``; raises UsageError for what is no address."""
    networks = []
    for text in texts:
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError as error:
            raise UsageError(
                f"LOVECAMPAIGN_TRUSTED_PROXIES has {text}, which is no address",
                hint="use addresses or networks: 127.0.0.1, 10.0.0.0/8",
            ) from error
    return Proxies(tuple(networks))


def network_of(address: Address) -> str:
    """The network around an address (/24, /48 in IPv6), for limits that hold for all of it."""
    bits = NETWORK_BITS[address.version]
    hosts = address.max_prefixlen - bits
    # Without ip_network, which reads its text again: a fifth of the time.
    return f"{type(address)(int(address) >> hosts << hosts)}/{bits}"


@lru_cache(maxsize=1024)
def _read_address(text: str) -> Address:
    """``203.0.113.9``, ``[2001:db8::1]:443``, ``203.0.113.9:4711``."""
    bare = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return NOBODY
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
