"""How does a test type a command, as a person does?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def lovecampaign(
    *words: str | Path, cwd: Path, typed: str | None = None, timeout: float = 120, **settings: str
) -> Said:
    """Type ``lovecampaign WORDS`` in a folder; settings become environment variables.

    Nobody ever sees a traceback, whatever the words were.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "lovecampaign", *map(str, words)],
        cwd=cwd,
        env=CLEAN_ENVIRONMENT | settings,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in finished.stdout + finished.stderr
    return Said(code=finished.returncode, out=finished.stdout, err=finished.stderr)
