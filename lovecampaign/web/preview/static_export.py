"""How does the month look to somebody without the program? A static copy on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.schedule.icalendar import format_calendar
from lovecampaign.web.calendar import first_instants
from lovecampaign.web.preview.letter.color_schemes import Scheme
from lovecampaign.web.preview.live.background_checks import Checker
from lovecampaign.web.preview.live.state import Workbench
from lovecampaign.web.preview.pages import HERE, Pages, Visit
from lovecampaign.web.preview.readers.preview_subscriber import sample_subscribers
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.urls import DiskAddresses

#: Of the made-up readers, those whose months differ most: a copy of all nine has 30 MB.
EXPORTED = ("sam", "robin", "no-name")


def export_month(
    folder: Path,
    settings: Settings,
    target: Path,
    *,
    facts: Callable[[Campaign], Facts],
    now: datetime,
) -> int:
    """Write every page of a campaign into an empty or new folder; how many files there are.

    Raises UsageError for a folder with something in it, and ProblemsFound for a campaign that
    cannot be read.
    """
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty", hint="name a new folder: nothing is overwritten")
    workbench = Workbench(folder, settings)
    campaign = workbench.require_campaign()
    checker = Checker(workbench, facts, tell=lambda: None)
    checker.check(campaign)
    pages = Pages(
        workbench=workbench,
        checker=checker,
        people=SubscriberLookup(settings=settings),
        addresses=DiskAddresses(EXPORTED[0]),
        offered=[one for one in sample_subscribers(campaign) if one.key in EXPORTED],
    )
    return _write_all(pages, campaign, target, now)


def _write_all(pages: Pages, campaign: Campaign, target: Path, now: datetime) -> int:
    (target / "frames").mkdir(parents=True)
    for reader in pages.readers:
        for name, page in _pages(pages, campaign, Visit(reader=reader, now=now, is_trusted=False)):
            (target / name).write_text(page, encoding="utf-8")
    _write_attachments(pages, campaign, target, now)
    return sum(path.is_file() for path in target.rglob("*"))


def _pages(pages: Pages, campaign: Campaign, visit: Visit) -> Iterator[tuple[str, str]]:
    to, reader = pages.addresses, visit.reader
    yield to.month(reader), pages.month(visit)
    yield to.timeline(reader), pages.timeline(visit)
    for day in sorted({day for email in campaign.emails if (day := campaign.date_of(email))}):
        yield to.day(day, reader), pages.day(day, visit)
    for email in campaign.emails:
        yield to.email(email.key, reader), pages.email(email, visit)
        for scheme in Scheme:
            yield to.frame(email.key, reader, scheme), pages.frame(email, reader, scheme) or ""


def _write_attachments(pages: Pages, campaign: Campaign, target: Path, now: datetime) -> None:
    shutil.copytree(HERE / "static", target / "static")
    calendar = format_calendar(campaign.name, campaign.id, now, first_instants(campaign))
    (target / pages.addresses.calendar_file()).write_bytes(calendar)
    (target / "pictures").mkdir()
    for name, file in pages.workbench.pictures.items():
        shutil.copyfile(file, target / "pictures" / name)
