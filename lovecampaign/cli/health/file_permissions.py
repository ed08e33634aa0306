"""Permissions of the files that hold subscribers or their mail.

They are made private; those of earlier versions, or copied by hand, may not be.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.audience.columns import EXPORTED
from lovecampaign.cli.health.health_finding import HealthFinding, doubtful
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.private_files import is_open_to_others
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.connect import connect
from lovecampaign.store.database.engine import Database

#: How an SQLite file begins (sqlite.org/fileformat2.html, section 1.3.1).
_SQLITE = b"SQLite format 3\x00"
_EXPORT = ",".join(EXPORTED).encode()
_BESIDE_DATABASE = ("", "-wal", "-shm", ".lock")
_NAMED = 5


def check_permissions(settings: Settings) -> Iterator[HealthFinding]:
    """Nothing where only the owner can read database, backups, exports, logs and outbox."""
    candidates = dict.fromkeys([*_own_files(settings), *_found_files(settings.workspace)])
    open_files = [path for path in candidates if is_open_to_others(path)]
    if open_files:
        shown = [str(_short(path, settings.workspace)) for path in open_files]
        more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
        words = shlex.join(shown)
        yield doubtful(
            "files",
            f"other users of this machine can read {', '.join(shown[:_NAMED])}{more}",
            f"type: cd {shlex.quote(str(settings.workspace))} && chmod -R go= {words}",
        )


def _own_files(settings: Settings) -> Iterator[Path]:
    file = _database_file(settings)
    if file is not None:
        yield from (file.with_name(file.name + ending) for ending in _BESIDE_DATABASE)
    yield settings.workspace / ".lovecampaign"
    kind, _, folder = settings.provider_url.strip().partition(":")
    if kind.lower() == "maildir" and folder:
        yield settings.workspace / folder


def _database_file(settings: Settings) -> Path | None:
    """SQLite's file; None for PostgreSQL, and for a URL that another finding is about."""
    try:
        engine = connect(settings.database_url, settings.workspace)
    except LovecampaignError:
        return None
    with contextlib.closing(Database(engine)) as database:
        return database.file


def _found_files(workspace: Path) -> Iterator[Path]:
    """Backups, exports and logs in the workspace itself, by how they begin."""
    for path in sorted(workspace.iterdir()):
        if path.is_file() and is_open_to_others(path):
            start = _start_of(path)
            if start.startswith((_SQLITE, _EXPORT)) or (path.suffix == ".log" and start):
                yield path


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(200)
    except OSError:
        return b""


def _short(path: Path, workspace: Path) -> Path:
    return path.relative_to(workspace) if path.is_relative_to(workspace) else path
