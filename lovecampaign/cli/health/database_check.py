"""Health checks of the database and of the clock against its rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from lovecampaign.cli.health.health_finding import (
    HealthFinding,
    HealthState,
    good,
    unreachable,
    wrong,
)
from lovecampaign.cli.output.format import local_time
from lovecampaign.core.errors import LovecampaignError, Unreachable
from lovecampaign.core.settings import Engine, Settings
from lovecampaign.core.zones import TZ_DATABASE, UPGRADE_COMMAND
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import require_queue
from lovecampaign.store.database.schema_version import HEAD, find_database
from lovecampaign.store.database.session_probe import require_sessions
from lovecampaign.store.ledger.lookup import read_newest_claim
from lovecampaign.store.maintenance.tz_versions import read_newest_tz, warning_of_newer_tz
from lovecampaign.store.maintenance.write_probe import probe_write
from lovecampaign.store.sending.server_notes import list_notes

_FOLDER_HINT = "create it, or name another file in LOVECAMPAIGN_DATABASE_URL"


def check_database(settings: Settings, now: datetime) -> Iterator[HealthFinding]:
    """Whether it answers, and the version of its tables; nothing is created or upgraded."""
    try:
        database, version = find_database(settings)
        with contextlib.closing(database):
            yield _check_version(database, version)
            yield check_clock(now, read_newest_claim(database) if version == HEAD else None)
            if version == HEAD and (warning := warning_of_newer_tz(read_newest_tz(database))):
                yield wrong("tz database", warning, f"type: {UPGRADE_COMMAND}")
            for server, reason in list_notes(database).items() if version == HEAD else ():
                yield _remembered(server, reason)
            if version == HEAD and settings.engine is Engine.PROCRASTINATE:
                require_queue(database)
                require_sessions(database)
                yield good("engine", "procrastinate: the queue is there")
    except Unreachable as error:
        yield unreachable("database", error.message, error.hint)
    except LovecampaignError as error:
        yield wrong("database", error.message, error.hint or "")


def _check_version(database: Database, version: str | None) -> HealthFinding:
    """The version of the tables, after a write; raises where that fails."""
    if version == HEAD:
        probe_write(database)
        return good("database", f"{database.name}, version {HEAD}")
    if database.file is not None and not database.file.parent.is_dir():
        return wrong("database", f"there is no folder {database.file.parent}", _FOLDER_HINT)
    if version is None:
        probe_write(database)
        return good("database", f"{database.name}, without tables: the first use creates them")
    message = f"{database.name}, version {version}, and this program needs {HEAD}"
    if database.is_sqlite:
        return good("database", f"{message}: the next use upgrades it")
    return wrong("database", message, "type: lovecampaign db upgrade")


def _remembered(server: str, reason: str) -> HealthFinding:
    message = f"nothing is sent ahead to {server} any more, which is slower: {reason}"
    hint = "once that server is another one, type: lovecampaign doctor --forget-servers"
    return HealthFinding(name="server", state=HealthState.GOOD, message=message, hint=hint)


def check_clock(now: datetime, newest_claim: datetime | None) -> HealthFinding:
    """A clock behind the ledger's newest claim was set back: due deliveries would wait."""
    shown = f"{local_time(now, 'UTC')} UTC, {TZ_DATABASE.description}"
    if newest_claim is not None and newest_claim > now:
        last = local_time(newest_claim, "UTC")
        hint = "set the clock right, or wait: nothing is lost"
        return wrong("clock", f"{shown}; the ledger has a claim of {last} UTC", hint)
    return good("clock", shown)
