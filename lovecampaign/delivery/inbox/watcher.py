"""Keeps reading a mailbox in a thread of its own, which no sending waits for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.reader import InboxCounts, InboxReader

_FIRST_PAUSE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 300.0
#: How long the end of a process waits for a batch to be stored.
_JOIN_SECONDS = 5.0
#: Rest after each batch, in times of the batch; it holds the interpreter and the database.
_REST = 4.0
_LONGEST_REST_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class InboxWatcher:
    """Reads until ``stop`` is set; after a fault again, with exponential back-off."""

    mailbox: Mailbox
    reader: InboxReader
    #: Called with new mail, batch by batch.
    on_mail: Callable[[InboxCounts], None]
    #: Called once where reading begins to fail, and once with None where it works again.
    on_outage: Callable[[LovecampaignError | None], None]
    #: Called with an unexpected exception; reading goes on.
    on_bug: Callable[[BaseException], object]
    first_pause_seconds: float = _FIRST_PAUSE_SECONDS
    _stop: threading.Event = field(default_factory=threading.Event)
    _is_down: bool = False
    _rested_at: float | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Read in a thread while the block runs."""
        thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        pause = self.first_pause_seconds
        while not self._stop.is_set():
            if self._read():
                pause = self.first_pause_seconds
                continue
            self.mailbox.close()
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        self.mailbox.close()

    def _read(self) -> bool:
        """Read all that is new and wait for more; returns whether that worked."""
        try:
            self._rested_at = None
            self.reader.read(self.mailbox, self._end_batch, self._stop)
            if self._is_down:
                self._is_down = False
                self.on_outage(None)
            self.mailbox.wait(self._stop)
        except LovecampaignError as error:
            if not self._is_down:
                self._is_down = True
                self.on_outage(error)
            return False
        except Exception as error:  # noqa: BLE001 -- reported; the next read may work
            self.on_bug(error)
            return False
        return True

    def _end_batch(self, counts: InboxCounts) -> None:
        """Show new mail; from the second batch on, rest.

        A mailbox of years, read for the first time, took half of the sending's pace.
        """
        if counts.read:
            self.on_mail(counts)
        if self._rested_at is not None:
            worked = time.monotonic() - self._rested_at
            self._stop.wait(min(_REST * worked, _LONGEST_REST_SECONDS))
        self._rested_at = time.monotonic()
