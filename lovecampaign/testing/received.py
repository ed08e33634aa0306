"""A log of what a fake server accepted, which survives a kill."""

from __future__ import annotations

import contextlib
import os
import sys
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message for one recipient, as the server accepted it."""

    delivery_id: str
    recipient: str
    #: SMTP: MAIL FROM; SendGrid: ``from.email``.
    sender: str
    #: SMTP: the message; SendGrid: the request's body.
    content: bytes


class ReceivedLog:
    """Records messages, in memory and as lines of a file, before the sender gets its reply.

    A line is delivery id, tab, recipient. The operating system has it when ``add`` returns, so it
    outlives the sender and the server.
    """

    def __init__(self, log: Path | None = None) -> None:
        self._lock = Lock()
        self._received: list[Received] = []
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(log, flags, 0o644) if log is not None else None

    def add(self, received: Received) -> None:
        if self._descriptor is not None:
            os.write(self._descriptor, f"{received.delivery_id}\t{received.recipient}\n".encode())
        with self._lock:
            self._received.append(received)

    @property
    def all(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    @property
    def counts(self) -> Counter[str]:
        """Received messages by delivery id."""
        return Counter(received.delivery_id for received in self.all)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class FakeServer(ABC):
    """What the fake SMTP and SendGrid servers have in common."""

    port: int

    def __init__(self, log: Path | None = None) -> None:
        self._log = ReceivedLog(log)

    @property
    def received(self) -> list[Received]:
        return self._log.all

    @property
    def counts(self) -> Counter[str]:
        """Accepted messages by delivery id."""
        return self._log.counts

    @abstractmethod
    def close(self) -> None:
        """Stop at once, open connections included."""

    @abstractmethod
    def wait(self) -> None:
        """Block until the server is closed."""

    def run(self) -> None:
        """As a process of its own: print the port, and serve until Ctrl-C."""
        with self, contextlib.suppress(KeyboardInterrupt):
            sys.stdout.write(f"listening on {self.port}\n")
            sys.stdout.flush()
            self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_log(log: Path) -> Counter[str]:
    """Messages in a server's log by delivery id."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return Counter(line.partition("\t")[0] for line in lines)
