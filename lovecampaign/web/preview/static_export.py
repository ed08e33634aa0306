"""Writes a static copy of the preview to disk, for sign-off without the program."""

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
from lovecampaign.web.preview.letter.color_schemes import ColorScheme
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.pages import HERE, PageContext, Pages
from lovecampaign.web.preview.readers.preview_subscriber import sample_subscribers
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from lovecampaign.web.preview.readers.urls import ExportUrls

#: The made-up readers with the most different months: a copy of all nine has 30 MB.
EXPORTED = ("sam", "robin", "no-name")


def export_month(
    folder: Path,
    settings: Settings,
    target: Path,
    *,
    facts: Callable[[Campaign], Facts],
    now: datetime,
) -> int:
    """Write every page of a campaign into an empty or new folder; returns the number of files.

    Raises UsageError for a folder that is not empty, and ProblemsFound for a campaign that cannot
    be loaded.
    """
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty", hint="name a new folder: nothing is overwritten")
    state = PreviewState(folder, settings)
    campaign = state.require_campaign()
    checker = BackgroundChecker(state, facts, on_result=lambda: None)
    checker.check(campaign)
    pages = Pages(
        state=state,
        checker=checker,
        people=SubscriberLookup(settings=settings),
        urls=ExportUrls(EXPORTED[0]),
        offered=[one for one in sample_subscribers(campaign) if one.key in EXPORTED],
    )
    return _write_all(pages, campaign, target, now)


def _write_all(pages: Pages, campaign: Campaign, target: Path, now: datetime) -> int:
    (target / "frames").mkdir(parents=True)
    readers = [
        one.in_language(language)
        for one in pages.readers
        for language in (None, *campaign.languages[1:])
    ]
    for reader in readers:
        for name, page in _pages(
            pages, campaign, PageContext(reader=reader, now=now, is_trusted=False)
        ):
            (target / name).write_text(page, encoding="utf-8")
    _write_attachments(pages, campaign, target, now)
    return sum(path.is_file() for path in target.rglob("*"))


def _pages(pages: Pages, campaign: Campaign, context: PageContext) -> Iterator[tuple[str, str]]:
    urls, reader = pages.urls, context.reader
    yield urls.month(reader), pages.month(context)
    yield urls.timeline(reader), pages.timeline(context)
    for day in sorted({day for email in campaign.emails if (day := campaign.date_of(email))}):
        yield urls.day(day, reader), pages.day(day, context)
    for email in campaign.emails:
        yield urls.email(email.key, reader), pages.email(email, context)
        for scheme in ColorScheme:
            yield urls.frame(email.key, reader, scheme), pages.frame(email, reader, scheme) or ""


def _write_attachments(pages: Pages, campaign: Campaign, target: Path, now: datetime) -> None:
    shutil.copytree(HERE / "static", target / "static")
    calendar = format_calendar(campaign.name, campaign.id, now, first_instants(campaign))
    (target / pages.urls.calendar_file()).write_bytes(calendar)
    (target / "pictures").mkdir()
    for name, file in pages.state.pictures.items():
        shutil.copyfile(file, target / "pictures" / name)
