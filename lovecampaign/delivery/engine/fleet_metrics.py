"""Prometheus metrics of the sending fleet, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.fleet import count_fleet, list_workers


class FleetCollector(Collector):
    """Lag, deliveries in doubt, the limiter's wait and the workers' heartbeats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Without it, registering would query the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        now = datetime.now(UTC)
        with self._database.read() as connection:
            counts, workers = count_fleet(connection, now), list_workers(connection)
        yield _gauge(
            "lovecampaign_lag_seconds",
            "Age of the oldest delivery that is due and not sent",
            "campaign",
            {key: (now - due).total_seconds() for key, due in counts.oldest_due.items()},
        )
        yield _gauge(
            "lovecampaign_in_doubt", "Deliveries in doubt", "campaign", dict(counts.in_doubt)
        )
        yield _gauge(
            "lovecampaign_limiter_wait_seconds",
            "How long the next message waits for the pace",
            "provider",
            dict(counts.limiter_wait),
        )
        yield _gauge(
            "lovecampaign_worker_heartbeat_age_seconds",
            "Seconds since the last heartbeat of a worker",
            "worker",
            {f"{one.host}:{one.pid}": (now - one.seen_at).total_seconds() for one in workers},
        )


def _gauge(name: str, meaning: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
