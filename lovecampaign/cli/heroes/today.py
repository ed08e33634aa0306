"""The verb ``today``: five people who are worth a personal line, and why."""

from __future__ import annotations

import shlex

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import NAME, format_table, shorten
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.open import recorded_campaign
from lovecampaign.core.zones import load_zone
from lovecampaign.store.dialogue.notes.today import Why, name_five

_WORDS = {
    Why.ANSWERED: "has answered you: say what you liked",
    Why.HELPED: "was helped: ask whether all is well",
    Why.STRUGGLING: "waits for you, or has an open case",
    Why.BOUGHT: "has bought: say thank you",
    Why.LONG_WITH_US: "has been with you for more than a year",
    Why.SILENT: "gets your letters, and has given no sign",
}


@verb("today")
@campaign_argument
def today(invocation: Invocation, campaign_name: str | None) -> Result:
    """Name five people worth a personal line today, and why.

    The same five all day, and no one twice in a fortnight. People who get no mail are left out.
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.write() as connection,
    ):
        campaign = recorded.campaign
        date = invocation.now.astimezone(load_zone(campaign.timezone)).date()
        people = name_five(connection, campaign, recorded.record.id, date, invocation.now)
    rows = [(each.email, shorten(each.first_name, NAME), _WORDS[each.why]) for each in people]
    text = format_table(("email", "first name", "why"), rows) if rows else "Nobody new today."
    following = f'note {shlex.quote(people[0].email)} --day KEY "…"' if people else "status"
    return Result(
        data={
            "campaign": campaign.slug,
            "date": date.isoformat(),
            "people": [
                {"email": each.email, "first_name": each.first_name, "why": each.why.value}
                for each in people
            ],
        },
        text=text,
        next_command=f"lovecampaign {following}",
    )
