"""Reads mail from files: ``.eml``, mbox (RFC 4155) and Maildir, with flat memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.inbox.sorting.letter_parts import MAX_MAIL

#: A line that begins a mail in an mbox: a sender and a date with a year.
_FROM_LINE = re.compile(rb"From \S.*\b\d\d:\d\d.*\b\d{4}\b")
_QUOTED_FROM = re.compile(rb">+From ")
_MAX_LINE = 1 << 16
_FOLDERS = ("cur", "new")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """One mail and where it stands."""

    #: The path; in an mbox with the mail's number: ``in.mbox#3``.
    name: str
    #: At most ``MAX_MAIL`` bytes.
    raw: bytes


def read_mail(path: Path) -> Iterator[MailFile]:
    """Every mail of a file or Maildir, as it comes; raises UsageError for other folders."""
    if path.is_dir():
        yield from _read_folder(path)
        return
    try:
        with path.open("rb") as file:
            is_mbox = path.suffix.lower() != ".eml" and file.peek(5)[:5] == b"From "
            if is_mbox:
                yield from _read_mbox(path, file)
            else:
                yield MailFile(name=str(path), raw=file.read(MAX_MAIL))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="name an .eml, an mbox or a Maildir"
        ) from error


def _read_folder(path: Path) -> Iterator[MailFile]:
    """A Maildir with its subfolders (Maildir++), or a folder of ``.eml`` files."""
    if any((path / name).is_dir() for name in _FOLDERS):
        found = sorted(
            file
            for folder in (path, *(one for one in path.glob(".*") if one.is_dir()))
            for name in _FOLDERS
            for file in (folder / name).glob("*")
            if file.is_file()
        )
    else:
        found = sorted(file for file in path.glob("*.eml") if file.is_file())
        if not found:
            raise UsageError(
                f"{path} is no Maildir (it has neither cur/ nor new/) and holds no .eml file",
                hint="name an .eml, an mbox or a Maildir",
            )
    for file in found:
        try:
            with file.open("rb") as stream:
                yield MailFile(name=str(file), raw=stream.read(MAX_MAIL))
        except FileNotFoundError:
            continue  # a mail program moved or deleted it meanwhile


def _read_mbox(path: Path, file: BinaryIO) -> Iterator[MailFile]:
    number, size = 0, 0
    lines: list[bytes] = []
    is_after_blank = True
    while line := file.readline(_MAX_LINE):
        if is_after_blank and _FROM_LINE.match(line):
            if lines:
                number += 1
                yield MailFile(name=f"{path}#{number}", raw=b"".join(lines))
            lines, size = [], 0
        elif size < MAX_MAIL:
            lines.append(line[1:] if _QUOTED_FROM.match(line) else line)
            size += len(line)
        is_after_blank = not line.strip()
    if lines:
        yield MailFile(name=f"{path}#{number + 1}", raw=b"".join(lines))
