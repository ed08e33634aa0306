"""File arguments: existing commands never overwrite a file."""

from __future__ import annotations

import itertools
from pathlib import Path

import click

from lovecampaign.cli.framework.options import read_name

#: The usual name for stdout in place of a file.
STDOUT = "-"


def read_new_file(text: str) -> Path:
    """A file to be written, in a folder that exists; a click converter."""
    path = read_path(text)
    if text == STDOUT:
        raise click.BadParameter(f"{STDOUT} is not a file name here; choose another")
    if path.is_dir():
        raise click.BadParameter(f"{text} is a folder")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}")
    if path.exists() or path.is_symlink():
        raise click.BadParameter(
            f"{text} exists already; choose another name, such as {find_free_name(path)}"
        )
    return path


def read_new_file_or_stdout(text: str) -> Path | None:
    """The same for a command that can also print; None is stdout."""
    return None if text == STDOUT else read_new_file(text)


def read_path(text: str) -> Path:
    """The path of a file; an empty one is refused, since it would be the current folder."""
    read_name(text)
    return Path(text)


def find_free_name(path: Path) -> Path:
    """The path itself, or with the first number after its name that is not taken."""
    names = itertools.chain(
        [path], (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    )
    return next(name for name in names if not (name.exists() or name.is_symlink()))
