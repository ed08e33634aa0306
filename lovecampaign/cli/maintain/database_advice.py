"""What to do about SQLite's file when it cannot be opened."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.settings import Settings
from lovecampaign.store.maintenance.write_probe import is_writable

READ_ONLY_HINT = "nothing is lost: make its disk and folder writable, then try again"
_BACKUP_HINT = "put a backup in its place, or name another file in LOVECAMPAIGN_DATABASE_URL"
_ACCESS_HINT = "check that LOVECAMPAIGN_DATABASE_URL names its file, and who may read and write it"
#: SQLite's words for SQLITE_CORRUPT and SQLITE_NOTADB.
_DAMAGED = ("malformed", "not a database")


def advise_about_file(settings: Settings, error: Unreachable) -> str:
    """The hint for an error about the workspace's database file."""
    path = settings.workspace / (make_url(settings.database_url).database or "")
    return choose_hint(error, is_writable=is_writable(path))


def choose_hint(error: Unreachable, *, is_writable: bool) -> str:
    """A backup undoes what was recorded since: it is advised for a damaged file alone."""
    words = error.message.lower()
    if any(sign in words for sign in _DAMAGED):
        return _BACKUP_HINT
    if not is_writable or "read-only" in words:
        return READ_ONLY_HINT
    if error.hint and "doctor" not in error.hint:
        return error.hint
    return _ACCESS_HINT
