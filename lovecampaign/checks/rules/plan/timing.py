"""Does every letter have a moment at which it goes out?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import format_zones
from lovecampaign.checks.base.locate import find_email_setting, setting
from lovecampaign.checks.base.rule import MonthDraft
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import plan_zone


class DayGivenUp:
    """A letter has its own day.

    Nobody gets two letters on one day. Quiet hours move a late letter to the next morning, and
    there the letter of that day comes first: the late one is left out. On the team's clock
    (clock: campaign) two letters may also meet on one day of a reader far away.

    Bad:  quiet_hours: 21:00-07:00, and day 9 at 22:00 with a letter on day 10
    Good: day 9 at 20:30
    """

    code = "LC230"

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        left_out = _left_out(campaign, draft.zones)
        for email in campaign.day_emails:
            if zones := left_out.get(email.key):
                at = f"{email.at:%H:%M}" if email.at else ""
                yield find_email_setting(campaign, email, "at", at).problem(
                    self.code,
                    f"{email.key} is left out in {format_zones(zones)}: another letter has that day",
                    hint="give it another time, or leave the day after it free (skip)",
                    severity=Severity.WARNING,
                )


class StartMoved:
    """Day 1 stays where it was when the first letter went out.

    Every reader stands somewhere in the month by then: another start would send letters again,
    or never. To repeat the month, begin a new campaign from the old one.

    Bad:  start: 2027-02-08, after day 1 went out on 2027-02-01
    Good: lovecampaign new customer-love-autumn --from customer-love
    """

    code = "LC235"

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign, begun_with = draft.campaign, draft.facts.begun_with
        if begun_with is None or begun_with == campaign.start:
            return
        yield setting(campaign, "start", str(campaign.start)).problem(
            self.code,
            f"start was {begun_with} when the first letter went out, and is {campaign.start} now",
            hint=f"put the old date back, or: lovecampaign new NAME --from {campaign.slug}",
        )


def _left_out(campaign: Campaign, zones: Iterable[str]) -> Mapping[str, list[str]]:
    """The zones in which an email gives up its day, by the email's key."""
    left_out: dict[str, list[str]] = defaultdict(list)
    for zone in zones:
        for key, slots in plan_zone(campaign, zone, None).items():
            if any(slot.reason is SkipReason.DAY_TAKEN for slot in slots):
                left_out[key].append(zone)
    return left_out
