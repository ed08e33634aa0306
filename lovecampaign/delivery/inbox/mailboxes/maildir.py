"""A Maildir as a mailbox, and the spool of the inbound webhook, which is one of ours."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.delivery.inbox.mail_files import MailFile
from lovecampaign.delivery.inbox.mailboxes.mailbox import MailBatch, batches
from lovecampaign.delivery.inbox.sorting.letter_parts import MAX_MAIL
from lovecampaign.store.ledger.inbox_cursor import InboxCursor

_FOLDERS = ("new", "cur")
#: A delivery that is older than what was read may become visible after it.
_OVERLAP = 600 * 10**9
_LOOK_SECONDS = 1.0
_WAIT_SECONDS = 60.0


class MaildirMailbox:
    """Reads ``new`` and ``cur`` by the time when a file came there (``st_ctime``).

    Unlike ``st_mtime``, no program sets that time back: a mail that is moved or copied there counts
    as new. A flag that a mail program sets changes it too; such a mail is known by its key.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        #: Base names that this process has read, within the overlap.
        self._seen: dict[str, int] = {}
        self._stamp: Sequence[int] = ()

    def read(self, cursor: InboxCursor | None) -> Iterator[MailBatch]:
        self._stamp = self._read_stamp()
        began = time.time_ns()
        position = cursor.position if cursor else 0
        since = position - _OVERLAP
        self._seen = {name: at for name, at in self._seen.items() if at > since}
        found = sorted(
            (at, path) for at, path in self._list() if at > since and _base(path) not in self._seen
        )
        for mails in batches(_read_files([path for _, path in found])):
            yield MailBatch(mails=mails, cursor=None)
        self._seen |= {_base(path): at for at, path in found}
        # A clock that was ahead must not hide what comes until then.
        newest = min(max((at for at, _ in found), default=position), began)
        yield MailBatch(mails=(), cursor=InboxCursor(validity=0, position=max(newest, position)))

    def find_end(self) -> InboxCursor:
        self._read_stamp()
        return InboxCursor(validity=0, position=time.time_ns())

    def wait(self, stop: threading.Event) -> None:
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until and not stop.wait(_LOOK_SECONDS):
            if self._read_stamp() != self._stamp:
                return

    def close(self) -> None:
        """Nothing is open between two reads."""

    def _list(self) -> Iterator[tuple[int, Path]]:
        for name in _FOLDERS:
            with os.scandir(self._folder / name) as entries:
                for entry in entries:
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        continue  # a mail program moved it meanwhile
                    if entry.is_file() and not entry.name.startswith("."):
                        yield status.st_ctime_ns, Path(entry.path)

    def _read_stamp(self) -> Sequence[int]:
        """Changes when a file comes or goes."""
        try:
            return [(self._folder / name).stat().st_mtime_ns for name in _FOLDERS]
        except OSError as error:
            raise UsageError(
                f"LOVECAMPAIGN_INBOX names {self._folder}, which is no Maildir: "
                f"{error.strerror} (new/ and cur/)",
                hint="name the folder that holds new/ and cur/: maildir:PATH",
            ) from error


class InboundSpool:
    """Mail that the inbound webhook has accepted: a Maildir of ours, emptied by reading it."""

    name = "inbound webhook"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "new"

    def read(self, cursor: InboxCursor | None) -> Iterator[MailBatch]:
        """``cursor`` is of no use here: a file is deleted after it was taken in."""
        del cursor
        found = sorted(self._folder.glob("*")) if self._folder.is_dir() else []
        for mails in batches(_read_files(found)):
            yield MailBatch(mails=mails, cursor=None)
            for one in mails:
                Path(one.name).unlink(missing_ok=True)

    def find_end(self) -> InboxCursor:
        return InboxCursor(validity=0, position=0)

    def wait(self, stop: threading.Event) -> None:
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until and not stop.wait(_LOOK_SECONDS):
            if self._folder.is_dir() and next(self._folder.iterdir(), None) is not None:
                return

    def close(self) -> None:
        """Nothing is open between two reads."""


def _base(path: Path) -> str:
    """A name without its flags, which change."""
    return path.name.partition(":")[0]


def _read_files(paths: Sequence[Path]) -> Iterator[MailFile]:
    for path in paths:
        raw = _read_file(path)
        if raw is not None:
            yield MailFile(name=str(path), raw=raw)


def _read_file(path: Path) -> bytes | None:
    """None where the file is gone: read by another process, or deleted."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_MAIL)
    except FileNotFoundError:
        return _read_moved(path)
    except OSError as error:
        raise Unreachable(f"the mail {path} cannot be read: {error.strerror}") from error


def _read_moved(path: Path) -> bytes | None:
    """A mail program that opens a mailbox moves its mail from ``new`` to ``cur``."""
    for moved in (path.parent.parent / "cur").glob(f"{_base(path)}*"):
        try:
            with moved.open("rb") as file:
                return file.read(MAX_MAIL)
        except OSError:
            continue
    return None
