"""The verb ``db``: upgrade, backup and copy of the database."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import click

from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.file_arguments import read_new_file
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.errors import UsageError
from lovecampaign.store.database.connect import require_url
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import upgrade_queue
from lovecampaign.store.database.schema_version import (
    HEAD,
    connect_database,
    find_database,
    open_database,
)
from lovecampaign.store.database.schema_version import upgrade as upgrade_tables
from lovecampaign.store.maintenance.copy import back_up, copy_everything


@verb_group("db")
def db() -> None:
    """Upgrade the database, back it up, or move to another."""


@verb("upgrade", db)
def upgrade(invocation: Invocation) -> Result:
    """Bring the tables to the version of this program."""
    settings = invocation.settings()
    with contextlib.closing(connect_database(settings)) as database:
        has_changed = upgrade_tables(database)
        has_changed |= upgrade_queue(database, settings)
        name = database.name
    words = f"upgraded to version {HEAD}" if has_changed else f"at version {HEAD} already"
    return Result(
        data={"database": name, "version": HEAD, "upgraded": has_changed},
        text=f"{name}: {words}",
        next_command="lovecampaign doctor",
    )


@verb("backup", db)
@click.argument("file", type=read_new_file, metavar="FILE")
def backup(invocation: Invocation, file: Path) -> Result:
    """Write a consistent copy to FILE, even while mail is being sent.

    The copy is an SQLite file, whatever the database is.
    """
    with opened_database(invocation) as database:
        back_up(database, file)
    return Result(
        data={"file": file, "bytes": file.stat().st_size},
        text=f"{file}: {file.stat().st_size:,} bytes",
        next_command=f"LOVECAMPAIGN_DATABASE_URL=sqlite:///{file.resolve()} lovecampaign status",
    )


@verb("copy", db)
@click.argument("from_url", metavar="FROM_URL")
@click.argument("to_url", metavar="TO_URL")
def copy(invocation: Invocation, from_url: str, to_url: str) -> Result:
    """Move everything into another, empty database.

    Write URLs as in LOVECAMPAIGN_DATABASE_URL; put passwords into PGPASSWORD or ~/.pgpass.
    Stop run and serve first: what they write during the copy is not copied.
    """
    for text, name in ((from_url, "FROM_URL"), (to_url, "TO_URL")):
        require_url(text, name)
    settings = invocation.settings()
    source, version = find_database(replace(settings, database_url=from_url))
    with contextlib.closing(source):
        _require_head(source, version)
        with contextlib.closing(open_database(replace(settings, database_url=to_url))) as target:
            copied = copy_everything(source, target)
            names = source.name, target.name
    return Result(
        data={"from": names[0], "to": names[1], "rows": sum(copied.values()), "tables": copied},
        text=f"{sum(copied.values()):,} rows of {len(copied)} tables from {names[0]} "
        f"to {names[1]}.\nFrom now on, set LOVECAMPAIGN_DATABASE_URL to the second.",
        next_command="lovecampaign doctor",
    )


def _require_head(source: Database, version: str | None) -> None:
    if version is None:
        raise UsageError(f"{source.name} has no tables: there is nothing to copy")
    if version != HEAD:
        raise UsageError(
            f"the tables in {source.name} are older than this program",
            hint="with LOVECAMPAIGN_DATABASE_URL set to it, type: lovecampaign db upgrade",
        )
