"""What the options of ``subscribers add`` mean."""

from __future__ import annotations

from datetime import datetime

from lovecampaign.audience.cells import clean, find_language
from lovecampaign.audience.subscriber import Consent
from lovecampaign.audience.vocabulary.words import field_name
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import UsageError
from lovecampaign.core.zones import current_name, is_known_zone


def read_zone(text: str) -> str:
    if not text or is_known_zone(text):
        return current_name(text)
    raise UsageError(f"{text} is not a time zone", hint="write it like Europe/Paris")


def read_language(text: str) -> str:
    language = find_language(text) if text else ""
    if language is None:
        raise UsageError(f"{text} is not a language", hint="write its code, like fr")
    return language


def read_field(pair: str) -> tuple[str, str]:
    """The name as an import derives it from a heading, so that an export comes back unchanged."""
    written, equals, value = pair.partition("=")
    name = field_name(written)
    if not equals or not name:
        raise UsageError(f"--field {pair} is not NAME=VALUE", hint="write it like city=Paris")
    return name, clean(value)


def read_consent(given_at: datetime | None, source: str, now: datetime) -> Consent | None:
    if given_at is not None and given_at > now:
        raise UsageError(
            f"--consent-at {format_instant(given_at)} is in the future",
            hint="write when they agreed; if they did not, leave --consent-at out",
        )
    return Consent(given_at=given_at, source=clean(source)) if given_at else None
