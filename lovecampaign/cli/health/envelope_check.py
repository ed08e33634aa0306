"""Asks the mail server whether it takes mail from and to our addresses; nothing is sent."""

from __future__ import annotations

from dataclasses import replace

from lovecampaign.cli.health.health_finding import (
    HealthFinding,
    HealthState,
    doubtful,
    good,
    unreachable,
    wrong,
)
from lovecampaign.core.errors import LovecampaignError, Unreachable
from lovecampaign.core.message import tagged_address
from lovecampaign.core.tokens import TOKEN_LENGTH
from lovecampaign.providers.smtp.envelope_probe import find_refusal
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.providers.smtp.reply_codes import Phase
from lovecampaign.providers.smtp.smtp_socket import Reply

_DIRECTION = {Phase.MAIL: "from", Phase.RCPT: "to", Phase.DATA: "to"}
_ADDRESS_HINTS = {
    Phase.MAIL: "let the user of the server send as it, or write another sender in campaign.yaml",
    Phase.RCPT: "correct reply_to in campaign.yaml, or let this machine relay there, with a login",
    Phase.DATA: "see what the server says",
}


def check_envelope(provider: SmtpProvider, sender: str, reply_to: str) -> HealthFinding:
    """Whether the server takes mail from the sender, and to ``reply_to``; nothing is sent."""
    try:
        refusal = find_refusal(provider.server, sender, reply_to)
    except Unreachable as error:
        return unreachable("addresses", error.message, error.hint)
    except LovecampaignError as error:
        return wrong("addresses", error.message, "write another one in campaign.yaml")
    if refusal is None:
        return good("addresses", f"the server takes mail from {sender} and to {reply_to}")
    return as_finding("addresses", refusal, sender, reply_to)


def as_finding(
    name: str, refusal: tuple[Phase, Reply], sender: str, recipient: str
) -> HealthFinding:
    """What a refusal of :func:`find_refusal` means."""
    phase, reply = refusal
    address = sender if phase is Phase.MAIL else recipient
    message = f"the server does not take mail {_DIRECTION[phase]} {address}: {reply}"
    if reply.code // 100 == 4:
        return doubtful(name, message, "try again in some minutes")
    return wrong(name, message, _ADDRESS_HINTS[phase])


def check_bounce_address(provider: SmtpProvider, bounce_to: str) -> HealthFinding:
    """Whether the server takes mail from an address as of a message, and to it."""
    address = tagged_address(bounce_to, "a" * TOKEN_LENGTH)
    found = check_envelope(provider, address, address)
    if found.state is not HealthState.WRONG:
        return found
    return replace(found, hint=plus_address_hint())


def plus_address_hint() -> str:
    return "turn on plus-addresses for it (recipient_delimiter = +), or leave out sender.bounce_to"
