"""What incoming mail is, and what it says of a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lovecampaign.core.message import FaultKind


class MailKind(StrEnum):
    """The kinds of incoming mail."""

    LETTER = "letter"  #: a person wrote it: it waits for an answer
    BOUNCE_HARD = "bounce_hard"  #: the address is bad for good
    BOUNCE_SOFT = "bounce_soft"  #: not delivered, and the address may be good
    DELAYED = "delayed"  #: not delivered yet, and tried again
    COMPLAINT = "complaint"  #: marked as spam (ARF, RFC 5965)
    UNSUBSCRIBE = "unsubscribe"  #: asks to get no more
    AUTOMATIC = "automatic"  #: away, received, challenge: no person wrote it
    UNREADABLE = "unreadable"  #: not a mail, or too broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report's words on one recipient (RFC 3464, section 2.3), as far as there are any."""

    email: str = ""
    #: ``failed``, ``delayed``, ``delivered`` …; '' where it is not said.
    action: str = ""
    #: Enhanced status code (RFC 3463): ``5.1.1``.
    status: str = ""
    diagnostic: str = ""
    #: ``RCPT`` or ``DATA``, where the words name the command that was rejected, ``rule`` where a
    #: rule of the domain's owner did it; else ''.
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a letter: a stranger's, kept and never opened."""

    #: Without folders and control characters.
    name: str
    #: ``image/jpeg``, as the mail says; ``application/octet-stream`` for what is no type.
    type: str
    #: Bytes; of one that is cut, those that were read.
    size: int
    #: None: larger than the limit, or cut.
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedMail:
    """A mail's kind, and what it says."""

    kind: MailKind
    #: A hash: the same mail by two ways has the same.
    key: str
    #: The recipient that a report speaks of, else the writer; '' where there is none.
    email: str = ""
    status: str = ""
    diagnostic: str = ""
    #: The fault behind a bounce.
    fault: FaultKind | None = None
    #: Ids that may name a delivery of ours, the most reliable first; not verified.
    tokens: tuple[str, ...] = ()
    #: A letter's own words, without quoted text and signature.
    text: str = ""
    subject: str = ""
    message_id: str = ""
    #: By the last server's Received line, else by Date; None where neither can be read.
    sent_at: datetime | None = None
    #: It names a mail that it answers.
    is_reply: bool = False
    from_name: str = ""
    #: Where an answer goes: Reply-To, else From.
    reply_to: str = ""
    #: The first address that it was written to.
    to_address: str = ""
    #: The mails that it answers, oldest first.
    references: str = ""
    #: A letter's HTML as it came, and its files.
    html: str = ""
    attachments: Sequence[Attachment] = ()
    #: For an unsubscribe: the writer used the address in List-Unsubscribe, which holds the id.
    is_by_address: bool = False
