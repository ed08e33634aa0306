"""DNS checks of the domains in From and Reply-To.

Gmail's and Yahoo's rules for bulk senders (February 2024) ask for SPF, DKIM and DMARC of any
policy; replies need an MX record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import dns.exception
import dns.rdatatype
import dns.resolver

from lovecampaign.cli.health.health_finding import HealthFinding, doubtful, good, unknown, wrong

#: DKIM selectors: SendGrid's, then those of other services.
USUAL_SELECTORS = ("s1", "s2", "default", "mail", "dkim", "google", "selector1", "selector2", "k1")
#: RFC 7208 section 4.6.4.
MAX_SPF_LOOKUPS = 10
_SPF_LOOKUPS = {"include", "a", "mx", "ptr", "exists", "redirect"}
#: RFC 2606: these never resolve.
RESERVED = (".example", ".invalid", ".test", ".localhost")


#: Name servers usually answer in a tenth of a second.
TIMEOUT_SECONDS = 3.0


class DnsRecords(Protocol):
    """Looks up DNS records."""

    def find(self, name: str, kind: str) -> Sequence[str] | None:
        """The records of a name as text; empty if there are none, None without an answer."""
        ...


class DnsResolver:
    """Asks the machine's resolver, and gives up for good at the first timeout."""

    def __init__(self) -> None:
        self._resolver: dns.resolver.Resolver | None
        try:
            self._resolver = dns.resolver.Resolver()
            self._resolver.lifetime = TIMEOUT_SECONDS
        except (dns.resolver.NoResolverConfiguration, OSError):
            self._resolver = None

    def find(self, name: str, kind: str) -> Sequence[str] | None:
        if self._resolver is None:
            return None
        try:
            answer = self._resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            self._resolver = None
            return None
        return [_record_text(record) for record in answer]


class OfflineDns:
    """A machine that reaches no name server."""

    def find(self, _name: str, _kind: str) -> Sequence[str] | None:
        return None


def open_dns() -> DnsRecords:
    """The machine's resolver, if it is connected: then it can look up the root."""
    resolver = DnsResolver()
    return resolver if resolver.find(".", "NS") else OfflineDns()


def _record_text(record: object) -> str:
    """The strings of a TXT record belong together (RFC 7208, section 3.3)."""
    strings = getattr(record, "strings", None)
    if strings is None:
        return str(record)
    return b"".join(strings).decode("utf-8", "replace")


def check_sender(sender: str, reply_to: str, records: DnsRecords) -> Iterator[HealthFinding]:
    """All checks of the domains of two addresses."""
    domain, reply_domain = domain_of(sender), domain_of(reply_to)
    if is_reserved(domain):
        yield unknown("dns", f"{domain} is a reserved name: there is nothing to look up")
        return
    if not records.find(".", "NS"):  # every connected machine can look up the root
        yield unknown("dns", f"could not look up {domain}: no name server answered")
        return
    yield spf(domain, records)
    yield dkim(domain, records)
    yield dmarc(domain, records)
    for name in dict.fromkeys((domain, reply_domain)):
        yield mail_exchange(name, records)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def is_reserved(domain: str) -> bool:
    return f".{domain}".endswith(RESERVED)


def spf(domain: str, records: DnsRecords) -> HealthFinding:
    """RFC 7208: one record, at most ten look-ups, not open to everyone."""
    found = _texts(domain, "v=spf1", records)
    if found is None:
        return _no_answer("spf", domain)
    if not found:
        hint = f'add a TXT record to {domain}, such as "v=spf1 include:sendgrid.net ~all"'
        return wrong("spf", f"{domain} has no SPF record", hint)
    if len(found) > 1:
        message = f"{domain} has {len(found)} SPF records, and receivers then use none"
        return wrong("spf", message, "join them into one (RFC 7208, section 3.2)")
    terms = found[0].lower().split()[1:]
    if {"all", "+all"} & set(terms):
        message = f"the SPF record of {domain} allows everyone to send in its name"
        return wrong("spf", message, "end it with ~all or -all")
    if sum(_mechanism(term) in _SPF_LOOKUPS for term in terms) > MAX_SPF_LOOKUPS:
        message = f"the SPF record of {domain} needs more than {MAX_SPF_LOOKUPS} look-ups"
        return wrong("spf", message, "remove services that no longer send for you")
    return good("spf", f"{domain}: {found[0]}")


def dkim(domain: str, records: DnsRecords) -> HealthFinding:
    """A key under one of the usual selectors; only the sending service knows the real one."""
    keys: list[str] = []
    for selector in USUAL_SELECTORS:
        found = records.find(f"{selector}._domainkey.{domain}", "TXT")
        if found is None:
            return _no_answer("dkim", domain)
        if any("p=" in text and not text.replace(" ", "").endswith("p=") for text in found):
            keys.append(selector)
    if keys:
        return good("dkim", f"{domain} has a key under {', '.join(keys)}")
    return doubtful(
        "dkim",
        f"{domain} has no DKIM key under the usual names",
        "set up domain authentication with your sending service; if that is done, send yourself "
        'a test and look for "dkim=pass" in its headers',
    )


def dmarc(domain: str, records: DnsRecords) -> HealthFinding:
    """RFC 9989 (tree walk): at ``_dmarc`` of the domain, or of a domain above it."""
    for name in _domain_and_above(domain):
        found = _texts(f"_dmarc.{name}", "v=dmarc1", records)
        if found is None:
            return _no_answer("dmarc", domain)
        if len(found) > 1:
            message = f"_dmarc.{name} has {len(found)} records, and receivers then use none"
            return wrong("dmarc", message, "keep one of them")
        if found:
            return good("dmarc", f"_dmarc.{name}: {found[0]}")
    hint = f'add a TXT record to _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:you@{domain}"'
    return wrong("dmarc", f"{domain} has no DMARC record", hint)


def mail_exchange(domain: str, records: DnsRecords) -> HealthFinding:
    """Whether replies to this domain can arrive (RFC 5321 section 5.1; RFC 7505)."""
    name = f"mx {domain}"
    exchanges = records.find(domain, "MX")
    if exchanges is None:
        return _no_answer(name, domain)
    if any(exchange.split() == ["0", "."] for exchange in exchanges):
        return wrong(name, f"{domain} states that it accepts no mail", "use another address")
    if exchanges:
        return good(name, f"{domain} accepts mail at {exchanges[0].split()[-1].rstrip('.')}")
    if records.find(domain, "A") or records.find(domain, "AAAA"):
        return doubtful(name, f"{domain} has no MX record", "add one, or use another address")
    hint = "use an address at a domain that has a mailbox behind it"
    return wrong(name, f"{domain} cannot receive mail", hint)


def _mechanism(term: str) -> str:
    return re.split("[:/=]", term.lstrip("+-~?"))[0]


def _texts(name: str, start: str, records: DnsRecords) -> Sequence[str] | None:
    found = records.find(name, "TXT")
    if found is None:
        return None
    return [text for text in found if text.lower().startswith(start)]


def _domain_and_above(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        yield ".".join(labels[start:])


def _no_answer(name: str, domain: str) -> HealthFinding:
    return unknown(name, f"could not look up {domain}: no name server answered")
