"""Ends a worker that hangs: its supervisor starts it anew, and others take over meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lovecampaign.core.errors import ExitCode
from lovecampaign.delivery.engine.worker import Worker

#: Start it again.
EXIT_HUNG = ExitCode.FENCED
#: Turns are counted, not seconds: a process that was suspended is given time again.
_SECONDS_A_TURN = 5.0
#: The event loop is silent, or a slot without an outcome, for so many turns.
_LOOP_TURNS, _SLOT_TURNS = 12, 180


@dataclass(slots=True, kw_only=True)
class Watchdog:
    """A thread that looks whether the worker's loop and its slots move on."""

    worker: Worker
    on_hung: Callable[[str], None]
    end: Callable[[int], object] = os._exit
    _stop: threading.Event = field(default_factory=threading.Event)
    #: What was seen at the last turn, and for how many turns.
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for as long as the block runs, and tell systemd that all is well."""
        thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        thread.start()
        _notify_systemd("READY=1")
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def look(self) -> None:
        """One turn."""
        if self.worker.outage is None and self._stands_still(
            "loop", self.worker.beats, _LOOP_TURNS
        ):
            self._end(f"the worker has not moved for {_LOOP_TURNS * _SECONDS_A_TURN:.0f} s")
        for number, slot in enumerate(self.worker.plan.slots.all):
            moved = slot.progress if slot.is_busy else -1
            if moved >= 0 and self._stands_still(f"slot {number}", moved, _SLOT_TURNS):
                self._end(f"a batch has not moved for {_SLOT_TURNS * _SECONDS_A_TURN / 60:.0f} min")

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS_A_TURN):
            self.look()
            _notify_systemd("WATCHDOG=1")

    def _stands_still(self, name: str, count: int, turns: int) -> bool:
        last, since = self._seen.get(name, (count - 1, 0))
        self._seen[name] = (count, since + 1 if count == last else 0)
        return self._seen[name][1] >= turns

    def _end(self, words: str) -> None:
        self.on_hung(f"{words}: it ends, to be started again; others take over")
        self.end(EXIT_HUNG)


def _notify_systemd(state: str) -> None:
    """sd_notify(3): a datagram to the socket that ``Type=notify`` names."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect("\0" + address[1:] if address.startswith("@") else address)
        notify.send(state.encode())
