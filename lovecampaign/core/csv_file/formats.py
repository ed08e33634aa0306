"""The encoding of a CSV file, and the formats that are taken for one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem

#: Bytes that are read at once to find the encoding.
_ENCODING_BLOCK = 1 << 20
#: Bytes that tell a table from other formats.
_START = 512
#: The first bytes of files that hold no table: pattern, what it is, and what to do.
_OTHER_FORMATS = [
    (re.compile(start, re.IGNORECASE | re.DOTALL), what, hint)
    for start, what, hint in (
        (
            rb"PK\x03\x04|\xd0\xcf\x11\xe0",
            "a workbook or a ZIP archive",
            "save the workbook as CSV UTF-8, or unpack the archive",
        ),
        (rb"\x1f\x8b|BZh\d|\xfd7zXZ|\x28\xb5\x2f\xfd", "a compressed file", "unpack it first"),
        (rb"%PDF-|\{\\rtf", "a document", "export the table in it as CSV UTF-8"),
        (
            rb"\s*BEGIN:VCARD",
            "a vCard of an address book",
            "export the contacts as CSV; Google Contacts and Outlook do",
        ),
        (
            rb"From \S+ [^\n]*\d\d:\d\d|(?:Return-Path|Received|Delivered-To|Message-ID): ",
            "an email or a mailbox",
            "write the addresses into a CSV file whose first line is: email",
        ),
        (
            rb"\s*\{\s*[\"}]|\s*\[\s*[\[\]{\"]",
            "JSON",
            "export it as CSV: a line of headings, then a line for each person",
        ),
        (
            rb"\s*<(?:!doctype|!--|\?xml|html|table)",
            "a page or an XML file",
            "open it in a spreadsheet and save that as CSV UTF-8",
        ),
        (
            rb"\s*(?:version: 1\r?\n\s*)?dn:? ",
            "an LDIF file of an address book",
            "export the contacts as CSV",
        ),
    )
]


def detect_encoding(path: Path, shown_as: str) -> str:
    """The encoding of a CSV file.

    Raises UsageError for a file that cannot be opened, and ProblemsFound for another format.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(_START)
            if start[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
                raise unusable(shown_as, "this file is in UTF-32", hint="save it as CSV UTF-8")
            encoding = _utf16_of(start)
            _reject_other_formats(start, encoding, shown_as)
            if encoding:
                return encoding
            stream.seek(0)
            is_utf8 = _is_utf8(iter(lambda: stream.read(_ENCODING_BLOCK), b""))
            return "utf-8-sig" if is_utf8 else "cp1252"
    except OSError as error:
        raise UsageError(f"{shown_as} cannot be read: {error.strerror}") from error


def _utf16_of(start: bytes) -> str:
    """The encoding of UTF-16 with or without its mark; '' for others.

    Without the mark, each second byte of plain letters is NUL.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[0:8:2], start[1:8:2]
    if len(start) < 8 or (any(even) and any(odd)) or not any(start[:8]):
        return ""
    return "utf-16-le" if all(even) and not any(odd) else "utf-16-be" if all(odd) else ""


def _reject_other_formats(start: bytes, encoding: str, shown_as: str) -> None:
    text = start.removeprefix(codecs.BOM_UTF8)
    if encoding:
        text = start.decode(encoding, "replace").encode()
    for pattern, what, hint in _OTHER_FORMATS:
        if pattern.match(text):
            raise unusable(shown_as, f"this is {what}, not a CSV file", hint=hint)


def _is_utf8(blocks: Iterator[bytes]) -> bool:
    """Whether the bytes are UTF-8, possibly with a few damaged places.

    In Windows-1252, a letter such as é before a plain letter is not valid UTF-8. So a file with
    valid multi-byte letters before its first bad byte is UTF-8 with damage: only its bad rows
    are rejected, and no name turns into Ã©.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    only_ascii = True
    for block in blocks:
        try:
            only_ascii = decoder.decode(block).isascii() and only_ascii
        except UnicodeDecodeError as error:
            seen = error.object[: error.start].decode("utf-8")
            return not (only_ascii and seen.isascii())
    return not decoder.getstate()[0] or not only_ascii


def unusable(
    shown_as: str, message: str, *, line: int | None = None, hint: str | None = None
) -> ProblemsFound:
    """The error for a file that holds no table."""
    place = Place(file=shown_as, line=line)
    problem = Problem(code="import-file", message=message, place=place, hint=hint)
    return ProblemsFound(f"{shown_as}: {message}", [problem], hint=hint)
