"""All data of one person, as text and as JSON (``subscribers show``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.output.table import one_line
from lovecampaign.store.subscribers.records import (
    AddressRecord,
    SubscriberProfile,
    SuppressionRecord,
)


def person_json(email: str, person: AddressRecord) -> Mapping[str, object]:
    profile = person.profile
    return {
        "email": profile.email if profile else email,
        "forgotten": person.is_forgotten,
        "subscriber": _profile_json(profile) if profile else None,
        "suppressions": [_suppression_json(each) for each in person.suppressions],
    }


def format_person(email: str, person: AddressRecord) -> str:
    lines = [person.profile.email if person.profile else email]
    if person.profile is not None:
        lines += _profile_lines(person.profile)
    if person.is_forgotten:
        lines.append("forgotten: no other data is kept")
    lines += [_suppression_line(each) for each in person.suppressions]
    return "\n".join(lines)


def _profile_json(profile: SubscriberProfile) -> Mapping[str, object]:
    return {
        "id": profile.id,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "timezone": profile.timezone or None,
        "locale": profile.locale,
        "language": profile.locale,
        "fields": profile.fields,
        "tags": profile.tags,
        "lists": [
            {"list": place.list, "joined_at": place.joined_at, "confirmed_at": place.confirmed_at}
            for place in profile.memberships
        ],
        "consents": [
            {
                "list": logged.list,
                "kind": logged.consent.kind,
                "given_at": logged.consent.given_at,
                "source": logged.consent.source,
                "text_version": logged.consent.text_version,
            }
            for logged in profile.consents
        ],
    }


def _suppression_json(noted: SuppressionRecord) -> Mapping[str, object]:
    return {
        "reason": noted.reason,
        "list": noted.list or None,
        "campaign": noted.only_campaign or None,
        "source": noted.source,
        "at": noted.at,
        "lifted_at": noted.lifted_at,
    }


def _profile_lines(profile: SubscriberProfile) -> Iterator[str]:
    name = f"{profile.first_name} {profile.last_name}".strip()
    facts = {
        "name": name,
        "timezone": profile.timezone,
        "language": profile.locale or "",
        "tags": ", ".join(profile.tags),
        **{f"fields.{field}": value for field, value in sorted(profile.fields.items())},
    }
    for label, value in facts.items():
        if value:
            yield f"{label}: {one_line(value)}"
    for place in profile.memberships:
        confirmed = "" if place.confirmed_at else ", not confirmed yet"
        yield f"list {place.list}: since {local_time(place.joined_at, 'UTC')} UTC{confirmed}"
    for logged in profile.consents:
        consent = logged.consent
        source = f", {consent.source}" if consent.source else ""
        given = local_time(consent.given_at, "UTC")
        yield f"consent for {logged.list}: {consent.kind.value}, {given} UTC{source}"


def _suppression_line(noted: SuppressionRecord) -> str:
    scope = f" of {noted.list or noted.only_campaign}" if noted.list or noted.only_campaign else ""
    lifted = f", until {local_time(noted.lifted_at, 'UTC')} UTC" if noted.lifted_at else ""
    reason = noted.reason.value.replace("_", " ")
    return f"gets no mail{scope}: {reason}, {local_time(noted.at, 'UTC')} UTC{lifted}"
