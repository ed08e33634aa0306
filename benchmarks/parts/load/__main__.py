"""Load test of `serve`: joins and SendGrid's events together, verified in the database.

``make load``: a real `serve` on loopback, 500 joins and 2,000 events per second for a minute.
Exit code 1 if an answer was neither 200 nor 303, if anything accepted is not in the database, or
if the rates were not reached.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.parts.load.client import TAKEN, Answers, LoadRun, RequestStream, run_load
from benchmarks.parts.load.server import SECRET_KEY, LoadServer, running_server
from benchmarks.workspace import postgres_databases
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.store import tables
from lovecampaign.testing.sendgrid_events import make_event

JOIN, EVENTS = "/join/{list}", "/webhooks/sendgrid"
EVENTS_IN_A_BATCH = 250
DELIVERIES = 20_000
#: As for a good list: of 200 events of 100 deliveries, one is a bounce.
_KINDS = ["processed", "delivered"] * 95 + ["open"] * 6 + ["click"] * 2 + ["deferred", "bounce"]
#: Share of the rate that must be reached: the last answers come after the last request.
_SLACK = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The rates and the duration."""

    joins_per_second: float
    events_per_second: float
    seconds: float


def main() -> int:
    options = _read_options()
    load = Load(
        joins_per_second=options.joins, events_per_second=options.events, seconds=options.seconds
    )
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = options.database_url
        if options.postgresql:
            [url] = stack.enter_context(postgres_databases(1))
        server = stack.enter_context(running_server(folder, url, DELIVERIES))
        _print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ")
        _print(f"Python {platform.python_version()}, {server.database.engine.dialect.name}\n")
        return _judge(server, load, _put_under_load(server, load))


def _put_under_load(server: LoadServer, load: Load) -> LoadRun:
    streams = list(_streams(server, load))
    served, sent = server.cpu_seconds(), time.process_time()
    run = run_load(server.port, streams, load.seconds)
    served, sent = server.cpu_seconds() - served, time.process_time() - sent
    joins = max(1, len(run.by_route[JOIN].taken))
    _print(f"a join and its events: {served / joins * 1000:.2f} ms of a core for serve, ")
    _print(f"{sent / joins * 1000:.2f} ms for the client\n")
    return run


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=float, default=500, help="a second")
    parser.add_argument("--events", type=float, default=2000, help="a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database-url", default="sqlite:///load.db")
    parser.add_argument("--postgresql", action="store_true", help="on a server of the run's own")
    return parser.parse_args()


def _streams(server: LoadServer, load: Load) -> Iterator[RequestStream]:
    batches = int(load.events_per_second * load.seconds / EVENTS_IN_A_BATCH)
    bodies = [events_request(server, number) for number in range(batches)]
    per_second = load.events_per_second / EVENTS_IN_A_BATCH
    fields = _read_form(server)
    time.sleep(2.5)  # forms that come back within two seconds are refused
    joins = int(load.joins_per_second * load.seconds)
    forms = [_join_request(server, fields, number) for number in range(joins)]
    yield RequestStream(route=JOIN, per_second=load.joins_per_second, make=forms.__getitem__)
    yield RequestStream(route=EVENTS, per_second=per_second, make=bodies.__getitem__)


def _read_form(server: LoadServer) -> dict[str, str]:
    url = f"http://127.0.0.1:{server.port}/join/readers"
    with urllib.request.urlopen(url, timeout=20) as page:
        text = page.read().decode()
    fields = {}
    for name in ("seal", "version"):
        found = re.search(rf'name="{name}" value="([^"]+)"', text)
        if found is None:
            raise SystemExit(f"the form of /join/readers has no {name}")
        fields[name] = found[1]
    return fields


def _join_request(server: LoadServer, fields: dict[str, str], number: int) -> bytes:
    values = {"email": _joiner(number), "first_name": "Ana", "timezone": "Europe/Paris", **fields}
    body = urllib.parse.urlencode(values).encode()
    visitor = f"10.{number >> 14 & 255}.{number >> 6 & 255}.{number & 63}"
    return _request(server, "/join/readers", body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "text/html",
        "X-Forwarded-For": visitor,
    })  # fmt: skip


def _joiner(number: int) -> str:
    return f"joiner{number}@joiners.example"


def events_request(server: LoadServer, number: int, count: int = EVENTS_IN_A_BATCH) -> bytes:
    """A signed batch of that many events; different numbers share none."""
    signer, at = TokenSigner((SECRET_KEY,)), datetime.now(UTC)
    first = number * count
    events = [
        make_event(
            _KINDS[n % len(_KINDS)],
            signer.sign(Purpose.DELIVERY, server.deliveries[n // 2 % DELIVERIES]),
            f"reader{n // 2 % DELIVERIES}@readers.example",
            at,
            n,
        )
        for n in range(first, first + count)
    ]
    body = server.webhook.body(events)
    return _request(server, EVENTS, body, server.webhook.headers(body))


def _request(server: LoadServer, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _judge(server: LoadServer, load: Load, run: LoadRun) -> int:
    joins, batches = run.by_route[JOIN], run.by_route[EVENTS]
    joined = len(joins.taken) / run.seconds
    reported = len(batches.taken) * EVENTS_IN_A_BATCH / run.seconds
    _print_route(JOIN, joins, joined, "joins/s")
    _print_route(EVENTS, batches, reported, "events/s")
    lost_joins, lost_events = _count_lost(server, joins, batches)
    _print(f"taken and not in the database: {lost_joins} joins, {lost_events} events\n")
    faults = {
        "some answers were neither 200 nor 303": any(
            not set(one.statuses) <= TAKEN for one in run.by_route.values()
        ),
        "something was lost": lost_joins or lost_events,
        "the rate of joins was not reached": joined < load.joins_per_second * _SLACK,
        "the rate of events was not reached": reported < load.events_per_second * _SLACK,
    }
    for words in (words for words, is_so in faults.items() if is_so):
        _print(f"FAILED: {words}\n")
    return int(any(faults.values()))


def _print_route(route: str, answers: Answers, rate: float, unit: str) -> None:
    p50, p99 = (answers.percentile(share) * 1000 for share in (0.5, 0.99))
    _print(f"{route:20} {rate:7.0f} {unit:9} p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  ")
    _print(f"{dict(answers.statuses)}\n")


def _count_lost(server: LoadServer, joins: Answers, batches: Answers) -> tuple[int, int]:
    """A join is a subscriber, a membership, and a confirmation mail; an event, a row with its
    delivery.
    """
    subscriber, membership, asked = tables.subscriber, tables.membership, tables.transactional
    with server.database.read() as connection:
        complete = set(
            connection.scalars(
                sa.select(subscriber.c.address_key)
                .join(membership, membership.c.subscriber_id == subscriber.c.id)
                .join(asked, asked.c.subscriber_id == subscriber.c.id)
                .where(membership.c.list == "readers")
            )
        )
        events = connection.scalar(
            sa.select(sa.func.count()).where(tables.event.c.delivery_id.is_not(None))
        )
    lost = sum(_joiner(number) not in complete for number in joins.taken)
    return lost, max(0, len(batches.taken) * EVENTS_IN_A_BATCH - (events or 0))


_print: Callable[[str], object] = sys.stdout.write

if __name__ == "__main__":
    sys.exit(main())
