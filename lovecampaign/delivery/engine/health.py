"""A worker's own health and metrics over HTTP, for supervisors and Prometheus."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, generate_latest

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.delivery.engine.batch_job import BatchReport
from lovecampaign.delivery.engine.fleet_metrics import FleetCollector
from lovecampaign.delivery.engine.worker import Worker

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_OUTCOMES = ("sent", "failed", "skipped", "in_doubt")


class WorkerMetrics:
    """What this process has done; and the fleet's numbers."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._registry = CollectorRegistry()
        self._outcomes = Counter(
            "lovecampaign_outcomes",
            "Deliveries of this worker by outcome",
            ["outcome"],
            registry=self._registry,
        )
        self._rescued = Counter(
            "lovecampaign_jobs_rescued",
            "Batches of dead workers that this worker put back",
            registry=self._registry,
        )
        self._rescued_before = 0
        self._registry.register(FleetCollector(worker.plan.database))

    def count(self, report: BatchReport) -> None:
        for outcome in _OUTCOMES:
            self._outcomes.labels(outcome).inc(getattr(report, outcome))

    def exposition(self) -> bytes:
        """The text format; raises Unreachable where the database does not answer."""
        self._rescued.inc(self._worker.rescued - self._rescued_before)
        self._rescued_before = self._worker.rescued
        return generate_latest(self._registry)

    def health(self) -> tuple[bool, dict[str, object]]:
        slots = self._worker.plan.slots.all
        outage = self._worker.outage
        return outage is None, {
            "healthy": outage is None,
            "outage": outage,
            "slots": len(slots),
            "busy": sum(slot.is_busy for slot in slots),
        }


@contextlib.contextmanager
def serving_health(metrics: WorkerMetrics, host: str, port: int) -> Iterator[int]:
    """Answer ``/healthz`` and ``/metrics`` while the block runs; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                is_healthy, said = metrics.health()
                self._answer(200 if is_healthy else 503, "application/json", json.dumps(said))
            elif self.path == "/metrics":
                try:
                    self._answer(200, _TEXT, metrics.exposition().decode())
                except LovecampaignError as error:
                    self._answer(503, _TEXT, f"{error.message}\n")
            else:
                self._answer(404, _TEXT, "there are /healthz and /metrics\n")

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Probes come every few seconds: no line for each."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
