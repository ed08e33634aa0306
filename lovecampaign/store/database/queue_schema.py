"""The tables of Procrastinate's queue: created and migrated in the order of its files.

Procrastinate keeps no version. The name of the last file that was applied is the comment of its
table of jobs, so that it goes wherever the table goes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.settings import Engine, Settings
from lovecampaign.store.database.engine import Database

_JOBS = "procrastinate_jobs"
_COMMENT_START = "lovecampaign applied "
_COMMENT = sa.text(f"SELECT obj_description(to_regclass('{_JOBS}'))")
_EXISTS = sa.text(f"SELECT to_regclass('{_JOBS}') IS NOT NULL")
_MISSING = "the engine procrastinate needs another package"
_INSTALL = "type: pip install 'lovecampaign[cluster]'"


def upgrade_queue(database: Database, settings: Settings) -> bool:
    """Create or migrate the queue where the engine needs it or its tables are there.

    Returns whether anything changed. Raises UsageError without the package or on SQLite, and
    Unreachable for tables of an unknown version.
    """
    is_wanted = settings.engine is Engine.PROCRASTINATE
    if is_wanted:
        require_installed(database)
    if database.is_sqlite or importlib.util.find_spec("procrastinate") is None:
        return False
    with database.write() as connection:
        if not is_wanted and not connection.scalar(_EXISTS):
            return False
        return migrate_queue(connection, _find_migrations(), _read_schema(), database.name)


def require_queue(database: Database) -> None:
    """Raises LovecampaignError where the queue's tables are not those of the installed package."""
    require_installed(database)
    known = [path.stem for path in _find_migrations()]
    with database.read() as connection:
        version = _read_version(connection, known, database.name)
    if version != known[-1]:
        raise UsageError(
            f"the queue in {database.name} {'is older' if version else 'has no tables'}"
            f"{' than this program' if version else ' yet'}",
            hint="type: lovecampaign db upgrade",
        )


def require_installed(database: Database) -> None:
    """Raises UsageError on SQLite, and without the package."""
    if database.is_sqlite:
        raise UsageError(
            "the engine procrastinate needs PostgreSQL, and this database is SQLite",
            hint="set LOVECAMPAIGN_DATABASE_URL to postgresql://…, or leave LOVECAMPAIGN_ENGINE "
            "out: send and run need no workers",
        )
    if importlib.util.find_spec("procrastinate") is None:
        raise UsageError(_MISSING, hint=_INSTALL)


def migrate_queue(
    connection: Connection, migrations: Sequence[Path], schema: str, name: str
) -> bool:
    """Apply what is missing, in order; returns whether anything was.

    ``schema`` makes all tables at once in an empty database.
    """
    known = [path.stem for path in migrations]
    version = _read_version(connection, known, name)
    if version == known[-1]:
        return False
    if version is None:
        _execute(connection, schema)
    else:
        for path in migrations[known.index(version) + 1 :]:
            _execute(connection, path.read_text("utf-8"))
    _execute(connection, f"COMMENT ON TABLE {_JOBS} IS '{_COMMENT_START}{known[-1]}'")
    return True


def _read_version(connection: Connection, known: Sequence[str], name: str) -> str | None:
    """The last migration that was applied; None without tables. Refuses one that is not known."""
    if not connection.scalar(_EXISTS):
        return None
    comment = str(connection.scalar(_COMMENT) or "")
    version = comment.removeprefix(_COMMENT_START)
    if not comment.startswith(_COMMENT_START):
        raise Unreachable(
            f"{name} has tables of Procrastinate that another program made: their version is not "
            "known",
            hint="give lovecampaign a schema or database of its own: ?options=-csearch_path%3DNAME",
        )
    if version not in known:
        raise Unreachable(
            f"the queue in {name} was made by a newer Procrastinate ({version})",
            hint="update this one: pip install --upgrade 'lovecampaign[cluster]'",
        )
    return version


def _find_migrations() -> list[Path]:
    from procrastinate.schema import SchemaManager

    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _read_schema() -> str:
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


def _execute(connection: Connection, script: str) -> None:
    """Several statements at once, without parameters: a % is itself."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise ValueError("a transaction has a connection")
    driver.execute(script)
