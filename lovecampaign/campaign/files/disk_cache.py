"""A cache on disk: results of this program below the workspace, by a key of all they depend on.

Nothing has to be invalidated: an edit leads to another key. An entry that is missing, torn or not
ours is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import get_ident

from lovecampaign.core.private_files import make_private_folder, open_private
from lovecampaign.core.zones import TZ_DATABASE

#: Below the workspace; a folder for each kind of result.
CACHE_FOLDER = Path(".lovecampaign") / "cache"
PACKAGE = Path(__file__).resolve().parents[2]


class DiskCache:
    """Bytes by key, one small file each; safe between threads and processes.

    A folder that cannot be written is a cache that stays empty.
    """

    def __init__(
        self, workspace: Path, kind: str, *, max_entries: int, programs: Sequence[Path]
    ) -> None:
        self._folder = workspace / CACHE_FOLDER / kind
        self._max_entries = max_entries
        #: Results of other versions of the files in these folders are not found.
        self._programs = tuple(programs)

    def get(self, key: str) -> bytes | None:
        """The stored bytes; None without a sound entry."""
        try:
            stored = self._file(key).read_bytes()
        except OSError:
            return None
        digest, _, written = stored.partition(b"\n")
        return written if digest == _digest(key, written) else None

    def put(self, key: str, written: bytes) -> None:
        """Store bytes; when there are too many entries, the oldest half goes."""
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
        name = f"{_versions(self._programs)} {key}".encode("utf-8", "surrogatepass")
        return self._folder / hashlib.sha256(name).hexdigest()

    def _drop_oldest(self) -> None:
        entries = list(os.scandir(self._folder))
        if len(entries) <= self._max_entries:
            return
        for entry in sorted(entries, key=_written_at)[: len(entries) - self._max_entries // 2]:
            Path(entry).unlink(missing_ok=True)


def _written_at(entry: os.DirEntry[str]) -> int:
    with contextlib.suppress(OSError):  # another process dropped it
        return entry.stat().st_mtime_ns
    return 0


def _digest(key: str, written: bytes) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass") + written).hexdigest().encode()


@cache
def _versions(programs: tuple[Path, ...]) -> str:
    """A hash of what a result depends on beside its key: our files, Python, packages, and zones."""
    parts = [sys.version, TZ_DATABASE.version, *_installed()]
    parts += (str(state) for folder in programs for state in _file_states(folder))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _installed() -> Iterator[str]:
    """The names of installed distributions, which hold their version: ``mrml-0.2.2.dist-info``."""
    for folder in sys.path:
        with contextlib.suppress(OSError):
            names = (each.name for each in os.scandir(folder))
            yield from sorted(name for name in names if name.endswith("-info"))


def _file_states(top: Path) -> Iterator[tuple[str, int, int]]:
    """Modules and tables, with their sizes and times of change."""
    for folder, below, names in os.walk(top):
        below[:] = sorted(set(below) - {"__pycache__"})
        for name in sorted(names):
            with contextlib.suppress(OSError):
                state = os.stat(f"{folder}/{name}")  # noqa: PTH116 - half the time of a Path's
                yield name, state.st_size, state.st_mtime_ns
