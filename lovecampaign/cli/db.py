"""How is the database looked after? The verb ``db``."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from lovecampaign.cli.invocation import Invocation, verb, verb_group
from lovecampaign.cli.new_file import read_new_file
from lovecampaign.cli.opening import opened_database
from lovecampaign.cli.result import Result
from lovecampaign.store.backup import back_up
from lovecampaign.store.database import Database, connect
from lovecampaign.store.schema_version import HEAD
from lovecampaign.store.schema_version import upgrade as upgrade_tables


@verb_group("db")
def db() -> None:
    """Upgrade the database, or copy it while mail goes out."""


@verb("upgrade", db)
def upgrade(invocation: Invocation) -> Result:
    """Bring the tables to the version of this program."""
    settings = invocation.settings()
    engine = connect(settings.database_url, settings.workspace)
    with contextlib.closing(Database(engine)) as database:
        has_changed = upgrade_tables(database)
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
    """Write a consistent copy to FILE, also while mail goes out.

    The copy is an SQLite file, whatever the database is.
    """
    with opened_database(invocation) as database:
        back_up(database, file)
    return Result(
        data={"file": str(file), "bytes": file.stat().st_size},
        text=f"{file}: {file.stat().st_size:,} bytes",
        next_command=f"LOVECAMPAIGN_DATABASE_URL=sqlite:///{file.resolve()} lovecampaign status",
    )
