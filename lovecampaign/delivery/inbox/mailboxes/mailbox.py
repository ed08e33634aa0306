"""The protocol of a mailbox: read what is new in batches, and wait for more."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lovecampaign.delivery.inbox.mail_files import MailFile
from lovecampaign.store.ledger.inbox_cursor import InboxCursor

#: Limits of a batch, so that memory is flat; one mail has at most ``MAX_MAIL`` bytes.
BATCH_MAILS = 100
BATCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBatch:
    """New mail, and the cursor behind it."""

    mails: Sequence[MailFile]
    #: None: the mailbox forgets by itself what was read.
    cursor: InboxCursor | None


class Mailbox(Protocol):
    """Reading deletes nothing and sets no flag, except in a spool of ours."""

    #: For people, and for the cursor: without a password.
    name: str

    def read(self, cursor: InboxCursor | None) -> Iterator[MailBatch]:
        """What came after the cursor, oldest first; the last batch may be empty.

        Asking for the next batch says that the one before is stored. Raises Unreachable, and
        UsageError where a setting is wrong.
        """
        ...

    def find_end(self) -> InboxCursor:
        """The cursor behind all mail that is there; raises as :meth:`read` does."""
        ...

    def wait(self, stop: threading.Event) -> None:
        """Wait until mail may have come, for about a minute, or until ``stop`` is set."""
        ...

    def close(self) -> None:
        """End the connection; :meth:`read` makes a new one."""
        ...


def batches(mails: Iterable[MailFile]) -> Iterator[Sequence[MailFile]]:
    """Mails in groups within the limits of a batch."""
    group: list[MailFile] = []
    size = 0
    for one in mails:
        if group and (len(group) >= BATCH_MAILS or size + len(one.raw) > BATCH_BYTES):
            yield group
            group, size = [], 0
        group.append(one)
        size += len(one.raw)
    if group:
        yield group
