"""Servers of tests that outlive the sender that a test kills."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lovecampaign.testing.received import read_log
from tests.chaos.commands import Command, shared_commands


class Kind(StrEnum):
    """Which protocol a server speaks, and how it is spoken to."""

    SMTP = "smtp"
    SMTP_AHEAD = "smtp, commands ahead"
    SENDGRID = "sendgrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A server that runs as a process of its own and logs what it takes."""

    kind: Kind
    port: int
    log: Path
    _process: Command

    @property
    def settings(self) -> Mapping[str, str]:
        """What a workspace needs to send through it."""
        if self.kind is not Kind.SENDGRID:
            ahead = "yes" if self.kind is Kind.SMTP_AHEAD else "auto"
            url = f"smtp://127.0.0.1:{self.port}?connections=4&ahead={ahead}"
            return {"LOVECAMPAIGN_PROVIDER": url}
        return {
            "LOVECAMPAIGN_PROVIDER": "sendgrid:?people=10",
            "SENDGRID_BASE_URL": f"http://127.0.0.1:{self.port}",
            "SENDGRID_API_KEY": "SG.make-believe.key",
        }

    @property
    def most_in_the_air(self) -> int:
        """ARCHITECTURE.md, "The ledger": 2 per SMTP connection, the people of open requests."""
        return 8 * 10 if self.kind is Kind.SENDGRID else 2 * 4

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def taken(self) -> Counter[str]:
        """How often each delivery id was taken so far."""
        return read_log(self.log)

    @property
    def size(self) -> int:
        """How many messages were taken so far, cheaply."""
        return self.log.read_bytes().count(b"\n")

    def stop(self) -> None:
        """End at once; nothing is taken after this returns."""
        self._process.kill()


@contextlib.contextmanager
def running_server(kind: Kind, log: Path, port: int = 0) -> Iterator[MailServer]:
    """A server for as long as the block runs."""
    log.touch()
    process = shared_commands().start(
        *("--log", str(log), "--port", str(port)),
        folder=log.parent,
        settings={},
        program=f"lovecampaign.testing.{'sendgrid' if kind is Kind.SENDGRID else 'smtp'}_server",
    )
    try:
        heard = process.first_line()
        assert heard.startswith("listening on "), heard
        yield MailServer(kind=kind, port=int(heard.split()[-1]), log=log, _process=process)
    finally:
        process.kill()
