"""The cache on disk of what checks find in single emails.

A result is stored under a hash of all that it depends on, so nothing has to be invalidated: an
edit leads to another name. An entry that is missing, torn or not ours is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from threading import get_ident

from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.private_files import make_private_folder, open_private
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.core.zones import TZ_DATABASE

#: Below the workspace.
CACHE_FOLDER = Path(".lovecampaign") / "cache" / "check"
#: Twenty versions of a month; an entry has some hundred bytes.
MAX_ENTRIES = 700
_PACKAGE = Path(__file__).resolve().parents[1]


class ProblemCache:
    """Problems by key, one small file each; safe between threads and processes.

    A folder that cannot be written is a cache that stays empty.
    """

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / CACHE_FOLDER

    def get(self, key: str) -> tuple[Problem, ...] | None:
        """The stored problems; None without a sound entry."""
        try:
            stored = self._file(key).read_bytes()
        except OSError:
            return None
        digest, _, written = stored.partition(b"\n")
        if digest != _digest(key, written):
            return None
        return tuple(map(_problem_from, json.loads(written)))

    def put(self, key: str, problems: Sequence[Problem]) -> None:
        """Store the problems; when there are too many entries, the oldest half goes."""
        written = json.dumps([asdict(each) for each in problems]).encode()
        file = self._file(key)
        # Renamed when complete: another process sees all of it or nothing.
        unfinished = file.with_suffix(f".{os.getpid()}-{get_ident()}")
        with contextlib.suppress(OSError):
            make_private_folder(self._folder)
            with open(unfinished, "wb", opener=open_private) as opened:
                opened.write(_digest(key, written) + b"\n" + written)
            unfinished.replace(file)
            self._drop_oldest()

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(f"{_versions()} {key}".encode()).hexdigest()

    def _drop_oldest(self) -> None:
        entries = list(os.scandir(self._folder))
        if len(entries) <= MAX_ENTRIES:
            return
        for entry in sorted(entries, key=_written_at)[: len(entries) - MAX_ENTRIES // 2]:
            Path(entry).unlink(missing_ok=True)


def _written_at(entry: os.DirEntry[str]) -> int:
    with contextlib.suppress(OSError):  # another process dropped it
        return entry.stat().st_mtime_ns
    return 0


def _digest(key: str, written: bytes) -> bytes:
    return hashlib.sha256(key.encode() + written).hexdigest().encode()


def _problem_from(stored: dict[str, object]) -> Problem:
    place = stored["place"]
    fields = {
        **stored,
        "place": Place(**place) if isinstance(place, dict) else None,
        "severity": Severity(str(stored["severity"])),
    }
    return Problem(**fields)  # type: ignore[arg-type]  # as ``put`` wrote them


@cache
def _versions() -> str:
    """A hash of all programs that a result depends on: ours, Python, its packages, and zones."""
    parts = [sys.version, TZ_DATABASE.version, *_installed(), *map(str, _own_files())]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _installed() -> Iterator[str]:
    """The names of installed distributions, which hold their version: ``mrml-0.2.2.dist-info``."""
    for folder in sys.path:
        with contextlib.suppress(OSError):
            names = (each.name for each in os.scandir(folder))
            yield from sorted(name for name in names if name.endswith("-info"))


def _own_files() -> Iterator[tuple[str, int, int]]:
    """Our modules and tables, and the example, with their sizes and times of change."""
    folders = [_PACKAGE]
    with contextlib.suppress(LovecampaignError):
        folders.append(find_example() / EXAMPLE_CAMPAIGN)
    for top in folders:
        for folder, below, names in os.walk(top):
            below[:] = sorted(set(below) - {"__pycache__"})
            for name in sorted(names):
                with contextlib.suppress(OSError):
                    state = Path(folder, name).stat()
                    yield name, state.st_size, state.st_mtime_ns
