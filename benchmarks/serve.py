"""How long does `serve` keep those waiting who talk to it? SendGrid, and the operator."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Absence, Figure, Measured
from benchmarks.load import LETTERS, events_request
from benchmarks.load_house import House, open_house

PART = "Pages"
EVENTS = 1_000
MOST_MILLISECONDS = 100.0
#: Before the clock counts: the first batches load what the others find loaded.
WARM_UP = 3


def measure(rounds: int) -> Measured:
    return [_batch("SQLite", "sqlite:///bench.db", rounds), _batch_on_postgres(rounds)]


def _batch_on_postgres(rounds: int) -> Figure | Absence:
    try:
        from tests.postgres import PostgresServer
    except ImportError as error:
        why = f"no server to start: {error}"
        return Absence(part=PART, name="a batch of events, PostgreSQL", why=why)
    with PostgresServer.started() as server, server.database() as url:
        return _batch("PostgreSQL", url, rounds)


def _batch(database: str, url: str, rounds: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder), url, LETTERS) as house:
        requests = [events_request(house, n, EVENTS) for n in range(WARM_UP + 5 * rounds)]
        with _wire(house) as wire:
            times = [_seconds(wire, request) for request in requests][WARM_UP:]
    return Figure(
        part=PART,
        name=f"a batch of {EVENTS:,} events, {database}",
        value=median(times) * 1000,
        unit="ms",
        target=MOST_MILLISECONDS,
        is_less_better=True,
        note=f"signed, durable before the answer; the slowest of {len(times)}: "
        f"{max(times) * 1000:.0f} ms",
    )


@contextlib.contextmanager
def _wire(house: House) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield wire


def _seconds(wire: socket.socket, request: bytes) -> float:
    """Until the whole answer is there; an answer to a batch is one short line."""
    began = time.perf_counter()
    wire.sendall(request)
    said = b""
    while not said.endswith(b"}"):
        said += wire.recv(65536)
    if not said.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a batch was answered with {said[:200]!r}")
    return time.perf_counter() - began
