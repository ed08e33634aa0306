"""Flight journal: a write-ahead log of the messages that one sender has on the wire.

It gets a line before a message is written to the provider, and a line with the outcome, without
fsync: the lines survive a crash of the process, and are ignored after a crash of the machine. The
file is also the sender's lock: while it is locked, the sender is alive.

The file is memory-mapped, so that a line needs no system call. A system call releases the GIL at
each message; with other threads waiting for it, that took a twelfth of the time of a send.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.masking import mask_addresses
from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.core.private_files import make_private_folder

#: A longer journal is truncated: recovery reads the whole file.
LONGEST_BYTES = 4_000_000
#: The file grows by this much. Space is allocated before it is used, so that a full disk raises an
#: error in time: writing to a mapped page without disk space would kill the process.
STEP_BYTES = 64 * 1024
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id() -> str:
    """The kernel's boot id, new at every start of the machine; '' where there is none."""
    try:
        return BOOT_ID_FILE.read_text().strip()
    except OSError:
        return ""


class FlightJournal:
    """The journal of a running sender.

    Implements :class:`~lovecampaign.providers.base.provider.FlightLogLog`.
    """

    def __init__(self, path: Path) -> None:
        """Create and lock the file. Raises Unreachable where it cannot be written."""
        self.path = path
        self.longest_bytes = LONGEST_BYTES
        self._size = self._end = 0
        self._lock = threading.Lock()
        with _translate_errors(path):
            make_private_folder(path.parent)
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._mapping = self._map_at_least(1)
        except Unreachable:  # retries must leave no files behind
            os.close(self._file)
            self.remove()
            raise

    def writing(self, *delivery_ids: str) -> None:
        self._append("".join([f"W {delivery_id}\n" for delivery_id in delivery_ids]))

    def answered(self, *outcomes: Outcome) -> None:
        self._append("".join(map(_outcome_line, outcomes)))

    @property
    def is_long(self) -> bool:
        return self._end > self.longest_bytes

    def truncate_if_long(self) -> None:
        """Truncate the file. To be called when the claims of all lines are settled durably.

        Truncation is atomic: recovery finds all lines or none, and neither says anything about
        a claim that is still open.
        """
        if self.is_long:
            with self._lock:
                os.ftruncate(self._file, 0)
                self._size = self._end = 0

    def remove(self) -> None:
        """Delete the file: all its lines are settled in the ledger."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock the file: from here on the sender counts as dead."""
        with self._lock:
            self._mapping.close()  # it keeps the file, and so the lock, open too
            os.close(self._file)

    def _append(self, lines: str) -> None:
        # The leading line end separates it from a torn line.
        encoded = f"\n{lines}".encode("ascii")
        with self._lock:
            end = self._end + len(encoded)
            if end > self._size:
                self._mapping = self._map_at_least(end)
            self._mapping[self._end : end] = encoded
            self._end = end

    def _map_at_least(self, end: int) -> mmap.mmap:
        size = -(-end // STEP_BYTES) * STEP_BYTES
        with _translate_errors(self.path):
            _reserve(self._file, self._size, size)
            mapping = mmap.mmap(self._file, size)
        self._size = size
        return mapping


def _reserve(file: int, start: int, end: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, start, end - start)
    else:  # macOS
        os.pwrite(file, bytes(end - start), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRecord:
    """The content of a dead sender's journal."""

    #: Deliveries that were written to the provider, or about to be.
    written: frozenset[str] = frozenset()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)


def read_flight(path: Path) -> FlightRecord | None:
    """Read a journal, torn lines included; None where the file is gone.

    A missing file says nothing about the deliveries: it was deleted, or the sender ran in
    another container of this machine, with the same boot id and other folders.
    """
    lines = _read_lines(path)
    if lines is None:
        return None
    written: set[str] = set()
    outcomes: dict[str, Outcome] = {}
    for line in lines:
        mark, _, rest = line.partition(" ")
        delivery_id, _, answer = rest.partition(" ")
        written.add(delivery_id)
        outcomes.pop(delivery_id, None)  # written again: the older outcome is obsolete
        outcome = _load(delivery_id, answer) if mark == "A" else None
        if outcome is not None:
            outcomes[delivery_id] = outcome
    return FlightRecord(written=frozenset(written), outcomes=outcomes)


@contextlib.contextmanager
def locked_if_dead(path: Path) -> Iterator[bool]:
    """Whether the journal's sender is dead; holds its lock, so that only one process recovers.

    The journal of another user of this machine is left to that user.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    except PermissionError:
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(file)


def _read_lines(path: Path) -> list[str] | None:
    """All lines, also torn ones: a delivery in a torn line is in doubt at worst."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    written = content.replace(b"\0", b"\n")  # allocated, not written
    return [line for line in written.decode("ascii", "replace").split("\n") if line]


def _outcome_line(outcome: Outcome) -> str:
    answer = _outcome_json(outcome.kind, outcome.fault, outcome.detail, outcome.provider_message_id)
    return f"A {outcome.delivery_id} {answer}\n"


@lru_cache(maxsize=64)
def _outcome_json(
    kind: OutcomeKind, fault: FaultKind | None, detail: str, provider_message_id: str | None
) -> str:
    """JSON by hand: it takes a third of the time of one ``json.dumps``.

    Cached, since most messages of one request have the same outcome. The provider's words may
    repeat an address, which ``forget`` could not erase here.
    """
    return (
        f'{{"kind": "{kind.value}", "fault": {json.dumps(fault and fault.value)}, '
        f'"detail": {json.dumps(mask_addresses(detail))}, '
        f'"provider_message_id": {json.dumps(provider_message_id)}}}'
    )


def _load(delivery_id: str, answer: str) -> Outcome | None:
    """None for an outcome in a torn line: it is unknown then."""
    try:
        fields = json.loads(answer)
    except ValueError:
        return None
    return Outcome(
        delivery_id=delivery_id,
        kind=OutcomeKind(fields["kind"]),
        fault=FaultKind(fields["fault"]) if fields["fault"] else None,
        detail=fields["detail"],
        provider_message_id=fields["provider_message_id"],
    )


@contextlib.contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(
            f"the flight journal {path} cannot be written: {error.strerror}",
            hint="free some space or fix the folder's permissions; nothing is lost",
        ) from error
