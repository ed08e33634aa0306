"""The draft of a campaign: campaign.yaml as read, before rules and copy files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.schema.models import CampaignFile, LaunchGroup
from lovecampaign.campaign.schema.time_parsers import Anchor, CampaignDates, Point
from lovecampaign.campaign.schema.validate import Document
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import load_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A campaign.yaml that can be read, at least in part."""

    document: Document[CampaignFile]
    file: CampaignFile
    #: The names of the workspace's templates.
    templates: frozenset[str]
    folder: Path
    workspace: Path

    @property
    def length(self) -> int:
        """The number of giving days."""
        return self.file.days.length

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the letters, the default one first."""
        return tuple(dict.fromkeys(self.file.languages)) or (self.file.language,)

    @property
    def launch(self) -> LaunchGroup:
        """The launch; without one, the end of the day after the last."""
        return self.file.launch or LaunchGroup(day=self.length + 2, at="00:00")

    @property
    def giving_days(self) -> frozenset[int]:
        return frozenset(range(1, self.length + 1))

    @property
    def dates(self) -> CampaignDates:
        launch = self.launch
        return CampaignDates(
            zone=self.file.timezone,
            start=self.file.start,
            start_at=self.file.sending.at,
            launch_day=launch.day or self.length + 1,
            launch_at=launch.at,
        )

    def instant(self, point: Point | None) -> datetime:
        """A point of this campaign in UTC; None is the launch."""
        return self.dates.resolve(point or Point(anchor=Anchor.LAUNCH))

    def sound_instant(self, *path: str, point: Point | None) -> datetime | None:
        """The instant of the setting at ``path``; None if it depends on an invalid setting."""
        needs = (path, ("start",), ("timezone",), ("days",), ("launch", "day"), ("launch", "at"))
        is_sound = all(self.document.is_sound(*need) for need in needs)
        return self.instant(point) if is_sound else None

    def day_of(self, instant: datetime) -> int:
        """The campaign day of an instant, in the campaign's zone."""
        local = instant.astimezone(load_zone(self.file.timezone)).date()
        return (local - self.file.start).days + 1


Rule = Callable[[CampaignDraft], Iterator[Problem]]
