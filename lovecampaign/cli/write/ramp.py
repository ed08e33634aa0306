"""The waves of the invitation, as ``plan`` shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lovecampaign.campaign.model.campaign import INVITATION, Campaign
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.table import Cell, format_table
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.store.reports.ramp import Ramp

#: Receiving domains with a column of their own; the others are added up.
_COLUMNS = 4


def ramp_json(ramp: Ramp) -> Mapping[str, object]:
    return {
        "waves": [
            {"at": wave.at, "recipients": wave.size, "domains": wave.sizes} for wave in ramp.waves
        ],
        "last": ramp.waves[-1].at if ramp.waves else None,
        "unreached": ramp.unreached,
        "day_1": {
            "recipients": ramp.day_1,
            "fits": not ramp.crowded,
            "crowded": [
                {
                    "domain": one.domain,
                    "recipients": one.recipients,
                    "largest_wave": one.largest_wave,
                }
                for one in ramp.crowded
            ],
        },
    }


def format_ramp(campaign: Campaign, ramp: Ramp) -> Iterator[str]:
    """The table of waves by day and receiving domain, and whether day 1 fits."""
    if not ramp.waves:
        return
    totals: Counter[str] = Counter()
    for wave in ramp.waves:
        totals.update(wave.sizes)
    shown = [domain for domain, _ in totals.most_common(_COLUMNS)]
    rows: list[list[Cell]] = []
    for wave in ramp.waves:
        sizes = [wave.sizes.get(domain, 0) for domain in shown]
        others = [wave.size - sum(sizes)] if len(totals) > _COLUMNS else []
        rows.append([local_time(wave.at, campaign.timezone), wave.size, *sizes, *others])
    others_heading = ["others"] if len(totals) > _COLUMNS else []
    waves, last = count_of(len(ramp.waves), "wave"), rows[-1][0]
    yield f"\nThe invitation goes out in {waves}, the last on {last}."
    yield format_table((f"wave ({campaign.timezone})", "people", *shown, *others_heading), rows)
    if not ramp.crowded:
        yield f"Day 1 fits the waves: {count_of(ramp.day_1, 'person')}, as chosen so far."


def ramp_problems(campaign: Campaign, ramp: Ramp) -> Iterator[Problem]:
    """Warnings of waves that end too late, and of a day 1 that is a sudden burst."""
    for one in ramp.crowded:
        yield _warning(
            campaign,
            f"day 1 goes to {count_of(one.recipients, 'person')} at {one.domain}, where the "
            f"largest wave of the invitation has {one.largest_wave}",
            "if you are new to this provider, warm it up first, or begin with fewer (with_tags)",
        )
    if ramp.unreached:
        yield _warning(
            campaign,
            f"{count_of(ramp.unreached, 'person')} will not be asked, and get day 1 all the same",
            "begin earlier (from: day -20), or write a larger first:",
        )


def _warning(campaign: Campaign, message: str, hint: str) -> Problem:
    return Problem(
        code="invitation",
        message=message,
        hint=hint,
        place=campaign.places.get(INVITATION),
        severity=Severity.WARNING,
    )
