"""Typing commands in tests, as a person does."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

#: What a new user's shell holds: none of our settings.
CLEAN_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("LOVECAMPAIGN_", "SENDGRID_", "NO_COLOR"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        envelope: dict[str, Any] = json.loads(self.out)
        assert set(envelope) == {"schema", "ok", "data", "warnings", "errors"}
        assert envelope["ok"] is (self.code == 0)
        assert envelope["ok"] or envelope["errors"], "a failure says what is wrong"
        return envelope

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.json["data"]
        return data

    @property
    def codes(self) -> list[str]:
        """The codes of everything found, errors first."""
        return [found["code"] for found in self.json["errors"] + self.json["warnings"]]

    def done(self) -> Said:
        """Demand that it went well."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


def lovecampaign(*words: str | Path, cwd: Path, **settings: str) -> Said:
    """Type ``lovecampaign WORDS`` in a folder; settings become environment variables.

    No command ever shows a traceback.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "lovecampaign", *map(str, words)],
        cwd=cwd,
        env=CLEAN_ENVIRONMENT | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in finished.stdout + finished.stderr
    return Said(code=finished.returncode, out=finished.stdout, err=finished.stderr)


class Typist(Protocol):
    """Types a command in a folder; settings become environment variables."""

    def __call__(self, *words: str | Path, cwd: Path, **settings: str) -> Said: ...


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace in which commands are typed."""

    folder: Path
    #: A new Python for each command, unless a test has a faster typist.
    typist: Typist = lovecampaign

    def type(self, *words: str | Path, **settings: str) -> Said:
        return self.typist(*words, cwd=self.folder, **settings)

    def data(self, *words: str | Path, **settings: str) -> dict[str, Any]:
        """The data of a command that goes well."""
        return self.type(*words, "--json", **settings).done().data

    @property
    def letters(self) -> list[EmailMessage]:
        """What lies in the outbox, in the order of sending."""
        files = sorted((self.folder / "outbox" / "new").glob("*"))
        return [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in files
        ]

    @property
    def addressees(self) -> list[str]:
        return sorted(str(letter["To"].addresses[0].addr_spec) for letter in self.letters)


def text_of(letter: EmailMessage) -> str:
    """The text part, for mail programs that show text only."""
    body = letter.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content
