"""Metrics for Prometheus, in a registry of our own."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lovecampaign.delivery.engine.fleet_metrics import FleetCollector
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.inbox_cursor import find_last_read
from lovecampaign.store.tables import campaign, email

#: From a static file to a form that waits for the database.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
#: Counter columns of the table ``email``, and their help texts.
_MAIL = {
    "accepted": "Messages that the provider accepted",
    "hard_bounces": "Messages to addresses that do not exist",
    "complaints": "Messages that subscribers reported as spam",
    "unsubscribes": "Messages from which a subscriber unsubscribed",
}


class Metrics:
    """HTTP counters of this process, and mail counters of the database."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "lovecampaign_http_requests",
            "Requests answered",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lovecampaign_http_request_seconds",
            "Time to the end of the answer",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(_MailCollector(database))
        self._registry.register(FleetCollector(database))
        #: Child metrics by labels: looking them up costs more than counting.
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        known = self._known.get((route, method, status))
        if known is None:
            known = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._known[route, method, status] = known
        requests, times = known
        requests.inc()
        times.observe(seconds)

    def exposition(self) -> bytes:
        """The text format; raises Unreachable where the database does not answer."""
        return generate_latest(self._registry)


class _MailCollector(Collector):
    """Reads the mail counters at each scrape; one row for each email."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Without it, registering would query the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        columns = [email.c[name] for name in _MAIL]
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(campaign.c.key.label("campaign"), email.c.key.label("email"), *columns)
                .join(campaign, campaign.c.id == email.c.campaign_id)
                .order_by(campaign.c.key, email.c.key)
            ).mappings()
            counts = [dict(row) for row in rows]
            read_at = find_last_read(connection)
        for name, meaning in _MAIL.items():
            family = CounterMetricFamily(
                f"lovecampaign_mail_{name}", meaning, labels=["campaign", "email"]
            )
            for row in counts:
                family.add_metric([row["campaign"], row["email"]], row[name])
            yield family
        if read_at is not None:
            yield GaugeMetricFamily(
                "lovecampaign_inbox_read_timestamp_seconds",
                "When the inbox was last read to its end",
                value=read_at.timestamp(),
            )
