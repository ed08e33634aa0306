"""How long does `serve` keep those waiting who talk to it? SendGrid, and the operator."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.figures import Absence, Figure, Measured
from benchmarks.load import LETTERS, events_request
from benchmarks.load_house import OPERATES_WITH, House, open_house
from lovecampaign.store import tables
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.ledger.events import EventKind

PART = "Pages"
EVENTS = 1_000
MOST_MILLISECONDS, MOST_MILLISECONDS_OF_A_PAGE = 100.0, 500.0
_SQLITE = "sqlite:///bench.db"
#: Before the clock counts: the first batches load what the others find loaded.
WARM_UP = 3


def measure(rounds: int) -> Measured:
    return [*_both("SQLite", _SQLITE, _SQLITE, rounds), *_both_on_postgres(rounds)]


def _both_on_postgres(rounds: int) -> Measured:
    try:
        from tests.support.postgres import PostgresServer
    except ImportError as error:
        return [Absence(part=PART, name="PostgreSQL", why=f"no server to start: {error}")]
    with PostgresServer.started() as server, server.database() as one, server.database() as two:
        return _both("PostgreSQL", one, two, rounds)


def _both(database: str, one: str, two: str, rounds: int) -> Measured:
    return [_batch(database, one, rounds), _first_page(database, two)]


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


def _first_page(database: str, url: str) -> Figure:
    """Of the dashboard, before anything is counted."""
    letters = 30_000 if os.environ.get("QUICK") else 300_000
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder), url, letters) as house:
        _add_events(house)
        session = _enter(house)
        began = time.perf_counter()
        page = _ask(house, "GET", f"/{house.campaign.id}", headers=session).read().decode()
        took = time.perf_counter() - began
    if house.campaign.name not in page:
        raise SystemExit("the dashboard shows no campaign")
    return Figure(
        part=PART,
        name=f"the dashboard's first page after a start, {database}",
        value=took * 1000,
        unit="ms",
        target=MOST_MILLISECONDS_OF_A_PAGE,
        is_less_better=True,
        note=f"{letters:,} deliveries, and as many events; its numbers follow as they are counted",
    )


def _add_events(house: House) -> None:
    """One of each letter: of ten, nine arrived and one was opened."""
    at, delivery = to_microseconds(datetime.now(UTC)), tables.delivery.c
    columns = ["key", "kind", "at", "recorded_at", "delivery_id", "subscriber_id", "payload"]
    events = sa.select(
        sa.literal("bench-").concat(sa.cast(delivery.id, sa.Text)),
        sa.case((delivery.id % 10 == 0, EventKind.OPENED.value), else_=EventKind.DELIVERED.value),
        at - delivery.id,
        sa.literal(at),
        delivery.id,
        delivery.subscriber_id,
        sa.literal({}, sa.JSON),
    )
    with house.database.write() as connection:
        connection.execute(sa.insert(tables.event).from_select(columns, events))


def _enter(house: House) -> dict[str, str]:
    """The headers of somebody with a session."""
    form = _ask(house, "GET", "").read().decode()
    seal = re.search(r'name="seal" value="([^"]+)"', form)
    if seal is None:
        raise SystemExit("the dashboard asks for no password")
    said = urllib.parse.urlencode({"password": OPERATES_WITH, "seal": seal[1]})
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    cookie = _ask(house, "POST", "", said, typed).headers["Set-Cookie"]
    return {"Cookie": cookie.partition(";")[0]}


def _ask(
    house: House, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    connection.request(method, f"/dashboard{path}", body, dict(headers or {}))
    return connection.getresponse()


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
