"""The verb ``new``: writes a complete campaign."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import DEFAULT_DAYS, FEWEST_DAYS, MOST_DAYS
from lovecampaign.campaign.workspace.find import CAMPAIGNS, pick_campaign
from lovecampaign.campaign.workspace.guidance import LANGUAGES
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.checks.carried_over import CarriedOver, find_carried_over
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.core.errors import UsageError
from lovecampaign.core.zones import is_known_zone, load_zone

MONDAY = 0
#: Without ``--start`` there is at least a week to adapt the copy.
DAYS_TO_PREPARE = 7


@verb("new")
@click.argument("name")
@click.option("--start", metavar="DATE|today", help="Day 1; default: a Monday, a week from now.")
@click.option("--timezone", metavar="ZONE", help="The team's zone, such as Europe/Paris.")
@click.option("--from", "old", metavar="OLD", help="Repeat an earlier campaign, under a new id.")
@click.option(
    "--days",
    type=click.IntRange(FEWEST_DAYS, MOST_DAYS),
    metavar="N",
    help=f"Letters that give, from {FEWEST_DAYS} to {MOST_DAYS}; default: {DEFAULT_DAYS}.",
)
@click.option("--blank", is_flag=True, help="Guidance to write by, in place of letters.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Of a --blank month; default: en.",
)
def new(  # noqa: PLR0913 - one parameter for each option of the command
    invocation: Invocation,
    name: str,
    *,
    start: str | None,
    timezone: str | None,
    old: str | None,
    days: int | None,
    blank: bool,
    language: str | None,
) -> Result:
    """Write a complete campaign that can be sent as it is.

    In a folder that is not a workspace yet, it makes the workspace too. It overwrites nothing.
    """
    if old and (blank or days):
        raise UsageError(
            f"--from {old} repeats a campaign with its own letters and days",
            hint="leave --blank and --days out, and change days: in campaign.yaml",
        )
    if language and not blank:
        raise UsageError("--language is for an empty month", hint="add --blank")
    workspace = _find_or_choose_workspace(invocation)
    written = new_campaign(
        workspace,
        name,
        start=_read_start(start, _today(invocation, timezone)),
        timezone=timezone,
        source=pick_campaign(workspace, old) if old else None,
        days=days or DEFAULT_DAYS,
        blank=(language or "en") if blank else None,
    )
    shown = [path.relative_to(workspace).as_posix() for path in written]
    text = f"campaigns/{name}: {count_of(len(shown), 'file')} written in {workspace}"
    look_at = _find_carried_over(invocation, workspace, name) if old else []
    if look_at:
        rows = [(f"{one.file}:{one.line or 1}", one.message) for one in look_at]
        text += f"\n\nTo look at, taken over from {old}:\n{format_table(('where', 'what'), rows)}"
    return Result(
        data={"campaign": name, "workspace": str(workspace), "files": shown, "look_at": look_at},
        text=text,
        next_command=f"lovecampaign check {name}",
    )


def _find_carried_over(invocation: Invocation, workspace: Path, name: str) -> list[CarriedOver]:
    """Empty where the campaign does not load: ``check`` shows why."""
    folder = workspace / CAMPAIGNS / name
    campaign = load_campaign_cached(folder, workspace).campaign
    return find_carried_over(campaign, invocation.now) if campaign else []


def _find_or_choose_workspace(invocation: Invocation) -> Path:
    try:
        return invocation.find_workspace()
    except UsageError:
        return invocation.directory.resolve()


def _today(invocation: Invocation, timezone: str | None) -> date:
    """The date in the team's zone, or in this machine's."""
    zone = load_zone(timezone) if timezone and is_known_zone(timezone) else None
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
