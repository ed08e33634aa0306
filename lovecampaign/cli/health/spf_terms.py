"""Terms of SPF records (RFC 7208): those of sending services, and whether one allows a server."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

#: SPF terms of services, by a part of their SMTP host, as their documentation names them.
_OF_SERVICES = {
    "sendgrid.net": "include:sendgrid.net",
    "gmail.com": "include:_spf.google.com",
    "google.com": "include:_spf.google.com",
    "office365.com": "include:spf.protection.outlook.com",
    "mailgun.org": "include:mailgun.org",
    "messagingengine.com": "include:spf.messagingengine.com",
}


def spf_term_of(host: str, *, is_own: bool) -> str:
    """The term that lets this SMTP host send; of an unknown service a word to be replaced."""
    for part, term in _OF_SERVICES.items():
        if host == part or host.endswith(f".{part}"):
            return term
    return f"a:{host}" if is_own else "include:SPF-NAME-OF-YOUR-SERVICE"


def allows(record: str, term: str, addresses: Sequence[str]) -> bool:
    """Whether the record names the service, or one of the server's addresses.

    Only a receiver evaluates what is included: for a server of one's own, or a service without a
    known term, a record with includes counts as one that does.
    """
    terms = [each.lstrip("+") for each in record.lower().split()]
    if term in terms or any(_covers(each, addresses) for each in terms):
        return True
    is_nested = any(each.startswith(("include:", "redirect=")) for each in terms)
    if term.startswith("include:") and term not in _OF_SERVICES.values():
        return is_nested
    return term.startswith("a:") and (is_nested or bool({"mx", "a"} & set(terms)))


def with_term(record: str, term: str) -> str:
    """The SPF record with one more term, before its last word about all others.

    A record that lets everyone send (``+all``) does no more.
    """
    terms = ["~all" if each.lower() in ("all", "+all") else each for each in record.split()]
    if term.lower() in (each.lower() for each in terms):
        return " ".join(terms)
    is_last = terms[-1].lower().lstrip("+-~?") == "all" or terms[-1].lower().startswith("redirect=")
    at = len(terms) - 1 if is_last else len(terms)
    return " ".join([*terms[:at], term, *terms[at:]])


def _covers(term: str, addresses: Sequence[str]) -> bool:
    """Whether an ``ip4:`` or ``ip6:`` term holds one of the addresses."""
    kind, _, network = term.lstrip("+").partition(":")
    if kind not in ("ip4", "ip6"):
        return False
    try:
        held = ipaddress.ip_network(network, strict=False)
        return any(ipaddress.ip_address(address) in held for address in addresses)
    except ValueError:
        return False
