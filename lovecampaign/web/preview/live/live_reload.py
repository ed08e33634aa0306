"""How do open pages hear that something changed? Server-sent events.

Pages carry the state that they show; an event names the state that holds now, and a page that
shows another one asks again. So an event that is missed costs nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

#: Shorter than what proxies and browsers take for a dead connection.
_HEARTBEAT_SECONDS = 15


class ReloadEvents:
    """Tells every open page; pages may come and go."""

    def __init__(self, run: str) -> None:
        #: Of this process: a page of an earlier one is never up to date.
        self._run = run
        self._numbers = itertools.count(1)
        self._number = 0
        self._listeners: set[asyncio.Queue[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def state(self) -> str:
        return f"{self._run}.{self._number}"

    def start(self) -> None:
        """Remember the loop in which pages are answered."""
        self._loop = asyncio.get_running_loop()

    def change(self) -> None:
        """There is a new state; may be called from any thread."""
        self._number = next(self._numbers)
        self._wake()

    def close(self) -> None:
        """End every open stream: a server waits for them (uvicorn, six seconds and more)."""
        self._is_closed = True
        self._wake()

    async def events(self) -> AsyncIterator[str]:
        """What one page reads: the state now, and each time it changes."""
        wakes: asyncio.Queue[None] = asyncio.Queue()
        self._listeners.add(wakes)
        try:
            while not self._is_closed:
                yield f"event: state\ndata: {self.state}\n\n"
                await self._wait(wakes)
        finally:
            self._listeners.discard(wakes)

    async def _wait(self, wakes: asyncio.Queue[None]) -> None:
        try:
            await asyncio.wait_for(wakes.get(), _HEARTBEAT_SECONDS)
        except TimeoutError:
            return
        while not wakes.empty():
            wakes.get_nowait()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for wakes in self._listeners:
            wakes.put_nowait(None)
