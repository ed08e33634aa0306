"""Which campaigns are there at this moment? Read again where their files changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.web.reload import FileChanges

#: Looking whether something was edited takes a millisecond: once a second, not for each page.
SECONDS_BETWEEN_LOOKS = 1.0


class LiveCampaigns:
    """Every campaign of a workspace; keeps the last good state of each. Safe between threads."""

    def __init__(
        self, workspace: Path, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        self._edits: dict[Path, FileChanges] = {}
        self._known: dict[Path, Campaign] = {}
        self._look_again_at = float("-inf")

    def all(self) -> Sequence[Campaign]:
        """The campaigns that can be read, or could when they were last without mistakes."""
        with self._lock:
            if self._seconds() >= self._look_again_at:
                self._look()
                self._look_again_at = self._seconds() + SECONDS_BETWEEN_LOOKS
            return tuple(self._known.values())

    def by_key(self, key: str) -> Campaign | None:
        """The campaign with that ``id``."""
        return next((one for one in self.all() if one.id == key), None)

    def for_list(self, name: str, now: datetime) -> Campaign | None:
        """Whom a list belongs to: the campaign that runs, else the next, else the newest."""
        on_it = sorted((one for one in self.all() if name in one.lists), key=_start)
        unfinished = [one for one in on_it if _ends(one) >= now]
        return next(iter(unfinished or on_it[-1:]), None)

    def _look(self) -> None:
        folders = list_campaigns(self._workspace)
        for gone in self._edits.keys() - set(folders):
            del self._edits[gone]
            self._known.pop(gone, None)
        for folder in folders:
            edits = self._edits.setdefault(folder, FileChanges(folder, self._workspace))
            if edits.has_changed():
                self._read(folder)

    def _read(self, folder: Path) -> None:
        campaign = load_campaign(folder, self._workspace).campaign
        if campaign is not None:
            self._known[folder] = campaign


def _start(campaign: Campaign) -> str:
    return campaign.start.isoformat()


def _ends(campaign: Campaign) -> datetime:
    """After its last email nobody new gets anything of it."""
    instants = [email.instant for email in campaign.launch_emails if email.instant is not None]
    return max([campaign.launch.at, *instants])
