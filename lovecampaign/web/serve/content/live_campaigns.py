"""The workspace's campaigns, reloaded when their files are edited."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.web.reload import CampaignReloader

#: A scan for edits takes a millisecond: once a second, not for each page.
SCAN_SECONDS = 1.0


class LiveCampaigns:
    """Every campaign of a workspace, each in its last valid version. Safe between threads."""

    def __init__(
        self, workspace: Path, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        self._reloaders: dict[Path, CampaignReloader] = {}
        #: Not an Interval: a scan that raises is repeated at the next request.
        self._next_scan_at = float("-inf")

    def all(self) -> Sequence[Campaign]:
        """The campaigns that load without errors, or did when they were last valid."""
        with self._lock:
            if self._seconds() >= self._next_scan_at:
                self._scan()
                self._next_scan_at = self._seconds() + SCAN_SECONDS
            loaded = (reloader.campaign for reloader in self._reloaders.values())
            return tuple(campaign for campaign in loaded if campaign is not None)

    def by_key(self, key: str) -> Campaign | None:
        """The campaign with that ``id``."""
        return next((one for one in self.all() if one.id == key), None)

    def for_list(self, name: str, now: datetime) -> Campaign | None:
        """The campaign that a list belongs to: the running one, else the next, else the newest."""
        campaigns = sorted(
            (one for one in self.all() if name in one.lists), key=lambda one: one.start
        )
        unfinished = [one for one in campaigns if _last_instant(one) >= now]
        return next(iter(unfinished or campaigns[-1:]), None)

    def _scan(self) -> None:
        known = self._reloaders
        self._reloaders = {
            folder: known.get(folder) or CampaignReloader(folder, self._workspace)
            for folder in list_campaigns(self._workspace)
        }
        for reloader in self._reloaders.values():
            reloader.reload_if_changed()


def _last_instant(campaign: Campaign) -> datetime:
    """After its last email, new subscribers get nothing of a campaign."""
    instants = [email.instant for email in campaign.launch_emails if email.instant is not None]
    return max([campaign.launch.at, *instants])
