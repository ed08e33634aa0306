"""Reads a text that a person writes: from a file, standard input, or ``$EDITOR``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.core.errors import UsageError

file_option = click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The text, UTF-8; - is standard input. Default: $EDITOR.",
)
yes_option = click.option("--yes", is_flag=True, help="Send it with the phrases that were flagged.")
_MAX_BYTES = 1_000_000
#: Below it the editor shows what is answered; none of that is sent.
_CUT = "-------- 8< -------- what follows is not sent --------"


def read_text(invocation: Invocation, file: Path | None, below: str) -> str:
    """The text; ``below`` is what the editor shows under it.

    Raises UsageError where there is no file and no terminal, or the file cannot be read.
    """
    if file is not None:
        return _read(file)
    if not invocation.may_ask:
        raise UsageError("what is the answer?", hint="add --file FILE, or --file - for a pipe")
    try:
        edited = click.edit(f"\n\n{_CUT}\n{below}\n", extension=".txt", require_save=True)
    except click.ClickException as error:
        raise UsageError(error.format_message(), hint="set EDITOR, or add --file FILE") from error
    if edited is None:
        raise UsageError("nothing was sent: the text was not saved")
    return edited.partition(_CUT)[0].strip()


def _read(file: Path) -> str:
    try:
        is_pipe = str(file) == "-"
        raw = sys.stdin.buffer.read(_MAX_BYTES + 1) if is_pipe else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"{file} is larger than 1 MB: that is no answer")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text", hint="save it as UTF-8") from error
