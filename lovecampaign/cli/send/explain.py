"""Why does one person get what they get? The verb ``explain``."""

from __future__ import annotations

import click

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_option, load_usable
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.resources.person_history import format_history, write_history
from lovecampaign.cli.resources.timeline import (
    Timeline,
    find_timeline,
    format_timeline,
    timeline_json,
)
from lovecampaign.store.checkout.history import read_deal_facts
from lovecampaign.store.subscribers.records import read_events


@verb("explain")
@click.argument("email")
@campaign_option
def explain(invocation: Invocation, email: str, campaign: str | None) -> Result:
    """Say why one person got, will get or will never get each email.

    Times are on the reader's own clock; below them stands what happened so far.
    """
    found = load_usable(invocation, campaign).campaign
    with opened_database(invocation) as database:
        timeline = find_timeline(database, found, email, invocation.now)
        events = read_events(database, timeline.profile.id)
        deals = read_deal_facts(database, timeline.profile.id)
    history = write_history(timeline.person, events, deals)
    parts = [_introduce(timeline), format_timeline(timeline)]
    if history:
        parts.append("\n" + format_history(history, timeline.zone))
    return Result(
        data={**timeline_json(timeline), "history": [one.as_json() for one in history]},
        text="\n".join(parts),
        next_command=f"lovecampaign subscribers show {timeline.profile.email}",
    )


def _introduce(timeline: Timeline) -> str:
    profile = timeline.profile
    name = f"{profile.first_name} {profile.last_name}".strip()
    tags = f", tagged {', '.join(profile.tags)}" if profile.tags else ""
    return f"{f'{name} ' if name else ''}<{profile.email}>{tags}"
