"""How does a campaign that is being edited stay usable while it runs?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.campaign.model import Campaign
from lovecampaign.campaign.paths import TEMPLATE_FOLDER
from lovecampaign.campaign.workspace import pick_campaign
from lovecampaign.cli.campaigns import load_folder
from lovecampaign.cli.invocation import Invocation
from lovecampaign.errors import ProblemsFound


class Rereader:
    """Reads a campaign again where its files changed; keeps the last good one otherwise.

    Raises ProblemsFound where the first reading finds a campaign that cannot be used.
    """

    def __init__(self, invocation: Invocation, name: str | None) -> None:
        self._invocation = invocation
        self._workspace = invocation.find_workspace()
        self._folder = pick_campaign(self._workspace, name)
        self._seen = self._fingerprint()
        self.usable = load_folder(self._folder, self._workspace)

    @property
    def campaign(self) -> Campaign:
        return self.usable.campaign

    def read(self) -> Campaign:
        """The campaign as its files say now, or as they last said without mistakes."""
        found = self._fingerprint()
        if found != self._seen:
            self._seen = found
            self._read_again()
        return self.campaign

    def _read_again(self) -> None:
        try:
            self.usable = load_folder(self._folder, self._workspace)
        except ProblemsFound as error:
            self._invocation.output.show_error(
                f"{self._folder.name} was edited and cannot be used; going on as before",
                error.problems,
                error.hint,
            )

    def _fingerprint(self) -> frozenset[tuple[Path, int, int]]:
        """Names, times and sizes: reading thirty files every ten seconds would be waste."""
        folders = (self._folder, self._workspace / TEMPLATE_FOLDER)
        return frozenset(
            state for folder in folders for path in folder.rglob("*") for state in _state_of(path)
        )


def _state_of(path: Path) -> Iterator[tuple[Path, int, int]]:
    with contextlib.suppress(OSError):  # an editor replaced it between listing and looking
        found = path.stat()
        yield path, found.st_mtime_ns, found.st_size
