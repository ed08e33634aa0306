"""What does the network's name server answer, if there is one?"""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.rdatatype
import dns.resolver

#: A person waits for it; a name server that works answers in a tenth of a second.
TIMEOUT_SECONDS = 3.0


class NameServer:
    """Asks the machine's resolver, and gives up for good at the first silence."""

    def __init__(self) -> None:
        self._resolver: dns.resolver.Resolver | None
        try:
            self._resolver = dns.resolver.Resolver()
            self._resolver.lifetime = TIMEOUT_SECONDS
        except (dns.resolver.NoResolverConfiguration, OSError):
            self._resolver = None

    def find(self, name: str, kind: str) -> Sequence[str] | None:
        """The records of a name as text; empty where there are none, None without an answer."""
        if self._resolver is None:
            return None
        try:
            answer = self._resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            self._resolver = None
            return None
        return [_text(record) for record in answer]


def _text(record: object) -> str:
    """A record as people write it; the strings of a TXT record belong together (RFC 7208 3.3)."""
    strings = getattr(record, "strings", None)
    if strings is None:
        return str(record)
    return b"".join(strings).decode("utf-8", "replace")
