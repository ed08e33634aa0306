"""The draft of a campaign: campaign.yaml as read, before rules and copy files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.time_parsers import Point, resolve
from lovecampaign.campaign.schema.validate import Document
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A campaign.yaml that can be read, at least in part."""

    document: Document[CampaignFile]
    file: CampaignFile
    #: The names of the workspace's templates.
    templates: frozenset[str]
    folder: Path
    workspace: Path

    def instant(self, point: Point | None) -> datetime:
        """A point of this campaign in UTC; None is the launch."""
        launch = self.file.launch
        point = point or Point(day=launch.day, at=launch.at)
        return resolve(point, start=self.file.start, zone=self.file.timezone, launch_day=launch.day)

    def sound_instant(self, *path: str, point: Point | None) -> datetime | None:
        """The instant of the setting at ``path``; None if it depends on an invalid setting."""
        needs = (path, ("start",), ("timezone",), ("launch", "day"), ("launch", "at"))
        is_sound = all(self.document.is_sound(*need) for need in needs)
        return self.instant(point) if is_sound else None

    def day_of(self, instant: datetime) -> int:
        """The campaign day of an instant, in the campaign's zone."""
        local = instant.astimezone(ZoneInfo(self.file.timezone)).date()
        return (local - self.file.start).days + 1


Rule = Callable[[CampaignDraft], Iterator[Problem]]
