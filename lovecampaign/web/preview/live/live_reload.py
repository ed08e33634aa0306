"""Live reload of open pages, by server-sent events.

Each page carries the version that it shows; an event names the current one, and a page with
another one fetches itself again. So a missed event does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

#: Shorter than the timeouts of proxies and browsers.
_HEARTBEAT_SECONDS = 15


class ReloadEvents:
    """The event stream of every open page."""

    def __init__(self, run: str) -> None:
        #: Identifies this process: a page of an earlier one is always outdated.
        self._run = run
        self._numbers = itertools.count(1)
        self._number = 0
        self._listeners: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def version(self) -> str:
        return f"{self._run}.{self._number}"

    def start(self) -> None:
        """Called in the event loop that serves the pages."""
        self._loop = asyncio.get_running_loop()

    def publish(self) -> None:
        """Announce a new version; from any thread."""
        self._number = next(self._numbers)
        self._wake()

    def close(self) -> None:
        """End every open stream: uvicorn waits for them at shutdown (six seconds and more)."""
        self._is_closed = True
        self._wake()

    async def events(self) -> AsyncIterator[str]:
        """The stream of one page: the version now, and each new one."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            while not self._is_closed:
                listener.clear()
                yield f"event: state\ndata: {self.version}\n\n"
                await self._wait(listener)
        finally:
            self._listeners.discard(listener)

    async def _wait(self, listener: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listener.wait(), _HEARTBEAT_SECONDS)

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for listener in self._listeners:
            listener.set()
