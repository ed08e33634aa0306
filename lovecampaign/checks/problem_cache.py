"""The cache on disk of what checks find in single emails."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lovecampaign.campaign.files.disk_cache import CACHE_FOLDER as _CACHE_FOLDER
from lovecampaign.campaign.files.disk_cache import PACKAGE, DiskCache
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.problems import Place, Problem, Severity

_KIND = "check"
#: Below the workspace.
CACHE_FOLDER = _CACHE_FOLDER / _KIND
#: Twenty versions of a month; an entry has some hundred bytes.
MAX_ENTRIES = 700


class ProblemCache:
    """Problems by key."""

    def __init__(self, workspace: Path) -> None:
        programs = [PACKAGE]
        with contextlib.suppress(LovecampaignError):
            programs.append(find_example() / EXAMPLE_CAMPAIGN)
        self._disk = DiskCache(workspace, _KIND, max_entries=MAX_ENTRIES, programs=programs)

    def get(self, key: str) -> tuple[Problem, ...] | None:
        """The stored problems; None without a sound entry."""
        written = self._disk.get(key)
        return None if written is None else tuple(map(_problem_from, json.loads(written)))

    def put(self, key: str, problems: Sequence[Problem]) -> None:
        """Store the problems."""
        self._disk.put(key, json.dumps([asdict(each) for each in problems]).encode())


def _problem_from(stored: dict[str, object]) -> Problem:
    place = stored["place"]
    fields = {
        **stored,
        "place": Place(**place) if isinstance(place, dict) else None,
        "severity": Severity(str(stored["severity"])),
    }
    return Problem(**fields)  # type: ignore[arg-type]  # as ``put`` wrote them
