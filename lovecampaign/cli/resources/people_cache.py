"""The cache on disk of what a check counts in the database, by the state of its file.

SQLAlchemy takes 0.2 s to import, and nothing has to be counted again as long as SQLite's files are
as they were. Names of subscribers are never stored: an erasure must not leave them behind.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from lovecampaign.campaign.files.disk_cache import PACKAGE, DiskCache
from lovecampaign.campaign.model.campaign import Campaign, Copy
from lovecampaign.checks.email_inputs import canonical
from lovecampaign.core.settings import Settings

_MAX_ENTRIES = 20
#: Of a file written less than this ago, a second change may have the same time.
_SETTLED_NS = 2_000_000_000
Counts = Mapping[str, Any]


def count_cached(
    campaign: Campaign, fields: Iterable[str], settings: Settings, count: Callable[[], Counts]
) -> Counts:
    """What ``count`` returns, or its earlier result for the same campaign and database."""
    state = _state_of(settings)
    if state is None:
        return count()
    disk = DiskCache(settings.workspace, "people", max_entries=_MAX_ENTRIES, programs=[PACKAGE])
    inputs = [
        canonical(_without_words(campaign)),
        *sorted(fields),
        *_codes(campaign),
        str(state),
        settings.database_url,
    ]
    key = sha256("\0".join(inputs).encode("utf-8", "surrogatepass")).hexdigest()
    if found := disk.get(key):
        return {name: _decoded(value) for name, value in json.loads(found).items()}
    counts = count()
    is_settled = time.time_ns() - max(at for _, _, at in state) > _SETTLED_NS
    is_unchanged = is_settled and _state_of(settings) == state
    if counts and is_unchanged and not counts.get("unpermitted_names"):
        disk.put(key, json.dumps(dict(counts), default=_encoded).encode())
    return counts


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the database, found out without SQLAlchemy; None for another database."""
    name, _, path = settings.database_url.partition(":///")
    return settings.workspace / path.partition("?")[0] if name == "sqlite" else None


def _state_of(settings: Settings) -> tuple[tuple[int, int, int], ...] | None:
    """Inode, size and time of change of the database's files; None for another database."""
    file = sqlite_file(settings)
    if file is None or not file.exists():
        return None
    # Journals of transactions in progress; an empty one is left by a reader.
    return tuple(_file_state(f"{file}{suffix}") for suffix in ("", "-wal", "-journal"))


def _file_state(path: str) -> tuple[int, int, int]:
    try:
        state = os.stat(path)  # noqa: PTH116 - beside the database, under its name
    except OSError:
        return (0, 0, 0)
    return (state.st_ino, state.st_size, state.st_mtime_ns) if state.st_size else (0, 0, 0)


def _without_words(campaign: Campaign) -> Campaign:
    """People are counted by settings; of the words, only the needed fields matter."""
    emails = (
        replace(one, subject="", preheader="", copy=Copy(text="", file=one.key), translations={})
        for one in campaign.emails
    )
    return replace(campaign, emails=tuple(emails))


def _codes(campaign: Campaign) -> Iterator[str]:
    """Hashes of the code files, which are compared with codes in the database."""
    for deal in campaign.deals.values():
        if deal.codes_file is not None:
            try:
                yield sha256((campaign.folder / deal.codes_file).read_bytes()).hexdigest()
            except OSError:
                yield "unreadable"


def _encoded(value: object) -> object:
    """JSON for what it lacks, as a list: no count is one."""
    return ["date", value.isoformat()] if isinstance(value, date) else ["set", sorted(value)]  # type: ignore[call-overload]  # all others are sets


def _decoded(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, content = value
    return date.fromisoformat(content) if kind == "date" else frozenset(content)
