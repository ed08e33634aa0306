"""Which file may a command write? One that is not there yet: nothing is overwritten silently."""

from __future__ import annotations

import itertools
from pathlib import Path

import click

from lovecampaign.cli.framework.options import read_name

#: How people name the screen, or the next command of a pipe, where others name a file.
SCREEN = "-"


def read_new_file(text: str) -> Path:
    """A file to be written, in a folder that exists, as click converts an argument's value."""
    path = read_path(text)
    if text == SCREEN:
        raise click.BadParameter(f"{SCREEN} is no name for a file here; choose another")
    if path.is_dir():
        raise click.BadParameter(f"{text} is a folder")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}")
    if path.exists() or path.is_symlink():
        raise click.BadParameter(
            f"{text} exists already; choose another name, such as {find_free_name(path)}"
        )
    return path


def read_new_file_or_screen(text: str) -> Path | None:
    """The same for a command that also writes to the screen; None is the screen."""
    return None if text == SCREEN else read_new_file(text)


def read_path(text: str) -> Path:
    """The path of a file; an empty one would mean the folder in which somebody stands."""
    read_name(text)
    return Path(text)


def find_free_name(path: Path) -> Path:
    """The path itself, or with the first number behind its name that nothing is called yet."""
    names = itertools.chain(
        [path], (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    )
    return next(name for name in names if not (name.exists() or name.is_symlink()))
