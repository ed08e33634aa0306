"""A time limit for request heads, and the h11 protocol with it.

A connection holds a file descriptor, so a client must not keep one open without a request
(slowloris). h11 bounds the size of a head itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class HeadTimeout:
    """A mixin for uvicorn's protocols: closes connections without a complete head in time.

    uvicorn bounds the time between two requests; the reader of a body bounds that of the body.
    """

    #: From the connection, or from the first byte of a further request.
    head_seconds: ClassVar[float] = 20.0

    # Of uvicorn's protocol.
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    cycle: Any

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[misc]  # the protocol's
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        if self._awaits_head and self._head_timer is None:
            self._start_timer()
        super().data_received(data)  # type: ignore[misc]  # the protocol's
        if not self._awaits_head:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)  # type: ignore[misc]  # the protocol's

    @property
    def _awaits_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close(self) -> None:
        self._head_timer = None
        self.transport.close()


class BoundedH11(HeadTimeout, H11Protocol):
    """Used where httptools is not installed."""
