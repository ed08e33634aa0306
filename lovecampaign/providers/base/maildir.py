"""A provider that writes messages into a Maildir, which any mail program opens.

A Maildir (https://cr.yp.to/proto/maildir.html): each message is written under ``tmp`` and
linked into ``new`` when it is complete. The file name contains the delivery id, so that recovery
after a crash can tell what was sent.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import Message, Outcome
from lovecampaign.core.private_files import make_private_folder, open_private
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient, unknown
from lovecampaign.providers.base.provider import FlightLog

_FOLDERS = ("tmp", "new", "cur")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]")
#: A folder changed this recently may change again without a new time stamp.
_FRESH_SECONDS = 2.0


class MaildirProvider:
    """Writes each message as a file; never overwrites one."""

    leaves_machine = False
    takes_now = True
    is_throttled = False
    claim_size = 200

    def __init__(self, folder: Path, *, name: str | None = None, is_durable: bool = True) -> None:
        """``is_durable``: fsync each message before it counts as accepted. ``demo`` and tests do
        without.
        """
        self.name = name or f"maildir:{folder}"
        self._folder = folder
        self._is_durable = is_durable
        self._counter = itertools.count(1)
        self._listing = _Listing(folder)

    def check_connection(self) -> None:
        try:
            self._make_folders()
            probe = self._folder / "tmp" / f"probe.{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise Unreachable(
                f"the outbox {self._folder} cannot be written: {error.strerror or error}",
                hint="choose a folder that you can write to: LOVECAMPAIGN_PROVIDER=maildir:outbox",
            ) from error

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        has_folders = False
        for message in messages:
            if not has_folders:
                has_folders = self._try_to_make_folders()
            outcome = self._deliver(message, flight).on(message)
            flight.answered(outcome)
            yield outcome

    def has_sent(self, delivery_id: str) -> bool | None:
        """Whether ``new`` or ``cur`` has a file of this delivery."""
        return _as_file_name(delivery_id) in self._listing.delivery_ids()

    def disconnect(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """No file stays open between messages."""

    def _deliver(self, message: Message, flight: FlightLog) -> Verdict:
        name = self._new_name(message.delivery_id)
        draft = self._folder / "tmp" / name
        final = self._folder / "new" / name
        try:
            self._write(draft, message.raw)
        except OSError as error:
            _discard(draft)
            return transient(f"the outbox cannot be written: {error.strerror or error}")
        flight.writing(message.delivery_id)
        return self._publish(draft, final)

    def _publish(self, draft: Path, final: Path) -> Verdict:
        try:
            os.link(draft, final)  # unlike rename, it never replaces a file
        except OSError as error:
            _discard(draft)
            return transient(f"the outbox cannot be written: {error.strerror or error}")
        try:
            draft.unlink()
            self._sync_folder(final.parent)
        except OSError as error:
            return unknown(f"the outbox may have lost the file: {error.strerror or error}")
        return accepted(f"new/{final.name}")

    def _write(self, path: Path, content: bytes) -> None:
        with open(path, "xb", opener=open_private) as file:
            file.write(content)
            if self._is_durable:
                file.flush()
                os.fsync(file.fileno())

    def _sync_folder(self, folder: Path) -> None:
        if not self._is_durable:
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _make_folders(self) -> None:
        make_private_folder(self._folder)
        for folder in _FOLDERS:
            make_private_folder(self._folder / folder)

    def _try_to_make_folders(self) -> bool:
        try:
            self._make_folders()
        except OSError:
            return False  # writing the message fails next, and says why
        return True

    def _new_name(self, delivery_id: str) -> str:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        unique = f"M{nanoseconds // 1000:06d}P{os.getpid()}Q{next(self._counter)}"
        return f"{seconds}.{unique}-{_as_file_name(delivery_id)}.{_HOST}"


class _Listing:
    """The delivery ids in a Maildir; read again only when the folder has changed."""

    def __init__(self, folder: Path) -> None:
        self._folders = (folder / "new", folder / "cur")
        self._seen_at: tuple[int, ...] = ()
        self._delivery_ids: frozenset[str] = frozenset()

    def delivery_ids(self) -> frozenset[str]:
        changed_at = tuple(folder.stat().st_mtime_ns for folder in self._folders if folder.is_dir())
        if changed_at != self._seen_at or not changed_at:
            self._delivery_ids = frozenset(self._read())
            is_settled = time.time_ns() - max(changed_at, default=0) > _FRESH_SECONDS * 1e9
            self._seen_at = changed_at if is_settled else ()
        return self._delivery_ids

    def _read(self) -> Iterator[str]:
        for folder in self._folders:
            if folder.is_dir():
                with os.scandir(folder) as entries:
                    for entry in entries:
                        _, _, rest = entry.name.partition("-")
                        yield rest.partition(".")[0]


def _discard(draft: Path) -> None:
    with contextlib.suppress(OSError):  # it may not exist
        draft.unlink()


def _as_file_name(delivery_id: str) -> str:
    """The id with every special character written as =XX."""
    return _NOT_PLAIN.sub(lambda match: f"={ord(match[0]):02X}", delivery_id)


_HOST = _NOT_PLAIN.sub("_", socket.gethostname()) or "localhost"
