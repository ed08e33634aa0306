"""The ten steps from a domain to the first real mail, each done or with the line to type.

Gmail's and Yahoo's rules for senders (February 2024) ask for SPF, DKIM, DMARC and a PTR record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

import dns.reversename

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.domains import organisation_of
from lovecampaign.checks.rules.plan.sender_requirements import FREE_MAIL
from lovecampaign.cli.health.health_finding import HealthFinding, HealthState
from lovecampaign.cli.health.sender_dns import (
    DnsRecords,
    dkim,
    dmarc,
    domain_of,
    is_reserved,
    mail_exchange,
    spf,
)
from lovecampaign.cli.health.spf_terms import allows, spf_term_of, with_term
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.addresses import is_loopback

#: What to look at in the test mail.
LOOK_AT = (
    "it is in the inbox, not among spam",
    "its source (Gmail: Show original) says spf=pass, dkim=pass and dmarc=pass, for your domain",
    "saved as a file, lovecampaign doctor --mail FILE reads its DKIM signature",
    "sender, subject and preheader in the list, on a phone too",
    "pictures, links and the button; then all of it in dark mode",
    "the mail program offers to unsubscribe (beside the sender), and the link at the end opens",
    "your answer to it arrives at the address that you read",
)


class StepState(StrEnum):
    """The state of one step."""

    DONE = "done"
    TO_DO = "to do"
    UNKNOWN = "unknown"  #: no name server or no page answered


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMailStep:
    """One step, in the shape of its JSON."""

    name: str
    state: StepState
    message: str
    #: Where the lines below belong; null for a step that is done.
    where: str | None = None
    #: The exact lines to type.
    lines: Sequence[str] = ()
    #: Only of the test mail.
    look_at: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMail:
    """Everything that the steps depend on."""

    settings: Settings
    campaign: Campaign
    records: DnsRecords
    #: What connecting to the provider found; None while mail stays on this machine.
    provider: HealthFinding | None
    public_url: HealthFinding
    #: Why a picture of the campaign cannot be loaded; None where it can.
    picture_fault: str | None
    #: The name of this machine, which sends where the provider is on it.
    machine: str

    @property
    def steps(self) -> Iterator[FirstMailStep]:
        yield self._domain()
        yield self._provider()
        for step in (self._spf(), self._dkim(), self._dmarc(), self._ptr(), self._bounces()):
            yield step if step.state is StepState.DONE else self._after_domain(step)
        yield self._public_url()
        yield self._pictures()
        yield self._test_mail()

    # -- what is sent, and through what

    @property
    def _sender(self) -> str:
        return self.campaign.sender.email

    @property
    def _sending_domain(self) -> str:
        return domain_of(self._sender)

    @property
    def _is_sendgrid(self) -> bool:
        return self.settings.provider_url.strip().lower().startswith("sendgrid:")

    @property
    def _host(self) -> str:
        """The host that hands mail to receivers, as far as known; '' for SendGrid and a folder."""
        url = urlsplit(self.settings.provider_url.strip())
        if url.scheme.lower() not in ("smtp", "smtps") or not url.hostname:
            return ""
        if not is_loopback(url.hostname):
            return url.hostname.lower()
        usual = f"mail.{organisation_of(self._sending_domain)}"
        return self.machine if "." in self.machine else usual

    @property
    def _is_own_server(self) -> bool:
        same = organisation_of(self._host) == organisation_of(self._sending_domain)
        return bool(self._host) and (same or self._host == self.machine)

    def _after_domain(self, step: FirstMailStep) -> FirstMailStep:
        """A step about the DNS, before there is a domain."""
        if not is_reserved(self._sending_domain):
            return step
        return replace(step, state=StepState.TO_DO, message="after step 1, with your domain")

    # -- the steps

    def _domain(self) -> FirstMailStep:
        domain = self._sending_domain
        file = self.campaign.file
        line = "email: you@news.YOUR-DOMAIN"
        if is_reserved(domain):
            return _to_do("domain", f"{domain} is a made-up name", f"{file}, sender", line)
        if organisation_of(domain) in FREE_MAIL:
            message = f"only {domain} itself may send as {domain}"
            return _to_do("domain", message, f"{file}, sender", line)
        return _done("domain", f"mail comes from {self._sender}")

    def _provider(self) -> FirstMailStep:
        where = f"{self.settings.workspace / '.env'}"
        lines = ("LOVECAMPAIGN_PROVIDER=smtps://USER:PASSWORD@HOST:465",)
        if self.provider is None:
            message = "mail stays on this machine"
            return _to_do("provider", message, f"{where} (or sendgrid:)", *lines)
        if self.provider.state is HealthState.GOOD:
            return _done("provider", f"{self.provider.message} takes the login")
        hint = f" ({self.provider.hint})" if self.provider.hint else ""
        sendgrid = ("LOVECAMPAIGN_PROVIDER=sendgrid:", "SENDGRID_API_KEY=KEY")
        message = f"{self.provider.message}{hint}"
        return _to_do("provider", message, where, *(sendgrid if self._is_sendgrid else lines))

    def _spf(self) -> FirstMailStep:
        domain = self._sending_domain
        term = self._spf_term()
        known = self.records.find(domain, "TXT") or ()
        record = next((text for text in known if text.lower().startswith("v=spf1")), "v=spf1 ~all")
        line = f'{domain}. TXT "{with_term(record, term)}"'
        found = spf(domain, self.records)
        addresses = self._addresses() if self._is_own_server else ()
        if found.state is HealthState.GOOD and not allows(record, term, addresses):
            service = "SendGrid" if self._is_sendgrid else "your sending service"
            message = f"the SPF record of {domain} does not name {self._host or service}"
            return _to_do("spf", message, f"DNS of {domain}, in place of the old", line)
        return _of_finding(found, f"DNS of {domain}", line)

    def _spf_term(self) -> str:
        if self._is_sendgrid:
            return "include:sendgrid.net"
        return spf_term_of(self._host, is_own=self._is_own_server)

    def _dkim(self) -> FirstMailStep:
        domain = self._sending_domain
        if self._is_own_server:
            where = "the mail server; then put mail.txt into the DNS and the key into its signer"
            line = f"opendkim-genkey -b 2048 -d {domain} -s mail"
        else:
            sendgrid = "SendGrid, Settings, Sender Authentication"
            where = sendgrid if self._is_sendgrid else "the pages of your sending service"
            line = f"authenticate the domain {domain}, and copy the records shown into its DNS"
        return _of_finding(dkim(domain, self.records), where, line)

    def _dmarc(self) -> FirstMailStep:
        domain = self._sending_domain
        reply_to = self.campaign.sender.reply_to
        # Reports to another domain need a record there (RFC 9990).
        is_same = organisation_of(domain_of(reply_to)) == organisation_of(domain)
        address = reply_to if is_same else self._sender
        line = f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:{address}"'
        return _of_finding(dmarc(domain, self.records), f"DNS of {domain}", line)

    def _ptr(self) -> FirstMailStep:
        if not self._is_own_server:
            if self._is_sendgrid or self._host:
                return _done("ptr", "your sending service names its own addresses")
            line = "dig -x ADDRESS-OF-THE-SERVER"
            return _unknown("ptr", "depends on the provider (step 2)", "a terminal", line)
        host, addresses = self._host, self._addresses()
        if not addresses:
            line = f"{host}. A ADDRESS-OF-THE-SERVER"
            return _unknown("ptr", f"{host} has no address in the DNS", f"DNS of {host}", line)
        for address in addresses:
            name = dns.reversename.from_address(address).to_text()
            found = self.records.find(name, "PTR")
            line = f"{name} PTR {host}."
            where = "the reverse DNS of the server, at its hosting company"
            if found is None:
                return _unknown("ptr", "no name server answered", where, line)
            names = [each.rstrip(".").lower() for each in found]
            if not any(address in self._addresses_of(each) for each in names):
                message = f"{address} has no name that leads back to it"
                return _to_do("ptr", message, where, line)
        return _done("ptr", f"{', '.join(addresses)} is {host}, both ways")

    def _bounces(self) -> FirstMailStep:
        if self._is_sendgrid:
            if self.settings.sendgrid_webhook_public_key:
                return _done("bounces", "SendGrid reports them to its event webhook")
            url = f"{self.settings.public_url}/webhooks/sendgrid"
            return _to_do(
                "bounces",
                "SendGrid reports none yet",
                f"SendGrid, Event Webhook: {url}, Signature Verification on; then .env",
                "SENDGRID_WEBHOOK_PUBLIC_KEY=KEY",
            )
        domain = self._sending_domain
        found = mail_exchange(domain, self.records)
        line = f"{domain}. MX 10 NAME-OF-YOUR-MAIL-SERVER."
        step = _of_finding(found, f"DNS of {domain}, with a mailbox for {self._sender}", line)
        if step.state is not StepState.DONE:
            return step
        return _done("bounces", f"they come to {self._sender}: see that you can read it")

    def _public_url(self) -> FirstMailStep:
        domain = organisation_of(self._sending_domain)
        where = f"{self.settings.workspace / '.env'}; serve runs behind it"
        line = f"LOVECAMPAIGN_PUBLIC_URL=https://letters.{domain}"
        if self.public_url.state is HealthState.WRONG:
            return _of_finding(self.public_url, where, line)
        return _of_finding(self.public_url, "the server", "lovecampaign serve")

    def _pictures(self) -> FirstMailStep:
        media = self.settings.media_url
        if self.picture_fault is None:
            return _done("pictures", f"they are loaded from {media}")
        if media.startswith(self.settings.public_url):
            where, line = "the server, once the public URL answers", "lovecampaign serve"
        else:
            where = f"the host of {media}"
            line = f"upload the pictures there, named as in {media}/HASH.png"
        return _to_do("pictures", self.picture_fault, where, line)

    def _test_mail(self) -> FirstMailStep:
        first = self.campaign.day_emails[0].key if self.campaign.day_emails else "all"
        to = self.campaign.sender.reply_to
        line = f"lovecampaign send {self.campaign.slug} --day {first} --to {to}"
        return FirstMailStep(
            name="test mail",
            state=StepState.TO_DO,
            message="send it to yourself: to Gmail, Outlook and your own mail program",
            where="a terminal",
            lines=(line,),
            look_at=LOOK_AT,
        )

    def _addresses(self) -> Sequence[str]:
        return self._addresses_of(self._host)

    def _addresses_of(self, host: str) -> Sequence[str]:
        found = (self.records.find(host, kind) or () for kind in ("A", "AAAA"))
        return [address for each in found for address in each]


def _of_finding(found: HealthFinding, where: str, *lines: str) -> FirstMailStep:
    name = found.name.split(" ")[0] if found.name.startswith("mx ") else found.name
    name = {"mx": "bounces"}.get(name, name)
    if found.state is HealthState.GOOD:
        return _done(name, found.message)
    if found.state is HealthState.UNKNOWN:
        return _unknown(name, found.message, where, *lines)
    return _to_do(name, found.message, where, *lines)


def _done(name: str, message: str) -> FirstMailStep:
    return FirstMailStep(name=name, state=StepState.DONE, message=message)


def _to_do(name: str, message: str, where: str, *lines: str) -> FirstMailStep:
    return FirstMailStep(
        name=name, state=StepState.TO_DO, message=message, where=where, lines=lines
    )


def _unknown(name: str, message: str, where: str, *lines: str) -> FirstMailStep:
    return FirstMailStep(
        name=name, state=StepState.UNKNOWN, message=message, where=where, lines=lines
    )
