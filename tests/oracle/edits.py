"""Random edits of a campaign's files, and their effects counted reader by reader."""

from __future__ import annotations

import copy
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.testing.campaigns import day_file
from tests.oracle.comparison import Play
from tests.oracle.month import ReferenceMonth
from tests.oracle.readers import Reader

Choices = dict[str, Any]
#: When somebody gets each text.
Times = Mapping[str, list[datetime]]


def edit(choices: Choices, days: int, chance: random.Random) -> Choices:
    """The options of a campaign after one to three edits."""
    edited = copy.deepcopy(choices)
    for kind in chance.sample(_EDITS, k=chance.randint(1, 3)):
        kind(edited, days, chance)
    return edited


def _change_time(edited: Choices, _days: int, chance: random.Random) -> None:
    edited["settings"]["sending"]["at"] = chance.choice(("06:00", "11:45", "20:00"))


def _change_policy(edited: Choices, _days: int, chance: random.Random) -> None:
    policies = ["from-today", "from-day-1", "wait"]  # catch-up has settings of its own
    if edited["late_joiners"] != "catch-up":
        edited["late_joiners"] = chance.choice(policies)


def _change_tags(edited: Choices, _days: int, chance: random.Random) -> None:
    edited["settings"]["audience"] = {"with_tags": [], "without_tags": [chance.choice(_TAGS)]}


def _change_quiet_hours(edited: Choices, _days: int, chance: random.Random) -> None:
    edited["quiet_hours"] = chance.choice((None, "20:00-09:30", "06:00-07:00"))


def _change_day(edited: Choices, _days: int, _chance: random.Random) -> None:
    for day in edited["settings"]["days"].values():
        day["at"] = "13:00"


def _copy_one_over_another(edited: Choices, days: int, chance: random.Random) -> None:
    """A text twice, and one text gone."""
    one, other = chance.sample(_free(edited, days), k=2)
    edited["files"][f"days/{one:02d}-day-{one}.md"] = day_file(other)


def _swap(edited: Choices, days: int, chance: random.Random) -> None:
    one, other = chance.sample(_free(edited, days), k=2)
    edited["files"][f"days/{one:02d}-day-{one}.md"] = day_file(other)
    edited["files"][f"days/{other:02d}-day-{other}.md"] = day_file(one)


def _call_last_call_to_all(edited: Choices, _days: int, _chance: random.Random) -> None:
    edited["settings"]["launch"]["emails"]["last-call"] = {"to": ["audience"]}


_TAGS = ("garden", "kitchen", "staff")
_EDITS = (
    _change_time,
    _change_policy,
    _change_tags,
    _change_quiet_hours,
    _change_day,
    _copy_one_over_another,
    _swap,
    _call_last_call_to_all,
)


def _free(edited: Choices, days: int) -> list[int]:
    skipped = edited["settings"]["skip"]
    return [day for day in range(1, days + 1) if day not in skipped]


def expected_effects(play: Play, before: Campaign, after: Campaign) -> Counter[str]:
    """Moved, added, lost and doubled letters, and affected people, by the reference model."""
    counts: Counter[str] = Counter(
        dict.fromkeys(("moved", "added", "lost", "doubled", "people"), 0)
    )
    frozen = {key for (_, key), row in play.month.rows.items() if row.state == "sent"}
    months = [_reference(play, each) for each in (before, after)]
    for reader in play.cast:
        old, new = (_times(play, month, reader, before, frozen) for month in months)
        found: Counter[str] = Counter()
        for text in old.keys() | new.keys():
            was, now = old.get(text, []), new.get(text, [])
            found["lost"] += bool(was and not now)
            found["added"] += bool(now and not was)
            found["moved"] += bool(was and now and min(was) != min(now))
            found["doubled"] += len(now) > max(1, len(was))
        counts.update(found)
        counts["people"] += found.total() > 0
    return counts


def _reference(play: Play, campaign: Campaign) -> ReferenceMonth:
    """The month as played so far, with nothing planned ahead, for other files."""
    month = play.month
    return ReferenceMonth(
        campaign=campaign,
        readers=month.readers,
        first_claim=month.first_claim,
        cancelled=month.cancelled,
        rows={place: row for place, row in month.rows.items() if row.state != "planned"},
        planned_at=month.planned_at,
    )


def _times(
    play: Play, month: ReferenceMonth, reader: Reader, before: Campaign, frozen: set[str]
) -> Times:
    times: dict[str, list[datetime]] = defaultdict(list)
    for key, (state, _reason, due) in month.explain(reader, play.now).items():
        row = month.rows.get((reader.address, key))
        text = _text(before if key in frozen else month.campaign, key)
        if row is not None and row.state == "sent":
            assert row.at is not None
            times[text].append(row.at)
        elif row is None and state == "planned":
            assert due is not None
            times[text].append(max(due, play.now))
    return times


def _text(campaign: Campaign, key: str) -> str:
    """What tells the letters of test campaigns apart."""
    email = campaign.find_email(key)
    assert email is not None
    found = re.search(r"gift of day \d+", email.copy.text)
    return found[0] if found else key
