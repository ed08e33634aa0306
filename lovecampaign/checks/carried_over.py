"""What a repeated campaign takes over from the earlier one and its author has to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.dates import DATE, WEEKDAY
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.locate import (
    Passage,
    find_email_setting,
    find_in_shown_words,
    setting,
)
from lovecampaign.checks.base.rule import EmailDraft

_DAY_NAMED = re.compile(rf"{DATE}|\b{WEEKDAY}\b", re.IGNORECASE)


class CarriedOverKind(StrEnum):
    """What it is."""

    SKIP = "skip"  #: a day without a letter, which may be another weekday now
    DATE = "date"  #: a date or weekday in copy
    CODES = "codes"  #: a file with codes, which were handed out before
    APPROVAL = "approval"  #: a guest's approval of the earlier letter


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOver:
    """One thing to look at."""

    what: CarriedOverKind
    file: str
    line: int | None
    message: str


def find_carried_over(campaign: Campaign, now: datetime) -> list[CarriedOver]:
    """All of it: the settings', then the letters' in the order of the month."""
    facts = Facts(now=now)
    found = list(_in_settings(campaign))
    for email in campaign.emails:
        if not email.copy.is_built_in:
            draft = EmailDraft(campaign=campaign, facts=facts, email=email, content=None)
            found += _in_email(draft, email)
    return found


def _in_settings(campaign: Campaign) -> Iterator[CarriedOver]:
    for number in sorted(campaign.skip):
        day = campaign.start + timedelta(days=number - 1)
        message = f"day {number} has no letter: it is a {day:%A} now, {day}"
        yield _at(setting(campaign, "skip", str(number)), CarriedOverKind.SKIP, message)
    for key, deal in campaign.deals.items():
        if deal.codes_file:
            place = setting(campaign, f"deals.{key}.codes", deal.codes_file)
            message = f"{deal.codes_file} has the earlier month's codes: put fresh ones into it"
            yield _at(place, CarriedOverKind.CODES, message)


def _in_email(draft: EmailDraft, email: Email) -> Iterator[CarriedOver]:
    if email.guest and email.guest.approved:
        place = find_email_setting(draft.campaign, email, "guest", email.guest.name)
        message = f"{email.guest.name} approved this on {email.guest.approved}: ask again"
        yield _at(place, CarriedOverKind.APPROVAL, message)
    for passage in find_in_shown_words(draft, _DAY_NAMED):
        yield _at(passage, CarriedOverKind.DATE, f"{email.key} says “{passage.text}”")


def _at(passage: Passage, what: CarriedOverKind, message: str) -> CarriedOver:
    place = passage.place
    return CarriedOver(what=what, file=place.file, line=place.line, message=message)
