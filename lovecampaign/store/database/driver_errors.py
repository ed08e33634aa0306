"""Errors of the database drivers in words for operators."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.core.errors import DatabaseBusy, Unreachable
from lovecampaign.core.masking import mask_passwords


def translate_driver_error(
    driver_words: str, name: str, file: Path | None, busy_timeout_seconds: float
) -> Unreachable:
    """The error of a driver as one for the operator; ``name`` is the database's URL for messages,
    and ``file`` SQLite's file.
    """
    words = mask_passwords((driver_words.strip().splitlines() or ["no answer"])[0])
    lowered = words.lower()
    if file is not None and _has_lost_its_file(lowered, file):
        return Unreachable(
            f"the file of the database {name} was moved, deleted or replaced",
            hint="put it back, with its -wal file, and restart the commands that use it",
        )
    if "disk is full" in lowered or "no space left" in lowered:
        return Unreachable(
            f"no space is left for the database {name}",
            hint="free some space and run the same command again: nothing is lost",
        )
    if "readonly" in lowered or "read-only" in lowered:
        return Unreachable(
            f"the database {name} can only be read: its file, folder or disk is read-only",
            hint="fix that, or name another database in LOVECAMPAIGN_DATABASE_URL",
        )
    if "locked" in lowered:
        return DatabaseBusy(
            f"another process kept the database {name} for over {busy_timeout_seconds:g} s",
            hint="wait until it ends (an import or a backup?) and run the same command again",
        )
    return Unreachable(f"the database {name} says: {words}", hint="type: lovecampaign doctor")


def _has_lost_its_file(lowered: str, file: Path) -> bool:
    """SQLite says "readonly" for a file that is gone, and creates a new, empty one."""
    return "no such table" in lowered or ("readonly" in lowered and not file.exists())
