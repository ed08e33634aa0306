"""What do the rules look at? A campaign.yaml that can be read, at least in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.files.build_email import Month
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.time_parsers import Point
from lovecampaign.campaign.schema.validate import Document
from lovecampaign.core.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A campaign.yaml that can be read, at least in part."""

    document: Document[CampaignFile]
    month: Month
    folder: Path
    workspace: Path

    @property
    def file(self) -> CampaignFile:
        return self.month.file

    def instant(self, *path: str, point: Point | None) -> datetime | None:
        """A point as an instant, or None where what it depends on could not be read."""
        needs = (path, ("start",), ("timezone",), ("launch", "day"), ("launch", "at"))
        is_known = all(self.document.is_sound(*need) for need in needs)
        return self.month.instant(point) if is_known else None


Rule = Callable[[CampaignDraft], Iterator[Problem]]
