"""What was on the wire when a sender died?

A flight journal is a file of one sender's own. It gets a line before a message is written and
a line when the outcome is known, without fsync: the lines survive a crash of the process, and
after a crash of the machine nobody believes them. The file is also the sender's lock: while
it is locked, the sender lives.

The file is mapped into memory, where a line is written without a call of the operating system. A
call would let go of the interpreter at each message; with others waiting for it, that took a
twelfth of the time of a whole send.
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
from lovecampaign.core.message import Fault, Outcome, OutcomeKind

#: A journal that has grown past this begins anew: recovery reads it whole.
LONGEST_BYTES = 4_000_000
#: The file grows by this much. The room is asked for before it is used, so that a disk that is
#: full says so in time: a mapped page without a place on the disk would end the process.
STEP_BYTES = 64 * 1024
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id() -> str:
    """Changes with every start of the machine; '' where the machine doesn't tell."""
    try:
        return BOOT_ID_FILE.read_text().strip()
    except OSError:
        return ""


class FlightJournal:
    """The journal of a living sender.

    Implements :class:`~lovecampaign.providers.base.provider.FlightLog`.
    """

    def __init__(self, path: Path) -> None:
        """Create and lock the file; raises Unreachable where it can't be written."""
        self.path = path
        self.longest_bytes = LONGEST_BYTES
        self._size = self._end = 0
        self._lock = threading.Lock()
        with _said_for_people(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._room = self._with_room_for(1)
        except Unreachable:  # a run tries again and again: it must leave nothing behind
            os.close(self._file)
            self.remove()
            raise

    def writing(self, *delivery_ids: str) -> None:
        self._append("".join([f"W {delivery_id}\n" for delivery_id in delivery_ids]))

    def answered(self, *outcomes: Outcome) -> None:
        self._append("".join(map(_answer_line, outcomes)))

    @property
    def is_long(self) -> bool:
        return self._end > self.longest_bytes

    def begin_anew_if_long(self) -> None:
        """Forget what is settled. To be called when every line's claim is settled durably.

        Cutting the file is one step: whoever recovers finds all lines or none, and neither
        says anything about a claim that is still open.
        """
        if self.is_long:
            with self._lock:
                os.ftruncate(self._file, 0)
                self._size = self._end = 0

    def remove(self) -> None:
        """Everything it told is in the ledger."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock: from here on the sender counts as dead."""
        with self._lock:
            self._room.close()  # it holds the file, and so the lock, open too
            os.close(self._file)

    def _append(self, lines: str) -> None:
        # The line end before it keeps it apart from whatever stands there.
        encoded = f"\n{lines}".encode("ascii")
        with self._lock:
            end = self._end + len(encoded)
            if end > self._size:
                self._room = self._with_room_for(end)
            self._room[self._end : end] = encoded
            self._end = end

    def _with_room_for(self, end: int) -> mmap.mmap:
        size = -(-end // STEP_BYTES) * STEP_BYTES
        with _said_for_people(self.path):
            _reserve(self._file, self._size, size)
            room = mmap.mmap(self._file, size)
        self._size = size
        return room


def _reserve(file: int, start: int, end: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, start, end - start)
    else:  # macOS
        os.pwrite(file, bytes(end - start), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRecord:
    """What a dead sender's journal tells."""

    #: Deliveries that were written, or about to be.
    written: frozenset[str] = frozenset()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)


def read_flight(path: Path) -> FlightRecord | None:
    """Read a journal, torn lines included; None where the file is gone.

    A file that is gone tells nothing. Somebody tidied up, or the sender ran in another
    container of this machine: they have one boot id and folders of their own.
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
        outcomes.pop(delivery_id, None)  # written again: the older answer is history
        outcome = _load(delivery_id, answer) if mark == "A" else None
        if outcome is not None:
            outcomes[delivery_id] = outcome
    return FlightRecord(written=frozenset(written), outcomes=outcomes)


@contextlib.contextmanager
def locked_if_dead(path: Path) -> Iterator[bool]:
    """Whether the journal's sender is dead; holds its lock meanwhile, so that one recovers.

    A journal of another user of this machine is theirs to recover from.
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
    """Whole lines and torn ones: a delivery that a torn line names is, at worst, in doubt."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    written = content.replace(b"\0", b"\n")  # room that nothing was written into
    return [line for line in written.decode("ascii", "replace").split("\n") if line]


def _answer_line(outcome: Outcome) -> str:
    said = _said(outcome.kind, outcome.fault, outcome.detail, outcome.provider_message_id)
    return f"A {outcome.delivery_id} {said}\n"


@lru_cache(maxsize=64)
def _said(
    kind: OutcomeKind, fault: Fault | None, detail: str, provider_message_id: str | None
) -> str:
    """JSON, put together here: a third of what ``json.dumps`` takes for the whole of it.

    Most people of a request are answered the same, which is written out once.
    """
    return (
        f'{{"kind": "{kind.value}", "fault": {json.dumps(fault and fault.value)}, '
        f'"detail": {json.dumps(detail)}, '
        f'"provider_message_id": {json.dumps(provider_message_id)}}}'
    )


def _load(delivery_id: str, answer: str) -> Outcome | None:
    """None for an answer that a death has torn: nobody knows it then."""
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    return Outcome(
        delivery_id=delivery_id,
        kind=OutcomeKind(found["kind"]),
        fault=Fault(found["fault"]) if found["fault"] else None,
        detail=found["detail"],
        provider_message_id=found["provider_message_id"],
    )


@contextlib.contextmanager
def _said_for_people(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error.strerror) from error


def _unwritable(path: Path, why: str | None) -> Unreachable:
    return Unreachable(
        f"the flight journal {path} cannot be written: {why}",
        hint="free some space or mend the folder's permissions; nothing is lost",
    )
