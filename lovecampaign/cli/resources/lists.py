"""Lists of subscribers that the workspace's campaigns use."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.core.errors import UsageError
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.suggestions import did_you_mean

UNUSED_LIST = "unused-list"


def find_only_list(invocation: Invocation) -> str:
    """The list of the workspace's campaigns; raises UsageError where there are several."""
    lists = sorted({each.audience.list for each in load_all(invocation) if each})
    if len(lists) == 1:
        return lists[0]
    known = f"one of: {', '.join(lists)}" if lists else "such as: readers"
    raise UsageError("which list do they join?", hint=f"add --list, {known}")


def warn_unused_list(invocation: Invocation, name: str) -> Iterator[Problem]:
    """A warning for a list that no campaign uses: it may be a typo, or come before its campaign.

    None where a campaign cannot be read: it may be the one that uses the list.
    """
    campaigns = load_all(invocation)
    known = sorted({each for campaign in campaigns if campaign for each in campaign.lists})
    if not known or name in known or None in campaigns:
        return
    guess = did_you_mean(name, known)
    yield Problem(
        code=UNUSED_LIST,
        message=f"no campaign here writes to the list {name}",
        hint=f"{f'{guess} ' if guess else ''}lists that campaigns use: {', '.join(known)}",
        severity=Severity.WARNING,
    )


def load_all(invocation: Invocation) -> list[Campaign | None]:
    """Every campaign of the workspace; None for one that cannot be read."""
    workspace = invocation.find_workspace()
    return [
        load_campaign_cached(folder, workspace).campaign for folder in list_campaigns(workspace)
    ]
