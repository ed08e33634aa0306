"""The verb ``explain``: a subscriber's timeline, and their history in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import read_address
from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.resources.campaigns import campaign_option, load_usable
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.resources.timeline import find_timeline, format_timeline, timeline_json
from lovecampaign.delivery.desk.history import HistoryEntry, dialogue_entries, join
from lovecampaign.store.checkout.history import read_deal_history
from lovecampaign.store.dialogue.gifts.taken import list_taken
from lovecampaign.store.dialogue.notes.notes import list_notes
from lovecampaign.store.dialogue.stories.stories import Story, list_stories_of
from lovecampaign.store.dialogue.tasks import list_done
from lovecampaign.store.subscribers.records import (
    SubscriberEvent,
    SubscriberProfile,
    SuppressionRecord,
    read_events,
)


@verb("explain")
@click.argument("email")
@campaign_option
def explain(invocation: Invocation, email: str, campaign_name: str | None) -> Result:
    """Explain why one person gets each email, or does not.

    Times are in the person's time zone. What happened so far is listed below them.
    """
    usable = load_usable(invocation, campaign_name)
    with opened_database(invocation) as database:
        timeline = find_timeline(database, usable.campaign, email, invocation.now)
        events = read_events(database, timeline.profile.id)
        dialogue = list(dialogue_entries(database, timeline.profile.id, read_address(email)))
        deal_facts = read_deal_history(database, timeline.profile.id)
        with database.read() as connection:
            stories = list_stories_of(connection, timeline.profile.id)
            tasks = list_done(connection, timeline.profile.id)
            gifts = list_taken(connection, timeline.profile.id)
            notes = list_notes(connection, timeline.profile.id)
    history = [
        *_suppressions(timeline.person.suppressions),
        *_events(events),
        *(HistoryEntry(at=fact.at, what=fact.what, detail=fact.detail) for fact in deal_facts),
        *dialogue,
        *(entry for story in stories for entry in _story_entries(story)),
        *(HistoryEntry(at=at, what="has done the small task", detail=day) for day, at in tasks),
        *(HistoryEntry(at=at, what="took a gift", detail=name) for name, at in gifts),
        *(
            HistoryEntry(at=at, what="was written a note", detail=f"{day}: {each.text}")
            for day, each, at in notes
        ),
        *_memberships_and_consents(timeline.profile),
    ]
    history.sort(key=lambda entry: entry.at)
    parts = [_introduce(timeline.profile), format_timeline(timeline)]
    if history:
        rows = [(local_time(each.at, timeline.zone), each.what, each.detail) for each in history]
        parts.append("\n" + format_table((f"when ({timeline.zone})", "what", ""), rows))
    return Result(
        data={**timeline_json(timeline), "history": history},
        text="\n".join(parts),
        next_command=f"lovecampaign subscribers show {timeline.profile.email}",
    )


def _introduce(profile: SubscriberProfile) -> str:
    name = f"{profile.first_name} {profile.last_name}".strip()
    tags = f", tagged {', '.join(profile.tags)}" if profile.tags else ""
    return f"{f'{name} ' if name else ''}<{profile.email}>{tags}"


def _memberships_and_consents(profile: SubscriberProfile) -> Iterator[HistoryEntry]:
    for place in profile.memberships:
        yield HistoryEntry(at=place.joined_at, what="joined", detail=place.list)
        if place.confirmed_at is not None and place.confirmed_at != place.joined_at:
            yield HistoryEntry(at=place.confirmed_at, what="confirmed", detail=place.list)
    for logged in profile.consents:
        consent = logged.consent
        detail = join(logged.list, consent.kind.value, consent.source, consent.text_version)
        yield HistoryEntry(at=consent.given_at, what="consented", detail=detail)


def _story_entries(story: Story) -> Iterator[HistoryEntry]:
    steps = (
        (story.written_at, "answered"),
        (story.approved_at, "the answer was approved"),
        (story.published_at, "the answer was published"),
        (story.withdrawn_at, "the answer was withdrawn"),
    )
    for at, what in steps:
        if at is not None:
            yield HistoryEntry(at=at, what=what, detail=f"story {story.id}, {story.day}")


def _suppressions(suppressions: Sequence[SuppressionRecord]) -> Iterator[HistoryEntry]:
    for noted in suppressions:
        scope = noted.list or noted.only_campaign or "everything"
        detail = join(noted.reason.value.replace("_", " "), scope, noted.source)
        yield HistoryEntry(at=noted.at, what="suppressed", detail=detail)
        if noted.lifted_at is not None:
            yield HistoryEntry(at=noted.lifted_at, what="came back", detail=scope)


def _events(events: Sequence[SubscriberEvent]) -> Iterator[HistoryEntry]:
    for event in events:
        detail = join(event.email_key, event.words)
        yield HistoryEntry(at=event.at, what=event.kind, detail=detail)
