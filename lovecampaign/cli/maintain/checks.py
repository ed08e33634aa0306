"""How are the parts that mail depends on? Each is looked at, whatever the others say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version as version_of
from urllib.parse import urlsplit

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.maintain.findings import Finding, doubtful, good, unknown, unreachable, wrong
from lovecampaign.cli.maintain.name_server import NameServer
from lovecampaign.cli.maintain.secret_strength import is_weak_key, look_at_secrets
from lovecampaign.cli.maintain.sender_dns import look_at_sender
from lovecampaign.cli.output.words import local_time
from lovecampaign.core.errors import LovecampaignError, Unreachable
from lovecampaign.core.settings import ADDRESS_EXAMPLES, MAKE_A_KEY, Settings
from lovecampaign.providers.base.provider import Provider
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import HEAD, find_database
from lovecampaign.store.subscribers.history import read_newest_claim
from lovecampaign.web.serve.webhooks.sendgrid_signature import verifier

EVENTS_PATH = "/webhooks/sendgrid"
_OTHERS_MAY_READ = 0o077
_SECONDS = 3.0
_SERVER_HINT = "check LOVECAMPAIGN_DATABASE_URL, and that the server is up"
_FILE_HINT = "put a backup in its place, or name another file in LOVECAMPAIGN_DATABASE_URL"
_NAMES = {"LOVECAMPAIGN_PUBLIC_URL": "public url", "LOVECAMPAIGN_MEDIA_URL": "media url"}


def look_at_everything(invocation: Invocation) -> Iterator[Finding]:
    """Settings, database and clock, provider, public address, and each campaign's sender."""
    settings = invocation.settings()
    yield from look_at_settings(settings)
    yield from look_at_secrets(settings)
    yield from look_at_database(settings, invocation.now)
    yield from look_at_webhook(settings)
    faults = list(look_at_web_addresses(settings))
    yield from faults
    yield from _look_at_way_out(settings, has_faults=bool(faults))
    yield from _look_at_senders(settings)


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """The key that signs links, and who may read the file that holds it."""
    file = settings.workspace / ".env"
    if not settings.secret_keys:
        hint = f"type: cd {settings.workspace} && {MAKE_A_KEY}"
        yield wrong("settings", "LOVECAMPAIGN_SECRET_KEY is not set", hint)
    elif file.is_file() and file.stat().st_mode & _OTHERS_MAY_READ:
        yield wrong("settings", f"others may read {file}", f"type: chmod 600 {file}")
    elif any(map(is_weak_key, settings.secret_keys)):
        yield doubtful(
            "settings",
            "LOVECAMPAIGN_SECRET_KEY is short enough to be guessed; who guesses it can forge links",
            "put a key of 32 random characters first, and the old one behind a comma: links in "
            "mail that is out go on working",
        )
    else:
        yield good("settings", f"workspace {settings.workspace}")


def look_at_web_addresses(settings: Settings) -> Iterator[Finding]:
    """What is wrong with the addresses to which mail links."""
    for variable, fault in settings.find_address_faults():
        if variable in _NAMES:  # of the others the provider speaks
            hint = f"write it like {ADDRESS_EXAMPLES[variable]}"
            yield wrong(_NAMES[variable], f"{variable} {fault}", hint)


def look_at_webhook(settings: Settings) -> Iterator[Finding]:
    """Whether SendGrid can tell what becomes of mail that leaves by it."""
    key = settings.sendgrid_webhook_public_key
    if key is None:
        if settings.provider_url.strip().lower().startswith("sendgrid:"):
            yield doubtful(
                "events",
                "SENDGRID_WEBHOOK_PUBLIC_KEY is not set, so bounces and complaints stay unknown",
                f"in SendGrid, let the event webhook post to {settings.public_url}{EVENTS_PATH}, "
                "switch Signature Verification on, and copy its key",
            )
        return
    try:
        verifier(key)
    except LovecampaignError as error:
        yield wrong("events", error.message, error.hint or "")
    else:
        yield good("events", f"SendGrid's are taken at {settings.public_url}{EVENTS_PATH}")


def _look_at_way_out(settings: Settings, *, has_faults: bool) -> Iterator[Finding]:
    """The provider, and what only it can tell: whether readers must reach the public address."""
    try:
        provider = open_provider(settings)
    except LovecampaignError as error:
        yield wrong("provider", error.message, error.hint or "")
        return
    with contextlib.closing(provider):
        yield look_at_provider(provider)
        if not has_faults:
            yield look_at_public_url(settings, provider)


def look_at_provider(provider: Provider) -> Finding:
    """Whether it lets us in; nothing is sent."""
    try:
        provider.check_connection()
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


def look_at_database(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether it answers, and how old its tables are; nothing is made or upgraded."""
    try:
        database, version = find_database(settings)
        with contextlib.closing(database):
            yield _look_at_version(database, version)
            yield look_at_clock(now, read_newest_claim(database) if version == HEAD else None)
    except Unreachable as error:
        is_file = settings.database_url.startswith("sqlite")
        yield unreachable("database", error.message, _FILE_HINT if is_file else _SERVER_HINT)
    except LovecampaignError as error:
        yield wrong("database", error.message, error.hint or "")


def _look_at_version(database: Database, version: str | None) -> Finding:
    if version == HEAD:
        return good("database", f"{database.name}, version {HEAD}")
    if database.file is not None and not database.file.parent.is_dir():
        return wrong("database", f"there is no folder {database.file.parent}", _FILE_HINT)
    if version is None:
        return good("database", f"{database.name}, without tables: the first use makes them")
    message = f"{database.name}, version {version}, and this program needs {HEAD}"
    if database.is_sqlite:
        return good("database", f"{message}: the next use upgrades it")
    return wrong("database", message, "type: lovecampaign db upgrade")


def look_at_clock(now: datetime, newest_claim: datetime | None) -> Finding:
    """A clock behind the ledger was set back: what is due would wait."""
    shown = f"{local_time(now, 'UTC')} UTC, time zones of tzdata {version_of('tzdata')}"
    if newest_claim is not None and newest_claim > now:
        last = local_time(newest_claim, "UTC")
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
