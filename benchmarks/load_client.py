"""How long do answers take, when requests come at a rate that nothing slows down?

Each request has its instant. An answer's time counts from there, so that a server which keeps
requests waiting is not flattered by a client that waits with it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Kept open, as a web server in front of `serve` does. When all wait, more requests wait with them.
CONNECTIONS = 96
#: Somebody who waits longer than this has gone.
LONGEST_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


#: Answers to what was taken; a form sends its browser on.
TAKEN = frozenset({200, 303})


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
    #: Numbers of the requests that were taken.
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
    loop, answers = asyncio.get_running_loop(), {stream.route: Answers() for stream in streams}
    wires = _Wires(port)
    await asyncio.gather(*(wires.open() for _ in range(CONNECTIONS)))
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(_send(wires, stream, answers[stream.route], seconds))
    await wires.end()
    return LoadRun(by_route=answers, seconds=loop.time() - began)


async def _send(wires: _Wires, stream: Stream, answers: Answers, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(int(stream.per_second * seconds)):
        due = began + number / stream.per_second
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        request = _Request(stream.make(number), number, due, answers)
        wires.send(request)


@dataclass(slots=True)
class _Request:
    """A request, and where its answer is noted."""

    text: bytes
    number: int
    due: float
    answers: Answers

    def note(self, status: int, now: float) -> None:
        """``status`` 0: there was no answer."""
        self.answers.statuses[status] += 1
        self.answers.seconds.append(now - self.due)
        if status in TAKEN:
            self.answers.taken.append(self.number)


class _Wires:
    """Connections that are kept open; each carries one request at a time.

    A client shares the machine with what it measures: with a task and a stream for each request
    it took three times as long.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[_Wire] = []
        self._waiting: deque[_Request] = deque()
        self._all: set[_Wire] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: _Wire(self), "127.0.0.1", self._port)
        self._all.add(wire)
        self.free(wire)

    def send(self, request: _Request) -> None:
        if self._free:
            self._free.pop().carry(request)
        else:
            self._waiting.append(request)

    def free(self, wire: _Wire) -> None:
        if self._waiting:
            wire.carry(self._waiting.popleft())
        else:
            self._free.append(wire)

    def lose(self, wire: _Wire) -> None:
        """Another takes its place."""
        self._all.discard(wire)
        if wire in self._free:
            self._free.remove(wire)
        self._opening = asyncio.get_running_loop().create_task(self.open())

    async def end(self) -> None:
        """Wait for the last answers, but not for ever."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        while self._waiting or any(wire.request for wire in self._all):
            if loop.time() > until:
                break
            await asyncio.sleep(0.002)
        for request in self._waiting:
            request.note(0, loop.time())
        for wire in list(self._all):
            wire.give_up()


class _Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, wires: _Wires) -> None:
        self._wires = wires
        self._loop = asyncio.get_running_loop()
        self._read = b""
        self._is_over = False
        self.request: _Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("this connection cannot be written to")
        self._transport = transport

    def carry(self, request: _Request) -> None:
        self.request = request
        self._transport.write(request.text)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if found and len(body) >= _length_of(head):
            self._read = b""
            self._end(int(head[9:12]))
            self._wires.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._is_over:
            self._end(0)
            self._wires.lose(self)

    def give_up(self) -> None:
        self._is_over = True
        self._end(0)
        self._transport.close()

    def _end(self, status: int) -> None:
        request, self.request = self.request, None
        if request is not None:
            request.note(status, self._loop.time())


def _length_of(head: bytes) -> int:
    found = _LENGTH.search(head)
    if found is None:
        raise ValueError("an answer without a length")
    return int(found[1])
