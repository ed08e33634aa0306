"""Reads mailboxes: sort, match, take in, and only then move the cursor.

A process that is killed at any moment loses nothing: the next one reads from the cursor on, and
what was taken in before is known by its key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import Clock
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.inbox.mail_files import MailFile
from lovecampaign.delivery.inbox.mailboxes.mailbox import MailBatch, Mailbox
from lovecampaign.delivery.inbox.match import match_mail
from lovecampaign.delivery.inbox.sort_files import sort_batch
from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.take_in import is_matched, take_in
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.inbox_cursor import read_cursor, write_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCounts:
    """New mail by kind; a mail that was known before counts nowhere."""

    read: int = 0
    letters: int = 0
    bounces_hard: int = 0
    bounces_soft: int = 0
    delayed: int = 0
    complaints: int = 0
    unsubscribes: int = 0
    automatic: int = 0
    #: Of any kind, about no message of ours; it is in its kind, too.
    unmatched: int = 0
    unreadable: int = 0

    def __add__(self, other: InboxCounts) -> InboxCounts:
        mine, more = asdict(self), asdict(other)
        return InboxCounts(**{name: mine[name] + more[name] for name in mine})

    def describe(self) -> str:
        """``3 new: 2 letters, 1 hard bounce``; the kinds that came."""
        counts = ((getattr(self, _FIELDS[kind]), one, more) for kind, (one, more) in _NAMES.items())
        named = ", ".join(
            f"{count:,} {one if count == 1 else more}" for count, one, more in counts if count
        )
        return f"{self.read:,} new{f': {named}' if named else ''}"


#: The field of each kind.
_FIELDS: Mapping[MailKind, str] = {
    MailKind.LETTER: "letters",
    MailKind.BOUNCE_HARD: "bounces_hard",
    MailKind.BOUNCE_SOFT: "bounces_soft",
    MailKind.DELAYED: "delayed",
    MailKind.COMPLAINT: "complaints",
    MailKind.UNSUBSCRIBE: "unsubscribes",
    MailKind.AUTOMATIC: "automatic",
    MailKind.UNREADABLE: "unreadable",
}

_NAMES: Mapping[MailKind, tuple[str, str]] = {
    MailKind.LETTER: ("letter", "letters"),
    MailKind.BOUNCE_HARD: ("hard bounce", "hard bounces"),
    MailKind.BOUNCE_SOFT: ("soft bounce", "soft bounces"),
    MailKind.DELAYED: ("delayed", "delayed"),
    MailKind.COMPLAINT: ("complaint", "complaints"),
    MailKind.UNSUBSCRIBE: ("unsubscribe", "unsubscribes"),
    MailKind.AUTOMATIC: ("automatic", "automatic"),
    MailKind.UNREADABLE: ("unreadable", "unreadable"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxReader:
    """Takes new mail of a mailbox into the ledger."""

    database: Database
    signer: TokenSigner
    clock: Clock
    #: Those that can be loaded now, by id.
    campaigns: Callable[[], Mapping[str, Campaign]]

    def read(
        self,
        mailbox: Mailbox,
        on_batch: Callable[[InboxCounts], None] = lambda _counts: None,
        stop: threading.Event | None = None,
    ) -> InboxCounts:
        """Read to the end, or until ``stop`` is set; ``on_batch`` gets the counts of each batch.

        Raises Unreachable, and UsageError where a setting is wrong.
        """
        counts = InboxCounts()
        for batch in mailbox.read(read_cursor(self.database, mailbox.name)):
            found = self._take(batch.mails)
            self._move(mailbox, batch)
            counts += found
            on_batch(found)
            if stop is not None and stop.is_set():
                break
        return counts

    def _take(self, mails: Sequence[MailFile]) -> InboxCounts:
        if not mails:
            return InboxCounts()
        filed = sort_batch(mails)
        with self.database.read() as connection:
            matches = match_mail(connection, self.signer, filed)
        new = take_in(self.database, matches, self.campaigns(), self.clock.now())
        # The same mail may be in a batch twice.
        by_key = {one.filed.mail.key: one for one in matches if one.filed.mail.key in new}
        counts = dict.fromkeys(_FIELDS.values(), 0)
        for one in by_key.values():
            counts[_FIELDS[one.filed.mail.kind]] += 1
        unmatched = sum(1 for one in by_key.values() if not is_matched(one))
        return InboxCounts(read=len(by_key), unmatched=unmatched, **counts)

    def _move(self, mailbox: Mailbox, batch: MailBatch) -> None:
        if batch.cursor is None:
            return
        read_at = None if batch.mails else self.clock.now()
        with self.database.write() as connection:
            write_cursor(connection, mailbox.name, batch.cursor, read_at)
