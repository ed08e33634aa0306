"""Files and folders that only their owner can read: they hold subscribers, letters or secrets.

The mode is given when they are made, so that no umask opens them, not even for an instant. What is
there already keeps its mode: its owner may have opened it on purpose, and ``doctor`` names it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing; raises OSError."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def open_private(path: Path | str, flags: int) -> int:
    """A file descriptor of a file, which is made where it is missing; an ``opener`` of ``open``.

    Raises OSError.
    """
    return os.open(path, flags | os.O_CREAT, FILE_MODE)


def make_private_file(path: Path) -> None:
    """Make an empty file where there is none; raises OSError."""
    os.close(open_private(path, os.O_RDONLY))


def is_open_to_others(path: Path) -> bool:
    """Whether other users of the machine have any permission; False for what is not there."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
