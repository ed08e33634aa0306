"""A full disk: a small file system of its own, filled to the last page.

Mounting one takes permissions that not every machine gives its tests. Without them the commands get
a limit on the size of their files instead (RLIMIT_FSIZE): a write beyond it fails just as
suddenly, and as often, until the limit is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

_SIZE = 8 * 1024 * 1024


class Disk(Protocol):
    """A place that can be full."""

    folder: Path
    #: What the operator reads, as a pattern.
    words: str
    #: What a command must be started with.
    environment: Mapping[str, str]

    def fill(self, left: int) -> None:
        """Leave so many bytes for the commands that follow."""
        ...

    def free(self) -> None: ...


class SmallFileSystem:
    """8 MiB of memory, mounted as a disk."""

    words = "no space"
    environment: Mapping[str, str] = MappingProxyType({})

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left: int) -> None:
        self.free()
        space = shutil.disk_usage(self.folder).free - left
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(space, 1))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


class LimitedFiles:
    """No file of a command's may grow beyond the largest there is, and some more.

    Databases do not count: what is new is written to the log beside them.
    """

    words = "too large|disk I/O error|no space"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = {}

    def fill(self, left: int) -> None:
        files = (file for file in self.folder.rglob("*") if file.suffix != ".db")
        sizes = [file.stat().st_size for file in files if file.is_file()]
        self.environment = {"FILE_SIZE_LIMIT": str(max(sizes, default=0) + left)}

    def free(self) -> None:
        self.environment = {}


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """The real thing where the machine allows it."""
    if not _mounts(folder):
        yield LimitedFiles(folder)
        return
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _mounts(folder: Path) -> bool:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(mount, check=False, capture_output=True).returncode == 0
    return False
