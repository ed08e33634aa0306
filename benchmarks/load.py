"""Does `serve` bear a launch? Joins and SendGrid's events together, counted in the database.

``make load``: a real `serve` on loopback, 500 joins and 2,000 events a second for a minute. It
ends with exit code 1 where an answer was a 5xx, anything that was taken is not in the
database, or the rates were not reached.
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

from benchmarks.load_client import TAKEN, Answers, LoadRun, Stream, run_load
from benchmarks.load_house import SIGNS_WITH, House, open_house
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.store import tables
from lovecampaign.testing.sendgrid_events import make_event

JOIN, EVENTS = "/join/{list}", "/webhooks/sendgrid"
EVENTS_IN_A_BATCH = 250
LETTERS = 20_000
#: As bounces are in a good list: of 200 events of 100 letters, one is a bounce.
_KINDS = ["processed", "delivered"] * 95 + ["open"] * 6 + ["click"] * 2 + ["deferred", "bounce"]
#: A rate counts as reached within this: the last answers come after the last request.
_SLACK = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The load."""

    joins_per_second: float
    events_per_second: float
    seconds: float


def main() -> int:
    options = _read_options()
    wanted = Wanted(
        joins_per_second=options.joins, events_per_second=options.events, seconds=options.seconds
    )
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_own_postgres()) if options.postgresql else options.database_url
        house = stack.enter_context(open_house(folder, url, LETTERS))
        _say(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ")
        _say(f"Python {platform.python_version()}, {house.database.engine.dialect.name}\n")
        return _judge(house, wanted, _put_under_load(house, wanted))


@contextlib.contextmanager
def _own_postgres() -> Iterator[str]:
    from tests.support.postgres import PostgresServer

    with PostgresServer.started() as server, server.database() as url:
        yield url


def _put_under_load(house: House, wanted: Wanted) -> LoadRun:
    streams = list(_streams(house, wanted))
    served, sent = house.cpu_seconds(), time.process_time()
    run = run_load(house.port, streams, wanted.seconds)
    served, sent = house.cpu_seconds() - served, time.process_time() - sent
    joins = max(1, len(run.by_route[JOIN].taken))
    _say(f"a join and its events: {served / joins * 1000:.2f} ms of a core for serve, ")
    _say(f"{sent / joins * 1000:.2f} ms for the client\n")
    return run


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=float, default=500, help="a second")
    parser.add_argument("--events", type=float, default=2000, help="a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database-url", default="sqlite:///load.db")
    parser.add_argument("--postgresql", action="store_true", help="on a server of the run's own")
    return parser.parse_args()


def _streams(house: House, wanted: Wanted) -> Iterator[Stream]:
    batches = int(wanted.events_per_second * wanted.seconds / EVENTS_IN_A_BATCH)
    bodies = [events_request(house, number) for number in range(batches)]
    per_second = wanted.events_per_second / EVENTS_IN_A_BATCH
    fields = _read_form(house)
    time.sleep(2.5)  # no person fills in a form within two seconds
    joins = int(wanted.joins_per_second * wanted.seconds)
    forms = [_join_request(house, fields, number) for number in range(joins)]
    yield Stream(route=JOIN, per_second=wanted.joins_per_second, make=forms.__getitem__)
    yield Stream(route=EVENTS, per_second=per_second, make=bodies.__getitem__)


def _read_form(house: House) -> dict[str, str]:
    url = f"http://127.0.0.1:{house.port}/join/readers"
    with urllib.request.urlopen(url, timeout=20) as page:
        text = page.read().decode()
    fields = {}
    for name in ("seal", "version"):
        found = re.search(rf'name="{name}" value="([^"]+)"', text)
        if found is None:
            raise SystemExit(f"the form of /join/readers has no {name}")
        fields[name] = found[1]
    return fields


def _join_request(house: House, fields: dict[str, str], number: int) -> bytes:
    said = {"email": _joiner(number), "first_name": "Ana", "timezone": "Europe/Paris", **fields}
    body = urllib.parse.urlencode(said).encode()
    visitor = f"10.{number >> 14 & 255}.{number >> 6 & 255}.{number & 63}"
    return _request(house, "/join/readers", body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "text/html",
        "X-Forwarded-For": visitor,
    })  # fmt: skip


def _joiner(number: int) -> str:
    return f"joiner{number}@joiners.example"


def events_request(house: House, number: int, count: int = EVENTS_IN_A_BATCH) -> bytes:
    """A signed batch of that many events; no two numbers have one in common."""
    signer, at = TokenSigner((SIGNS_WITH,)), datetime.now(UTC)
    first = number * count
    events = [
        make_event(
            _KINDS[n % len(_KINDS)],
            signer.sign(Purpose.DELIVERY, house.letters[n // 2 % LETTERS]),
            f"reader{n // 2 % LETTERS}@readers.example",
            at,
            n,
        )
        for n in range(first, first + count)
    ]
    body = house.webhook.body(events)
    return _request(house, EVENTS, body, house.webhook.headers(body))


def _request(house: House, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{house.port}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _judge(house: House, wanted: Wanted, run: LoadRun) -> int:
    joins, batches = run.by_route[JOIN], run.by_route[EVENTS]
    joined = len(joins.taken) / run.seconds
    told = len(batches.taken) * EVENTS_IN_A_BATCH / run.seconds
    _tell(JOIN, joins, joined, "joins/s")
    _tell(EVENTS, batches, told, "events/s")
    lost_joins, lost_events = _count_lost(house, joins, batches)
    _say(f"taken and not in the database: {lost_joins} joins, {lost_events} events\n")
    faults = {
        "some answers were neither 200 nor 303": any(
            not set(one.statuses) <= TAKEN for one in run.by_route.values()
        ),
        "something was lost": lost_joins or lost_events,
        "the rate of joins was not reached": joined < wanted.joins_per_second * _SLACK,
        "the rate of events was not reached": told < wanted.events_per_second * _SLACK,
    }
    for words in (words for words, is_so in faults.items() if is_so):
        _say(f"FAILED: {words}\n")
    return int(any(faults.values()))


def _tell(route: str, answers: Answers, rate: float, unit: str) -> None:
    p50, p99 = (answers.percentile(share) * 1000 for share in (0.5, 0.99))
    _say(f"{route:20} {rate:7.0f} {unit:9} p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  ")
    _say(f"{dict(answers.statuses)}\n")


def _count_lost(house: House, joins: Answers, batches: Answers) -> tuple[int, int]:
    """A join is a person, their place on the list, and the mail that asks them to confirm.

    An event is a row that knows the letter which it is about.
    """
    subscriber, membership, asked = tables.subscriber, tables.membership, tables.transactional
    with house.database.read() as connection:
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


_say: Callable[[str], object] = sys.stdout.write

if __name__ == "__main__":
    sys.exit(main())
