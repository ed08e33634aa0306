"""What has happened between us and one person? Consent, leaving, deals and events in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.output.words import local_time
from lovecampaign.core.clock import format_instant
from lovecampaign.store.checkout.history import DealFact
from lovecampaign.store.subscribers.records import (
    AddressRecord,
    SubscriberEvent,
    SubscriberProfile,
    SuppressionRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a person's history."""

    at: datetime
    #: ``joined``, ``consented``, ``confirmed``, ``suppressed``, ``came back``, what it was with a
    #: deal, or an event's kind.
    what: str
    detail: str = ""

    def as_json(self) -> Mapping[str, str]:
        return {"at": format_instant(self.at), "what": self.what, "detail": self.detail}


def write_history(
    person: AddressRecord, events: Sequence[SubscriberEvent], deals: Sequence[DealFact]
) -> list[Happening]:
    """Everything that is known, oldest first."""
    found = [*_of_suppressions(person.suppressions), *_of_events(events)]
    found += [Happening(at=fact.at, what=fact.what, detail=fact.detail) for fact in deals]
    if person.profile is not None:
        found += _of_profile(person.profile)
    return sorted(found, key=lambda happening: happening.at)


def format_history(history: Sequence[Happening], zone: str) -> str:
    rows = [(local_time(one.at, zone), one.what, one.detail) for one in history]
    return format_table((f"when ({zone})", "what", ""), rows)


def _of_profile(profile: SubscriberProfile) -> Iterator[Happening]:
    for place in profile.memberships:
        yield Happening(at=place.joined_at, what="joined", detail=place.list)
        if place.confirmed_at is not None and place.confirmed_at != place.joined_at:
            yield Happening(at=place.confirmed_at, what="confirmed", detail=place.list)
    for logged in profile.consents:
        consent = logged.consent
        words = (logged.list, consent.kind.value, consent.source, consent.text_version)
        detail = ", ".join(word for word in words if word)
        yield Happening(at=consent.given_at, what="consented", detail=detail)


def _of_suppressions(suppressions: Sequence[SuppressionRecord]) -> Iterator[Happening]:
    for noted in suppressions:
        reach = noted.list or noted.only_campaign or "everything"
        words = (noted.reason.value.replace("_", " "), reach, noted.source)
        detail = ", ".join(word for word in words if word)
        yield Happening(at=noted.at, what="suppressed", detail=detail)
        if noted.lifted_at is not None:
            yield Happening(at=noted.lifted_at, what="came back", detail=reach)


def _of_events(events: Sequence[SubscriberEvent]) -> Iterator[Happening]:
    for event in events:
        words = (event.email_key or "", event.words)
        detail = ", ".join(word for word in words if word)
        yield Happening(at=event.at, what=event.kind, detail=detail)
