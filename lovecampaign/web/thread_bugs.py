"""Where does the failure of a thread go?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def noting_bugs_of_threads(note_bug: Callable[[BaseException], Path]) -> Iterator[None]:
    """While this lasts, into a log: a thread would print its traceback over the terminal."""

    def note(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            note_bug(failed.exc_value)

    before, threading.excepthook = threading.excepthook, note
    try:
        yield
    finally:
        threading.excepthook = before
