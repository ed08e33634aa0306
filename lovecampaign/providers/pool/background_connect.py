"""How is a connection made while the other lanes of the thread go on?

In a thread of its own. To connect, encrypt and log in takes several round trips, each time that a
connection has carried its share of messages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, TypeVar

Made = TypeVar("Made")

#: It has time limits of its own, for each of its steps.
_LONGEST_SECONDS = 3600.0


class BackgroundCall(Generic[Made]):
    """Something that another thread makes; awaited like an answer.

    Raises OSError where this process may open no more files.
    """

    def __init__(self, threads: Executor, make: Callable[[], Made]) -> None:
        self.deadline = time.monotonic() + _LONGEST_SECONDS
        self.is_there = False
        self._make = make
        self._signal, self._sender = os.pipe()
        try:
            self._future = threads.submit(self._work)
        except RuntimeError:
            self._close_pipe()
            raise

    def fileno(self) -> int:
        return self._signal

    def result(self) -> Made:
        """What was made; raises what went wrong."""
        return self._future.result()

    def close(self) -> None:
        """To be called in any case; the thread is done then."""
        self._future.exception()  # waits
        self._close_pipe()

    def _close_pipe(self) -> None:
        os.close(self._signal)
        os.close(self._sender)

    def _work(self) -> Made:
        try:
            return self._make()
        finally:
            self.is_there = True
            os.write(self._sender, b".")
