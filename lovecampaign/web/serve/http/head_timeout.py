"""How long may a visitor take to say what they want? A connection costs a descriptor meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar


class TimedHead:
    """For a protocol of uvicorn's, in front of it: who has not said a whole head in time is left.

    uvicorn bounds the time between two requests, and whoever reads a body bounds its time.
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
        self._begin_head()

    def data_received(self, data: bytes) -> None:
        if self._awaits_head and self._head_timer is None:
            self._begin_head()
        super().data_received(data)  # type: ignore[misc]  # the protocol's
        if not self._awaits_head:
            self._end_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)  # type: ignore[misc]  # the protocol's

    @property
    def _awaits_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _begin_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._leave)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _leave(self) -> None:
        self._head_timer = None
        self.transport.close()
