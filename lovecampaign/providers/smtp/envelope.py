"""The SMTP commands of one message, and its body as it goes over the connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lovecampaign.core.message import FaultKind, Message
from lovecampaign.providers.base.addresses import UnusableAddress, encode_address
from lovecampaign.providers.base.outcomes import Verdict, permanent, stop_the_run
from lovecampaign.providers.smtp.reply_codes import Phase

_DATA = b"DATA\r\n"
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Unsendable(Exception):
    """The message cannot be sent over this server, by what EHLO said."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class SmtpEnvelope(NamedTuple):
    """A message and the three commands before it, each with its line end."""

    message: Message
    mail: bytes
    rcpt: bytes
    #: The bytes between DATA's 354 and the final dot.
    body: bytes

    @property
    def commands(self) -> Mapping[Phase, bytes]:
        """In their order; DATA comes last (RFC 2920 §3.1)."""
        return {Phase.MAIL: self.mail, Phase.RCPT: self.rcpt, Phase.DATA: _DATA}

    @property
    def introduction(self) -> bytes:
        """All commands in one write."""
        return self.mail + self.rcpt + _DATA


def build_envelope(message: Message, features: Mapping[str, str]) -> SmtpEnvelope:
    """The envelope for a server with these EHLO ``features``; raises Unsendable."""
    recipient = _recipient(message.to_email, allows_utf8="smtputf8" in features)
    raw = message.raw
    options = _size(len(raw), features)
    if not message.is_ready_for_data and "8bitmime" in features and not raw.isascii():
        options += " BODY=8BITMIME"  # RFC 6152
    if not recipient.isascii():
        options += " SMTPUTF8"
    return SmtpEnvelope(
        message,
        _mail(message.envelope_sender, options),
        f"RCPT TO:<{recipient}>\r\n".encode(),
        raw if message.is_ready_for_data else encode_body(raw),
    )


def encode_body(raw: bytes) -> bytes:
    """Any bytes as lines with their leading dots doubled (RFC 5321 §4.5.2).

    A lone CR or LF becomes a line end: some servers would take ``LF . LF`` for the end of the
    message, and the rest for commands (SMTP smuggling).
    """
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        raw = _LINE_END.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed


@lru_cache(maxsize=64)
def _mail(sender: str, options: str) -> bytes:
    try:
        return f"MAIL FROM:<{encode_address(sender)}>{options}\r\n".encode()
    except UnusableAddress as error:
        raise Unsendable(stop_the_run(f"the sender's address: {error}")) from error


def _recipient(email: str, *, allows_utf8: bool) -> str:
    try:
        return encode_address(email, allows_utf8=allows_utf8)
    except UnusableAddress as error:
        raise Unsendable(permanent(str(error), FaultKind.RECIPIENT)) from error


def _size(size: int, features: Mapping[str, str]) -> str:
    """The SIZE parameter (RFC 1870)."""
    limit = features.get("size")
    if limit is None:
        return ""
    if limit.isdecimal() and 0 < int(limit) < size:
        text = f"the message has {size} bytes, and the server takes {limit}"
        raise Unsendable(permanent(text, FaultKind.MESSAGE))
    return f" SIZE={size}"
