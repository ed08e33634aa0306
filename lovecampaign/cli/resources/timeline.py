"""One subscriber's month: each email with its due time, state and reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.cli.framework.options import read_address
from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.output.table import Cell, format_table
from lovecampaign.core.errors import UsageError
from lovecampaign.core.zones import load_zone
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.frozen_content import find_frozen
from lovecampaign.store.reports.subscriber_timeline import TimelineEntry, read_timeline
from lovecampaign.store.subscribers.records import (
    AddressRecord,
    SubscriberProfile,
    read_address_record,
)

#: From this delay on, the time of sending is shown beside the due time.
_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One subscriber's month."""

    profile: SubscriberProfile
    person: AddressRecord
    #: The subscriber's effective time zone.
    zone: str
    entries: Sequence[TimelineEntry]
    #: The language of each email, by key, where the campaign has several.
    languages: Mapping[str, str]


def find_timeline(database: Database, campaign: Campaign, address: str, now: datetime) -> Timeline:
    """Raises UsageError for an address that is not a subscriber's."""
    person = read_address_record(database, read_address(address))
    if person.profile is None:
        raise UsageError(
            f"{address} is not a subscriber here",
            hint=f"type: lovecampaign subscribers show {address}",
        )
    return Timeline(
        profile=person.profile,
        person=person,
        zone=effective_zone(person.profile.timezone or None, campaign),
        entries=list(_entries(database, campaign, person.profile.id, now)),
        languages=_languages(database, campaign, person.profile.locale),
    )


def _languages(database: Database, campaign: Campaign, wanted: str | None) -> Mapping[str, str]:
    """Of frozen words, or of the files."""
    if len(campaign.languages) < 2:
        return {}
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        ids = record.email_ids if record else {}
        frozen = {key: find_frozen(connection, id_) for key, id_ in ids.items()}
    languages = {}
    for email in campaign.emails:
        languages[email.key] = campaign.language_of(email, wanted)
        if (words := frozen.get(email.key)) is not None:
            content = json.loads(words.content)
            known = (content.get("language") or campaign.language, *content.get("translations", ()))
            languages[email.key] = choose_language(known, wanted)
    return languages


def _entries(
    database: Database, campaign: Campaign, subscriber_id: int, now: datetime
) -> Iterator[TimelineEntry]:
    """A day that was part of the welcome was not missed, though its own email was."""
    from lovecampaign.delivery.display.digest_days import find_days_in_welcome  # it renders

    with database.read() as connection:
        welcomed_with = find_days_in_welcome(connection, campaign, subscriber_id)
    for entry in read_timeline(database, campaign, subscriber_id, now):
        if entry.key in welcomed_with and entry.reason == SkipReason.JOINED_AFTER:
            yield replace(entry, reason=SkipReason.IN_DIGEST.value, detail="inside the welcome")
        else:
            yield entry


def timeline_json(timeline: Timeline) -> Mapping[str, object]:
    return {
        "email": timeline.profile.email,
        "timeline": [
            {
                **_entry_json(entry, timeline.zone),
                **({"language": timeline.languages.get(entry.key)} if timeline.languages else {}),
            }
            for entry in timeline.entries
        ],
    }


def format_timeline(timeline: Timeline) -> str:
    """A table with times in the subscriber's zone."""
    rows: list[Sequence[str | int | None]] = [
        _row(entry, timeline.zone) for entry in timeline.entries
    ]
    headings: tuple[str, ...] = ("email", f"when ({timeline.zone})", "state", "why")
    if timeline.languages:
        headings = (*headings[:2], "in", *headings[2:])
        rows = [(*row[:2], timeline.languages.get(str(row[0]), ""), *row[2:]) for row in rows]
    return format_table(headings, rows)


def _entry_json(entry: TimelineEntry, zone: str) -> Mapping[str, object]:
    due = entry.due
    return {
        "key": entry.key,
        "due": due,
        "local": due.astimezone(load_zone(zone)).isoformat(timespec="minutes") if due else None,
        "state": entry.state,
        "reason": entry.reason,
        **({"sent_at": entry.sent_at} if entry.sent_at else {}),
    }


def _row(entry: TimelineEntry, zone: str) -> Sequence[Cell]:
    state = entry.state.value.replace("_", " ") if entry.state else "not for them"
    when = local_time(entry.due, zone) if entry.due else None
    return entry.key, when, state, " · ".join(_why(entry, zone))


def _why(entry: TimelineEntry, zone: str) -> Iterator[str]:
    if entry.reason:
        yield entry.reason.replace("_", " ")
    if entry.detail:
        yield entry.detail
    if entry.sent_at and entry.due and entry.sent_at - entry.due > _LATE:
        yield f"sent {local_time(entry.sent_at, zone)}"
