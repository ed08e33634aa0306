"""The verb ``new``: writes a complete campaign."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from lovecampaign.campaign.workspace.find import pick_campaign
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.core.errors import UsageError
from lovecampaign.core.zones import ZoneInfo, is_known_zone

MONDAY = 0
#: Without ``--start`` there is at least a week to adapt the copy.
DAYS_TO_PREPARE = 7


@verb("new")
@click.argument("name")
@click.option("--start", metavar="DATE|today", help="Day 1; default: a Monday, a week from now.")
@click.option("--timezone", metavar="ZONE", help="The team's zone, such as Europe/Paris.")
@click.option("--from", "old", metavar="OLD", help="Repeat an earlier campaign, under a new id.")
def new(
    invocation: Invocation, name: str, start: str | None, timezone: str | None, old: str | None
) -> Result:
    """Write a complete campaign that can be sent as it is.

    In a folder that is not a workspace yet, it makes the workspace too. It overwrites nothing.
    """
    workspace = _find_or_choose_workspace(invocation)
    written = new_campaign(
        workspace,
        name,
        start=_read_start(start, _today(invocation, timezone)),
        timezone=timezone,
        source=pick_campaign(workspace, old) if old else None,
    )
    shown = [path.relative_to(workspace).as_posix() for path in written]
    return Result(
        data={"campaign": name, "workspace": str(workspace), "files": shown},
        text=f"campaigns/{name}: {count_of(len(shown), 'file')} written in {workspace}",
        next_command=f"lovecampaign check {name}",
    )


def _find_or_choose_workspace(invocation: Invocation) -> Path:
    try:
        return invocation.find_workspace()
    except UsageError:
        return invocation.directory.resolve()


def _today(invocation: Invocation, timezone: str | None) -> date:
    """The date in the team's zone, or in this machine's."""
    zone = ZoneInfo(timezone) if timezone and is_known_zone(timezone) else None
    return invocation.now.astimezone(zone).date()


def _read_start(text: str | None, today: date) -> date:
    if text is None:
        earliest = today + timedelta(days=DAYS_TO_PREPARE)
        return earliest + timedelta(days=(MONDAY - earliest.weekday()) % 7)
    if text.strip().lower() == "today":
        return today
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"--start {text} is not a date", hint="write it like 2027-02-01, or: today"
        ) from error
