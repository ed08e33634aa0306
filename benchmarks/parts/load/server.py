"""The server under load: a workspace with a ledger, a mail sink and a real `serve` process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import RowKey
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.testing.sendgrid_events import Webhook

SECRET_KEY = "a key of the load test"  # noqa: S105 - of the load test only
PASSWORD = "a password of the load test"  # noqa: S105 - of the load test only
_TOMORROW = datetime.now(UTC).date() + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadServer:
    """A running `serve` with its database and campaign."""

    port: int
    process_id: int
    database: Database
    campaign: Campaign
    #: Signs events as SendGrid does.
    webhook: Webhook
    #: Sent deliveries.
    deliveries: Sequence[RowKey]

    def cpu_seconds(self) -> float:
        """CPU time of ``serve`` so far; 0 where there is no /proc."""
        file = Path(f"/proc/{self.process_id}/stat")
        if not file.exists():
            return 0.0
        user, system = file.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running_server(workspace: Path, database_url: str, deliveries: int) -> Iterator[LoadServer]:
    """`serve` on loopback, for a campaign that has sent its first email that many times."""
    webhook = Webhook()
    settings = Settings(workspace=workspace, database_url=database_url, secret_keys=(SECRET_KEY,))
    folder = write_campaign(workspace, start=_TOMORROW)
    campaign = load_campaign(folder, workspace).campaign
    if campaign is None:
        raise SystemExit("the campaign of the load run has mistakes")
    with (
        contextlib.closing(open_database(settings)) as database,
        _process("lovecampaign.testing.smtp_server") as sink,
    ):
        ids = _add_deliveries(database, campaign, deliveries)
        variables = {
            "LOVECAMPAIGN_DATABASE_URL": database_url,
            "LOVECAMPAIGN_SECRET_KEY": SECRET_KEY,
            "LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{sink.line.split()[-1]}",
            "LOVECAMPAIGN_TRUSTED_PROXIES": "127.0.0.1",
            "LOVECAMPAIGN_DASHBOARD_PASSWORD": PASSWORD,
            "SENDGRID_WEBHOOK_PUBLIC_KEY": webhook.public_key,
        }
        words = ["-C", str(workspace), "serve", "--port", "0", "--json"]
        log = ["--access-log", str(workspace / "access.log")]
        with _process("lovecampaign", *words, *log, **variables) as serve:
            yield LoadServer(
                port=urlsplit(json.loads(serve.line)["data"]["url"]).port or 0,
                process_id=serve.id,
                database=database,
                campaign=campaign,
                webhook=webhook,
                deliveries=ids,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """A running process."""

    id: int
    #: Its first line on stdout.
    line: str


@contextlib.contextmanager
def _process(module: str, *arguments: str, **variables: str) -> Iterator[_Process]:
    """Run a module until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SystemExit(f"{module} did not start")
        yield _Process(id=process.pid, line=line)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _add_deliveries(database: Database, campaign: Campaign, count: int) -> Sequence[RowKey]:
    record, now = record_campaign(database, campaign), datetime.now(UTC) - timedelta(minutes=5)
    with database.write() as connection:
        people = [
            {
                "address_key": f"reader{number}@readers.example",
                "email": f"reader{number}@readers.example",
                "fields": {},
                "created_at": now,
                "updated_at": now,
            }
            for number in range(count)
        ]
        connection.execute(sa.insert(tables.subscriber), people)
        same = {
            "campaign_id": record.id,
            "email_id": record.email_ids["day-01"],
            "state": tables.DeliveryState.SENT.value,
            "due": now,
            "next_try_at": now,
            "claimed_at": now,
        }
        ids = connection.scalars(sa.select(tables.subscriber.c.id).order_by(tables.subscriber.c.id))
        connection.execute(
            sa.insert(tables.delivery), [{**same, "subscriber_id": one} for one in ids]
        )
        rows = connection.execute(sa.select(tables.delivery.c.id, tables.delivery.c.nonce))
        return [RowKey(row.id, row.nonce) for row in rows]
