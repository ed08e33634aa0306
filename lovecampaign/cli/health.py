"""How are the parts that mail depends on? Each is looked at, whatever the others say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urlsplit

from lovecampaign.campaign.load import load_campaign
from lovecampaign.campaign.workspace import list_campaigns
from lovecampaign.cli.findings import Finding, doubtful, good, unknown, unreachable, wrong
from lovecampaign.cli.invocation import Invocation
from lovecampaign.cli.name_server import NameServer
from lovecampaign.cli.sender_dns import look_at_sender
from lovecampaign.cli.words import local_time
from lovecampaign.errors import LovecampaignError, Unreachable
from lovecampaign.providers.base import Provider
from lovecampaign.providers.open import open_provider
from lovecampaign.settings import Settings
from lovecampaign.store.database import Database
from lovecampaign.store.history import read_newest_claim
from lovecampaign.store.schema_version import HEAD, open_database

_OTHERS_MAY_READ = 0o077
_SECONDS = 3.0


def look_at_everything(invocation: Invocation) -> Iterator[Finding]:
    """Settings, database and clock, provider, public address, and each campaign's sender."""
    settings = invocation.settings()
    yield from look_at_settings(settings)
    yield from _look_at_database(settings, invocation.now)
    provider = None
    try:
        provider = open_provider(settings)
    except LovecampaignError as error:
        yield wrong("provider", error.message, error.hint or "")
    if provider is not None:
        with contextlib.closing(provider):
            yield look_at_provider(provider)
            yield look_at_public_url(settings, provider)
    yield from _look_at_senders(settings)


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """The key that signs links, and who may read the file that holds it."""
    file = settings.workspace / ".env"
    if not settings.secret_keys:
        hint = "type: lovecampaign new NAME (it writes one to .env), or set the variable"
        yield wrong("settings", "LOVECAMPAIGN_SECRET_KEY is not set", hint)
    elif file.is_file() and file.stat().st_mode & _OTHERS_MAY_READ:
        yield wrong("settings", f"others may read {file}", f"type: chmod 600 {file}")
    else:
        yield good("settings", f"workspace {settings.workspace}")


def look_at_provider(provider: Provider) -> Finding:
    """Whether it lets us in; nothing is sent."""
    try:
        provider.prove()
    except Unreachable as error:
        return unreachable("provider", error.message, error.hint)
    except LovecampaignError as error:
        return wrong("provider", error.message, error.hint or "")
    return good("provider", provider.name)


def look_at_public_url(settings: Settings, provider: Provider) -> Finding:
    """Where readers' links lead: reachable, and over https where mail really leaves."""
    url = urlsplit(settings.public_url)
    if not provider.leaves_machine:
        return good("public url", f"{settings.public_url}; mail stays on this machine")
    if url.scheme != "https":
        hint = "set LOVECAMPAIGN_PUBLIC_URL to the https address where serve is reached"
        return wrong("public url", f"{settings.public_url} is no https address", hint)
    return _ask_public_url(settings.public_url)


def _ask_public_url(public_url: str) -> Finding:
    import urllib3  # only where mail leaves the machine

    try:
        answer = urllib3.request(
            "GET", f"{public_url}/healthz", timeout=_SECONDS, retries=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        return unknown("public url", f"could not ask {public_url}: {type(error).__name__}")
    if answer.status == 200:
        return good("public url", public_url)
    return doubtful(
        "public url",
        f"{public_url}/healthz answers {answer.status}",
        "check that lovecampaign serve runs behind that address",
    )


def _look_at_database(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        with contextlib.closing(open_database(settings)) as database:
            yield good("database", f"{database.name}, version {HEAD}")
            yield look_at_clock(database, now)
    except Unreachable as error:
        hint = "check LOVECAMPAIGN_DATABASE_URL, and that the server is up"
        yield unreachable("database", error.message, hint)
    except LovecampaignError as error:
        yield wrong("database", error.message, error.hint or "")


def look_at_clock(database: Database, now: datetime) -> Finding:
    """A clock behind the ledger was set back: what is due would wait."""
    newest = read_newest_claim(database)
    shown = f"{local_time(now, 'UTC')} UTC, time zones of tzdata {version('tzdata')}"
    if newest is not None and newest > now:
        last = local_time(newest, "UTC")
        hint = "set the clock right, or wait: nothing is lost"
        return wrong("clock", f"{shown}; the ledger was written at {last} UTC", hint)
    return good("clock", shown)


def _look_at_senders(settings: Settings) -> Iterator[Finding]:
    records = NameServer()
    folders = list_campaigns(settings.workspace)
    loaded = [load_campaign(folder, settings.workspace).campaign for folder in folders]
    senders = {
        (campaign.sender.email, campaign.sender.reply_to): None for campaign in loaded if campaign
    }
    for sender, reply_to in senders:
        yield from look_at_sender(sender, reply_to, records)
