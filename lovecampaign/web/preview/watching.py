"""When does somebody save? Watches the campaign's folder and the templates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import DefaultFilter, watch

#: A burst of saves (an editor's backup, rename and write; a checkout) is one change: the watcher
#: waits until nothing more comes for one step, and at most this long.
_LONGEST_BURST_MS = 400
_STEP_MS = 15
_POLL_MS = 250


class Watcher:
    """Calls back after each burst of saves, from a thread of its own."""

    def __init__(
        self, folders: Sequence[Path], tell: Callable[[], None], *, is_polling: bool
    ) -> None:
        self._folders = folders
        self._tell = tell
        #: For folders over a network, in containers and under WSL, which send no events.
        self._is_polling = is_polling
        self._is_over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="watcher", daemon=True).start()

    def stop(self) -> None:
        self._is_over.set()

    def _run(self) -> None:
        changes = watch(
            *self._folders,
            watch_filter=DefaultFilter(),
            debounce=_LONGEST_BURST_MS,
            step=_STEP_MS,
            stop_event=self._is_over,
            rust_timeout=500,
            force_polling=True if self._is_polling else None,
            poll_delay_ms=_POLL_MS,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for _ in changes:
            self._tell()
