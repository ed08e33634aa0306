"""An open-loop load generator: requests come at a steady rate, however slow the answers are.

Response times count from each request's scheduled time, which avoids coordinated omission.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Kept open, as by a web server in front of `serve`. When all are busy, requests are queued.
CONNECTIONS = 96
#: Later answers count as missing.
LONGEST_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
#: Statuses of accepted requests; a form redirects.
TAKEN = frozenset({200, 303})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStream:
    """Requests of one route, at a steady rate."""

    route: str
    per_second: float
    #: The whole request of that number, as bytes.
    make: Callable[[int], bytes]


@dataclass(slots=True)
class Answers:
    """The answers of one route."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    #: Numbers of the accepted requests.
    taken: list[int] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """The answers of a whole run."""

    by_route: dict[str, Answers]
    #: From the first request to the last answer.
    seconds: float


def run_load(port: int, streams: Sequence[RequestStream], seconds: float) -> LoadRun:
    """Send all streams at once for that long, and wait for the last answers."""
    return asyncio.run(_run(port, streams, seconds))


async def _run(port: int, streams: Sequence[RequestStream], seconds: float) -> LoadRun:
    loop, answers = asyncio.get_running_loop(), {stream.route: Answers() for stream in streams}
    pool = _Pool(port)
    await asyncio.gather(*(pool.open() for _ in range(CONNECTIONS)))
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(_send(pool, stream, answers[stream.route], seconds))
    await pool.end()
    return LoadRun(by_route=answers, seconds=loop.time() - began)


async def _send(pool: _Pool, stream: RequestStream, answers: Answers, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(int(stream.per_second * seconds)):
        due = began + number / stream.per_second
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        request = _Request(stream.make(number), number, due, answers)
        pool.send(request)


@dataclass(slots=True)
class _Request:
    """A scheduled request, which records its answer."""

    text: bytes
    number: int
    due: float
    answers: Answers

    def record(self, status: int, now: float) -> None:
        """``status`` 0: there was no answer."""
        self.answers.statuses[status] += 1
        self.answers.seconds.append(now - self.due)
        if status in TAKEN:
            self.answers.taken.append(self.number)


class _Pool:
    """A pool of kept-alive connections, each with one request at a time.

    Written as a protocol, since the client shares the machine with the server: a task and a
    stream for each request took three times the CPU time.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[_Connection] = []
        self._waiting: deque[_Request] = deque()
        self._all: set[_Connection] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self), "127.0.0.1", self._port
        )
        self._all.add(connection)
        self.release(connection)

    def send(self, request: _Request) -> None:
        if self._free:
            self._free.pop().start(request)
        else:
            self._waiting.append(request)

    def release(self, connection: _Connection) -> None:
        if self._waiting:
            connection.start(self._waiting.popleft())
        else:
            self._free.append(connection)

    def replace(self, connection: _Connection) -> None:
        """Replace a closed connection."""
        self._all.discard(connection)
        if connection in self._free:
            self._free.remove(connection)
        self._opening = asyncio.get_running_loop().create_task(self.open())

    async def end(self) -> None:
        """Wait for the last answers, at most ``LONGEST_SECONDS``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        while self._waiting or any(connection.request for connection in self._all):
            if loop.time() > until:
                break
            await asyncio.sleep(0.002)
        for request in self._waiting:
            request.record(0, loop.time())
        for connection in list(self._all):
            connection.give_up()


class _Connection(asyncio.Protocol):
    """One connection of the pool."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._read = b""
        self._is_over = False
        self.request: _Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("this connection cannot be written to")
        self._transport = transport

    def start(self, request: _Request) -> None:
        self.request = request
        self._transport.write(request.text)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if found and len(body) >= _length_of(head):
            self._read = b""
            self._end(int(head[9:12]))
            self._pool.release(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._is_over:
            self._end(0)
            self._pool.replace(self)

    def give_up(self) -> None:
        self._is_over = True
        self._end(0)
        self._transport.close()

    def _end(self, status: int) -> None:
        request, self.request = self.request, None
        if request is not None:
            request.record(status, self._loop.time())


def _length_of(head: bytes) -> int:
    found = _LENGTH.search(head)
    if found is None:
        raise ValueError("an answer without a length")
    return int(found[1])
