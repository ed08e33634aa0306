"""How long do answers take, when requests come at a rate that nothing slows down?

Each request has its instant. An answer's time counts from there, so that a server which keeps
requests waiting is not flattered by a client that waits with it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

#: Kept open, as a web server in front of `serve` does. When all wait, more requests wait with them.
CONNECTIONS = 96
#: Somebody who waits longer than this has gone.
LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests of one route, at a steady rate."""

    route: str
    per_second: float
    #: The whole request of that number, ready to be written.
    make: Callable[[int], bytes]


@dataclass(slots=True)
class Answers:
    """What came back on one route."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    #: Numbers of the requests that were answered with 200.
    taken: list[int] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """What a run saw."""

    by_route: dict[str, Answers]
    #: From the first request to the last answer.
    seconds: float


def run_load(port: int, streams: Sequence[Stream], seconds: float) -> LoadRun:
    """Send every stream together for that long, and wait for the last answers."""
    return asyncio.run(_run(port, streams, seconds))


async def _run(port: int, streams: Sequence[Stream], seconds: float) -> LoadRun:
    pool = _Pool(port)
    answers: dict[str, Answers] = defaultdict(Answers)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(_send(pool, stream, answers[stream.route], seconds))
    ended = time.perf_counter()
    pool.close()
    return LoadRun(by_route=dict(answers), seconds=ended - began)


async def _send(pool: _Pool, stream: Stream, answers: Answers, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(int(stream.per_second * seconds)):
            due = began + number / stream.per_second
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            group.create_task(_one(pool, stream, answers, number, due))


async def _one(pool: _Pool, stream: Stream, answers: Answers, number: int, due: float) -> None:
    status = await pool.ask(stream.make(number))
    answers.statuses[status] += 1
    answers.seconds.append(asyncio.get_running_loop().time() - due)
    if status == 200:
        answers.taken.append(number)


class _Pool:
    """Connections that are kept open; each carries one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0 where there was none."""
        async with self._room:
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    return await self._talk(request)
            except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                return 0

    async def _talk(self, request: bytes) -> int:
        wires = self._free.pop() if self._free else await self._connect()
        reader, writer = wires
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length_of(head))
        except BaseException:
            writer.close()
            raise
        self._free.append(wires)
        return int(head[9:12])

    def _connect(self) -> Coroutine[None, None, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        return asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        for _, writer in self._free:
            with suppress(OSError):
                writer.close()


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without a length")
