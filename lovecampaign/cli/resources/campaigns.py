"""Campaigns and emails as commands name them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.workspace.find import pick_campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.framework.options import read_name
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.core.suggestions import nearest

#: ``[CAMPAIGN]``, which every verb about one campaign takes.
campaign_argument = click.argument(
    "campaign_name", type=read_name, metavar="[CAMPAIGN]", required=False
)
#: ``--campaign``, for verbs with another argument.
campaign_option = click.option(
    "--campaign",
    "campaign_name",
    type=read_name,
    metavar="CAMPAIGN",
    help="Needed only where there is more than one.",
)
#: ``9``, ``day-9``, ``Day 9``.
_DAY = re.compile(r"(?:day[ _-]?)?(?P<number>[0-9]{1,3})", re.IGNORECASE)
#: In place of an email's key, for a test of every one.
EVERY_EMAIL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableCampaign:
    """A campaign with valid settings; single emails may still have mistakes."""

    campaign: Campaign
    problems: Sequence[Problem]

    def mistakes_of(self, email: Email) -> Sequence[Problem]:
        """The errors that loading found in one email."""
        if not email.is_broken:
            return ()
        errors = [problem for problem in self.problems if problem.is_error]
        own = [each for each in errors if each.place and each.place.file == email.copy.file]
        return own or errors


def load_usable(invocation: Invocation, name: str | None) -> UsableCampaign:
    """The campaign of that name, or the only one; raises ProblemsFound for a broken one."""
    workspace = invocation.find_workspace()
    return load_folder(pick_campaign(workspace, name), workspace)


def load_folder(folder: Path, workspace: Path) -> UsableCampaign:
    loaded = load_campaign_cached(folder, workspace)
    if loaded.campaign is None:
        raise ProblemsFound(
            f"{folder.name} cannot be used before this is fixed",
            loaded.problems,
            hint=f"then type: lovecampaign check {folder.name}",
        )
    return UsableCampaign(campaign=loaded.campaign, problems=loaded.problems)


def find_email(campaign: Campaign, word: str) -> Email:
    """The email of that key; ``9`` is ``day-09``. Raises UsageError that suggests one."""
    key = f"day-{int(word):02}" if word.isdecimal() and len(word) < 3 else word
    email = campaign.find_email(key)
    if email is None:
        hint = _suggest_key(word, [each.key for each in campaign.emails])
        raise UsageError(f"{campaign.slug} has no email {word}", hint=hint)
    return email


def _suggest_key(word: str, keys: Sequence[str]) -> str:
    """For a number only the right spelling is suggested, never another day."""
    number = _DAY.fullmatch(word)
    near = f"day-{int(number['number']):02}" if number else nearest(word, keys)
    return f"did you mean {near}?" if near in keys else f"there are: {', '.join(keys)}"


def find_scheduled(campaign: Campaign, word: str) -> Email:
    """As :func:`find_email`, for emails that the calendar sends."""
    email = find_email(campaign, word)
    if email not in campaign.scheduled_emails:
        raise UsageError(
            f"{email.key} goes out after a sign-up, not by the calendar",
            hint=f"to see it, type: lovecampaign send {campaign.slug} --day {email.key} --to YOU",
        )
    return email
