"""uvicorn, run until a signal and shut down at once."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp


class SignalledServer(uvicorn.Server):
    """uvicorn without its log: an error goes to a file, which its page names."""

    def __init__(self, app: ASGIApp, at_signal: Callable[[], None], **settings: Any) -> None:
        """``at_signal`` ends what would delay the shutdown; ``settings`` are uvicorn's."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            **settings,
        )
        super().__init__(config)
        self._at_signal = at_signal
        self._was_interrupted = False

    def serve_until_signal(self, listener: socket.socket) -> None:
        """Raises KeyboardInterrupt after Ctrl-C; SIGTERM is an orderly end."""
        self.run(sockets=[listener])
        if self._was_interrupted:
            raise KeyboardInterrupt

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        self._was_interrupted = sig == signal.SIGINT
        self.force_exit = self.should_exit  # a second signal: do not wait for connections
        self.should_exit = True
        self._at_signal()
