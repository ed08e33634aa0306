"""Where does the failure of a thread go, and what becomes of its work?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

#: Before it is tried again: what fails at once would fill a log.
_REST_SECONDS = 1.0


@contextlib.contextmanager
def log_thread_errors(note_bug: Callable[[BaseException], Path]) -> Iterator[None]:
    """While this lasts, into a log: a thread would print its traceback over the terminal."""

    def note(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            note_bug(failed.exc_value)

    before, threading.excepthook = threading.excepthook, note
    try:
        yield
    finally:
        threading.excepthook = before


def restart_on_error(
    work: Callable[[], None], is_over: threading.Event, note_bug: Callable[[BaseException], object]
) -> None:
    """A thread's work until it returns: a mistake of ours is noted, and it begins again."""
    while not is_over.is_set():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - noted, not lost
            note_bug(error)
            is_over.wait(_REST_SECONDS)
        else:
            return
