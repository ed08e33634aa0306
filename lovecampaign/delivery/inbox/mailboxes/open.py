"""Opens the mailbox that ``LOVECAMPAIGN_INBOX`` names; errors never show its password."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.mailboxes.maildir import InboundSpool, MaildirMailbox
from lovecampaign.providers.base.addresses import is_loopback

VARIABLE = "LOVECAMPAIGN_INBOX"
_EXAMPLE = (
    "imaps://USER:PASSWORD@HOST, with characters like / # @ : of user and password written as "
    "%2F %23 %40 %3A"
)
#: Below the workspace.
SPOOL = ".lovecampaign/inbound"


def open_mailbox(settings: Settings) -> Mailbox | None:
    """The mailbox, not yet connected; None without the setting. Raises UsageError."""
    url = (settings.inbox_url or "").strip()
    if not url:
        return None
    scheme, _, path = url.partition(":")
    if scheme.lower() == "maildir" and path.strip():
        return MaildirMailbox(settings.workspace / path.strip(), name=f"maildir:{path.strip()}")
    if scheme.lower() not in ("imap", "imaps"):
        raise UsageError(f"{VARIABLE} is neither imaps://… nor maildir:PATH", hint=_EXAMPLE)
    return _open_imap(url)


def open_spool(settings: Settings) -> InboundSpool:
    """Mail that the inbound webhook has accepted."""
    return InboundSpool(settings.workspace / SPOOL)


def _open_imap(url: str) -> Mailbox:
    # imap-tools only where it is used
    from lovecampaign.delivery.inbox.mailboxes.imap import ImapAddress, ImapMailbox

    parts = _split(url)
    host, user, password = parts.hostname or "", parts.username, parts.password
    if not host or not user or not password:
        raise UsageError(f"{VARIABLE} lacks a user, a password or a host", hint=_EXAMPLE)
    is_tls = parts.scheme == "imaps"
    if not is_tls and not is_loopback(host):
        raise UsageError(
            f"{VARIABLE} is not imaps://, so the password would be sent in plain text",
            hint="write imaps://; imap:// is for a server on this machine",
        )
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    login = (unquote(user), unquote(password), folder)
    if not all(one.isprintable() for one in login):
        raise UsageError(f"{VARIABLE} holds a control character", hint=_EXAMPLE)
    return ImapMailbox(
        ImapAddress(
            host=host,
            port=parts.port or (993 if is_tls else 143),
            user=login[0],
            password=login[1],
            folder=folder,
            is_tls=is_tls,
        )
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError
    except ValueError:
        parts = None
    if parts is None or parts.query or parts.fragment:
        raise UsageError(f"{VARIABLE} cannot be read as a URL", hint=_EXAMPLE) from None
    return parts
