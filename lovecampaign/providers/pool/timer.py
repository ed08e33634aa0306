"""A timer for coroutines of the event loop."""

from __future__ import annotations

import socket
import time


class Timer:
    """Pending for some seconds, during which the event loop reads other answers."""

    is_buffered = False

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        #: Unconnected, so that it never has data.
        self._idle_socket = socket.socket(type=socket.SOCK_DGRAM)

    @property
    def is_ready(self) -> bool:
        return time.monotonic() >= self.deadline

    def fileno(self) -> int:
        return self._idle_socket.fileno()

    def close(self) -> None:
        self._idle_socket.close()
