"""The rule about campaigns whose months overlap."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.checks.base.locate import setting
from lovecampaign.checks.base.rule import MonthDraft, MonthRule
from lovecampaign.core.problems import Problem


class TwoMonths(MonthRule, code="LC237"):
    """A reader is in one month at a time.

    One letter a day holds within a campaign. Where the months of two campaigns overlap, a reader
    of both gets two letters on one day. It is counted in the database, from today on.

    Bad:  two campaigns for the list readers, that start on 1 and on 15 February
    Good: without_tags: [spring] in the second, or a start after the first month
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        for other, number in draft.facts.overlaps.items():
            who = "reader gets" if number == 1 else "readers get"
            yield setting(draft.campaign, "start", str(draft.campaign.start)).warning(
                f"{number:,} {who} two letters on one day: the month of {other} overlaps",
                hint="leave one group out with audience.without_tags, or move a start that lies "
                "ahead",
            )
