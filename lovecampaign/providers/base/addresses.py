"""How an address, or a host, is written on the wire."""

from __future__ import annotations

import ipaddress
import re

import idna

#: What would end or split an SMTP path or a header (RFC 5321 §4.1.2), quoted or not.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>]")
#: Nearly all addresses; they need no further check.
_is_plain = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+").fullmatch


class UnusableAddress(ValueError):
    """The provider cannot carry the address; the text says why, without the address."""


def encode_address(email: str, *, allows_utf8: bool = False) -> str:
    """The address with its domain in ASCII (IDNA 2008), as every server understands it.

    A local part outside ASCII is allowed only with SMTPUTF8 (RFC 6531); the domain is ASCII even
    then. Raises UnusableAddress.
    """
    if _is_plain(email):
        return email
    local, _, domain = email.rpartition("@")
    if not local or not domain or _FORBIDDEN.search(email):
        raise UnusableAddress("this is not an address that a mail server takes")
    if not local.isascii() and not allows_utf8:
        raise UnusableAddress(
            "the part before the @ has letters beyond a–z, which this server does not take"
        )
    return f"{local}@{_ascii_domain(domain)}"


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, by its name alone, without a DNS query."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 §6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise UnusableAddress("the domain after the @ cannot exist") from error
