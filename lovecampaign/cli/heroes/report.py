"""The verb ``report``: what was given and asked, and who gave and was not thanked yet."""

from __future__ import annotations

import shlex

from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import NAME, format_table, shorten
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.open import recorded_campaign
from lovecampaign.store.dialogue.gifts.giving import count_by_giving
from lovecampaign.store.dialogue.gifts.taken import count_taken
from lovecampaign.store.dialogue.gifts.unthanked import list_unthanked

#: Rows of the table for people; ``--json`` has all.
_MAX_ROWS = 50


@verb_group("report", fallback="giving")
def report() -> None:
    """Show what was given and asked, and the givers to thank."""


@verb("giving", report)
@campaign_argument
def giving(invocation: Invocation, campaign_name: str | None) -> Result:
    """Show what was given and asked, and the givers to thank.

    A letter of a day gives, unless its kind is ask; a launch email asks. Givers have answered,
    and had no personal note since.
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.read() as connection,
    ):
        campaign, id_ = recorded.campaign, recorded.record.id
        counts = count_by_giving(connection, campaign, id_)
        taken = count_taken(connection, id_)
        unthanked = list_unthanked(connection, id_)
    parts = ["No letter has gone out yet."]
    if counts:
        rows = [(number, each.gifts, each.asks) for each, number in counts.items()]
        parts = [format_table(("people", "letters that gave", "that asked"), rows)]
    if taken:
        parts.append("\n" + format_table(("gift", "taken by"), taken))
    if unthanked:
        parts.append(f"\nNot thanked yet ({count_of(len(unthanked), 'person')}):")
        givers = [
            (each.email, shorten(each.first_name, NAME), each.day) for each in unthanked[:_MAX_ROWS]
        ]
        parts.append(format_table(("email", "first name", "answered"), givers))
    following = f'note {shlex.quote(unthanked[0].email)} --day KEY "…"' if unthanked else "status"
    return Result(
        data={
            "campaign": campaign.slug,
            "min_gifts": campaign.launch.min_gifts,
            "given": [
                {"gifts": each.gifts, "asks": each.asks, "people": number}
                for each, number in counts.items()
            ],
            "taken": [{"gift": name, "people": number} for name, number in taken],
            "not_thanked": [
                {"email": each.email, "first_name": each.first_name, "day": each.day}
                for each in unthanked
            ],
        },
        text="\n".join(parts),
        next_command=f"lovecampaign {following}",
    )
