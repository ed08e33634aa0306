"""Checks the inbox: whether it can be read, and whether a bounce would arrive there."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from lovecampaign.cli.health.envelope_check import as_finding, plus_address_hint
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
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TOKEN_LENGTH
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.mailboxes.open import open_mailbox
from lovecampaign.providers.smtp.envelope_probe import find_refusal
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.store.ledger.inbox_cursor import InboxCursor

#: A mail server of one's own takes a second, a large provider up to ten.
_WAIT_SECONDS = 20.0
_LOOK_SECONDS = 0.5
_TAG = re.compile(rf"\+([0-9a-f]{{{TOKEN_LENGTH}}})@")


def open_inbox(
    settings: Settings,
) -> tuple[Mailbox | None, InboxCursor | None, HealthFinding | None]:
    """The mailbox with its end, and what connecting found; all None without the setting."""
    mailbox = None
    try:
        mailbox = open_mailbox(settings)
        if mailbox is None:
            return None, None, None
        end = mailbox.find_end()
    except Unreachable as error:
        return mailbox, None, unreachable("inbox", error.message, error.hint)
    except LovecampaignError as error:
        return mailbox, None, wrong("inbox", error.message, error.hint or "")
    return mailbox, end, good("inbox", f"{mailbox.name} can be read")


def make_test_mail(bounce_to: str, sender: str, now: datetime) -> EmailMessage:
    """A mail to an address as of a message; `inbox` sorts it as automatic."""
    tag = secrets.token_hex(TOKEN_LENGTH)[:TOKEN_LENGTH]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = tagged_address(bounce_to, tag)
    mail["Subject"] = "Test of the address for bounces"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<doctor.{tag}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("lovecampaign doctor sent this to itself. It can be deleted.")
    return mail


def check_bounce_by_mail(
    provider: SmtpProvider,
    mailbox: Mailbox,
    end: InboxCursor,
    mail: EmailMessage,
    wait_seconds: float = _WAIT_SECONDS,
) -> HealthFinding:
    """Send a test mail to an address as of a message, and see it arrive in the inbox."""
    address = str(mail["To"])
    tag = _TAG.findall(address)[0]
    shown = address.replace(tag, "TEST")
    began = time.monotonic()
    try:
        refusal = find_refusal(provider.server, address, address, mail.as_bytes())
    except Unreachable as error:
        return unreachable("bounces", error.message, error.hint)
    except LovecampaignError as error:
        return wrong("bounces", error.message, "write another bounce_to in campaign.yaml")
    if refusal is not None:
        found = as_finding("bounces", refusal, address, address)
        is_wrong = found.state is HealthState.WRONG
        return replace(found, hint=plus_address_hint()) if is_wrong else found
    try:
        has_arrived = any(
            tag.encode() in raw for raw in _arriving(mailbox, end, began + wait_seconds)
        )
    except LovecampaignError as error:
        return unreachable("bounces", error.message, error.hint)
    if not has_arrived:
        return doubtful(
            "bounces",
            f"the server took a test mail to {shown}, but it is not in the inbox after "
            f"{wait_seconds:.0f} seconds",
            "look for it in the spam folder; send bounces to the mailbox of LOVECAMPAIGN_INBOX, or "
            + plus_address_hint(),
        )
    seconds = time.monotonic() - began
    return good(
        "bounces",
        f"a test mail to {shown} was in the inbox after {seconds:.1f} s: it takes plus-addresses",
    )


def _arriving(mailbox: Mailbox, end: InboxCursor, until: float) -> Iterator[bytes]:
    """New mail, until a moment."""
    cursor = end
    while True:
        for batch in mailbox.read(cursor):
            yield from (one.raw for one in batch.mails)
            cursor = batch.cursor or cursor
        if time.monotonic() > until:
            return
        time.sleep(_LOOK_SECONDS)
