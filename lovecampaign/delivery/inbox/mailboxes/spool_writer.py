"""Writes mail into the spool of the inbound webhook, durably."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

from lovecampaign.core.private_files import make_private_folder, open_private

#: Room for the envelope's recipient, which may come after the mail.
_RECIPIENT_BYTES = 400
_FIELD = b"X-Envelope-To: "
_numbers = itertools.count()


class SpoolWriter:
    """One mail: written to ``tmp``, and moved to ``new`` when it is complete and on the disk.

    Methods raise OSError, after which :meth:`discard` leaves nothing behind.
    """

    def __init__(self, spool: Path) -> None:
        for name in ("tmp", "new"):
            make_private_folder(spool / name)
        name = f"{time.time_ns()}.{os.getpid()}.{next(_numbers)}"
        self._part, self._file = spool / "tmp" / name, spool / "new" / name
        self._descriptor = open_private(self._part, os.O_WRONLY | os.O_EXCL)
        #: Bytes of the mail.
        self.size = 0
        self._write(_FIELD + b" " * _RECIPIENT_BYTES + b"\r\n")

    def write(self, chunk: bytes) -> None:
        if not self.size:
            chunk = chunk.lstrip(b"\r\n")  # an empty line would end the header
        self._write(chunk)
        self.size += len(chunk)

    def name_recipient(self, address: str) -> None:
        """The envelope's recipient, which holds our token where the mail itself does not."""
        raw = address.encode()
        if len(raw) <= _RECIPIENT_BYTES:
            os.pwrite(self._descriptor, raw, len(_FIELD))

    def commit(self) -> None:
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._part.rename(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]
