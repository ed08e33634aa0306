"""Speed of workers with the engine Procrastinate, next to processes of one send."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from benchmarks.figures import Figure, Measured
from benchmarks.parts.smtp_peers import SESSIONS
from benchmarks.rounds import ratio_to, run_rounds
from benchmarks.sinks import Sink, smtp_sink
from benchmarks.workspace import DAY_1, SECRET, add_subscribers, make_workspace, settings_of
from lovecampaign.core.clock import format_instant
from lovecampaign.core.settings import Engine
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import upgrade_queue
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.tables import delivery, owner
from tests.support.postgres import PostgresServer

PART = "Workers"
WORKERS, PROCESSES = "3 workers", "send --processes 3"
LEAST_TIMES_PROCESSES = 0.9
_FLEET, _SUBSCRIBERS = 3, 40_000
_OPEN = ("planned", "claimed")


def measure(rounds: int) -> Measured:
    """From the command to the last outcome, on one PostgreSQL; the workers wait for work."""
    with (
        tempfile.TemporaryDirectory() as name,
        smtp_sink() as sink,
        PostgresServer.started() as server,
        server.database() as template,
    ):
        folder = Path(name)
        make_workspace(folder)
        settings = replace(settings_of(folder, template), engine=Engine.PROCRASTINATE)
        with closing(open_database(settings)) as database:
            upgrade_queue(database, settings)
            add_subscribers(database, _SUBSCRIBERS)
        fleet = _Fleet(folder=folder, server=server, template=template, sink=sink)
        stats = run_rounds({WORKERS: fleet.by_workers, PROCESSES: fleet.by_processes}, rounds)
    return [
        Figure(
            part=PART,
            name=f"{WORKERS}, SMTP, PostgreSQL",
            value=stats[WORKERS].median,
            unit="recipients/s",
            ratios=[ratio_to(stats, WORKERS, PROCESSES, LEAST_TIMES_PROCESSES)],
            note=f"64 KB letters to {sink.name} on the same processors, planning included",
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fleet:
    folder: Path
    server: PostgresServer
    template: str
    sink: Sink

    def by_processes(self) -> float:
        with self.server.filled_copy_of(self.template) as url:
            began = time.perf_counter()
            self._start(url, "send", "--processes", str(_FLEET)).wait()
            seconds = time.perf_counter() - began
            with self._opened(url) as database:
                return _count_sent(database) / seconds

    def by_workers(self) -> float:
        with self.server.filled_copy_of(self.template) as url, self._opened(url) as database:
            workers = [self._start(url, "worker", engine=True) for _ in range(_FLEET)]
            _wait_until(database, _HEARTBEATS, at_least=_FLEET)
            began = time.perf_counter()
            self._start(url, "run", engine=True).wait()
            _wait_until(database, _SETTLED, at_least=_count(database, _ALL))
            seconds = time.perf_counter() - began
            for each in workers:
                each.send_signal(signal.SIGTERM)
            for each in workers:
                each.wait()
            return _count_sent(database) / seconds

    def _start(self, url: str, *words: str, engine: bool = False) -> subprocess.Popen[bytes]:
        provider = f"smtp://127.0.0.1:{self.sink.port}?connections={SESSIONS}&ahead=yes"
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "lovecampaign", *words, "--yes", "--quiet"),
                *("--now", format_instant(DAY_1), "-C", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "LOVECAMPAIGN_DATABASE_URL": url,
                "LOVECAMPAIGN_SECRET_KEY": SECRET,
                "LOVECAMPAIGN_PROVIDER": provider,
                "LOVECAMPAIGN_PUBLIC_URL": "https://bloom.example",
                "LOVECAMPAIGN_MEDIA_URL": "https://bloom.example/i",
                "LOVECAMPAIGN_ENGINE": Engine.PROCRASTINATE if engine else Engine.IN_PROCESS,
            },
        )

    @contextlib.contextmanager
    def _opened(self, url: str) -> Iterator[Database]:
        with closing(open_database(settings_of(self.folder, url))) as database:
            yield database


_ALL = sa.select(sa.func.count()).select_from(delivery)
_SETTLED = _ALL.where(delivery.c.state.not_in(_OPEN))
_HEARTBEATS = sa.select(sa.func.count()).select_from(owner).where(owner.c.seen_at.is_not(None))


def _wait_until(database: Database, query: sa.Select[int], at_least: int) -> None:
    while _count(database, query) < at_least:
        time.sleep(0.1)


def _count(database: Database, query: sa.Select[int]) -> int:
    with database.read() as connection:
        return connection.scalar(query) or 0


def _count_sent(database: Database) -> int:
    return _count(database, _ALL.where(delivery.c.state == "sent"))
