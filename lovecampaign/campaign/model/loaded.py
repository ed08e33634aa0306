"""The result of loading a campaign."""

from __future__ import annotations

from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCampaign:
    """A campaign and the problems of its files, in file order.

    ``campaign`` is None after an error in campaign.yaml or in the set of files. An error in one
    email's file only makes that email ``is_broken``.
    """

    campaign: Campaign | None
    problems: tuple[Problem, ...]
