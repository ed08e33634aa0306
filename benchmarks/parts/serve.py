"""Response times of `serve`: SendGrid's event webhook, and the dashboard's first page."""

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

from benchmarks.figures import Figure, Measured, NotMeasured
from benchmarks.parts.load.__main__ import DELIVERIES, events_request
from benchmarks.parts.load.server import PASSWORD, LoadServer, running_server
from benchmarks.workspace import postgres_databases
from lovecampaign.store import tables
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.ledger.events import EventKind

PART = "Pages"
EVENTS = 1_000
MOST_MILLISECONDS, MOST_MILLISECONDS_OF_A_PAGE = 100.0, 500.0
_SQLITE = "sqlite:///bench.db"
#: Batches before timing starts: the first ones pay for imports.
WARM_UP = 3


def measure(rounds: int) -> Measured:
    return [*_both("SQLite", _SQLITE, _SQLITE, rounds), *_both_on_postgres(rounds)]


def _both_on_postgres(rounds: int) -> Measured:
    try:
        with postgres_databases(2) as (one, two):
            return _both("PostgreSQL", one, two, rounds)
    except ImportError as error:
        return [NotMeasured(part=PART, name="PostgreSQL", why=f"no server to start: {error}")]


def _both(database: str, one: str, two: str, rounds: int) -> Measured:
    return [_batch(database, one, rounds), _first_page(database, two)]


def _batch(database: str, url: str, rounds: int) -> Figure:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), url, DELIVERIES) as server,
    ):
        requests = [events_request(server, n, EVENTS) for n in range(WARM_UP + 5 * rounds)]
        with _connection(server) as connection:
            times = [_seconds(connection, request) for request in requests][WARM_UP:]
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
    """Of the dashboard, before its numbers are computed."""
    letters = 30_000 if os.environ.get("QUICK") else 300_000
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), url, letters) as server,
    ):
        _add_events(server)
        session = _log_in(server)
        began = time.perf_counter()
        page = _ask(server, "GET", f"/{server.campaign.id}", headers=session).read().decode()
        took = time.perf_counter() - began
    if server.campaign.name not in page:
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


def _add_events(server: LoadServer) -> None:
    """One for each delivery: of ten, nine are delivered and one is opened."""
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
    with server.database.write() as connection:
        connection.execute(sa.insert(tables.event).from_select(columns, events))


def _log_in(server: LoadServer) -> dict[str, str]:
    """Headers with the cookie of a new session."""
    form = _ask(server, "GET", "").read().decode()
    seal = re.search(r'name="seal" value="([^"]+)"', form)
    if seal is None:
        raise SystemExit("the dashboard asks for no password")
    fields = urllib.parse.urlencode({"password": PASSWORD, "seal": seal[1]})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    cookie = _ask(server, "POST", "", fields, headers).headers["Set-Cookie"]
    return {"Cookie": cookie.partition(";")[0]}


def _ask(
    server: LoadServer,
    method: str,
    path: str,
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, f"/dashboard{path}", body, dict(headers or {}))
    return connection.getresponse()


@contextlib.contextmanager
def _connection(server: LoadServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def _seconds(connection: socket.socket, request: bytes) -> float:
    """Until the whole answer has arrived: one short line of JSON."""
    began = time.perf_counter()
    connection.sendall(request)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a batch was answered with {answer[:200]!r}")
    return time.perf_counter() - began
