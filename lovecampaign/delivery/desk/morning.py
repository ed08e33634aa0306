"""The team's morning mail: what is overdue first, then what waits; once a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.zones import load_zone
from lovecampaign.delivery.desk.overview import Overview, PromisedLetter, read_overview
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.answers import ensure_contact, is_first_today
from lovecampaign.store.dialogue.desk.cases import Case
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.ledger.transactional_mail import (
    SEND_TO,
    WRITTEN,
    TransactionalKind,
    queue_transactional,
)

#: Lines of each part; the desk has all.
_MAX_LINES = 30
_LONGEST = 60


def queue_morning_mail(database: Database, campaign: Campaign, now: datetime) -> bool:
    """Queue the mail of the day to the team, if it is time; returns whether it did.

    The day is noted in the same transaction: of several processes one sends it. It has what waits
    in all campaigns, so that each person gets one mail a day, from the campaign that is first.
    """
    local = now.astimezone(load_zone(campaign.timezone))
    is_time = local.weekday() in campaign.desk.days and local.time() >= campaign.desk.morning
    if not campaign.desk.team or not is_time:
        return False
    today = local.date().isoformat()
    record = record_campaign(database, campaign)
    with database.write() as connection:
        if not is_first_today(connection, f"morning mail {campaign.id}", today):
            return False
        overview = read_overview(connection, lambda _key: campaign, now)
        if not overview.letters and not overview.cases:
            return False
        written = {
            "subject": subject_of(overview),
            "text": text_of(campaign, overview),
            "from_name": campaign.sender.name,
            "from_email": campaign.sender.email,
        }
        for address in campaign.desk.team:
            key = normalise_or_none(address)
            if key is None:
                continue
            contact = ensure_contact(connection, address, key, "", campaign.timezone, now)
            if not is_first_today(connection, f"morning mail to {contact}", today):
                continue
            payload = {SEND_TO: address, WRITTEN: written}
            kind = TransactionalKind.TEAM
            queue_transactional(connection, kind, contact, record.id, payload, now)
    return True


def subject_of(overview: Overview) -> str:
    waiting = _count(len(overview.letters), "letter") + " waiting"
    cases = _count(len(overview.cases), "case") + " open"
    late = f"{overview.overdue_count} overdue: " if overview.overdue_count else ""
    return f"{late}{waiting}, {cases}"


def text_of(campaign: Campaign, overview: Overview) -> str:
    """Overdue promises first; no words of letters, since mail is read on the way."""
    late_letters, late_cases = overview.overdue_letters, overview.overdue_cases
    parts = [
        ("Overdue", [*_letters(campaign, late_letters), *_cases(campaign, late_cases)]),
        (
            "Waiting for an answer",
            _letters(campaign, [one for one in overview.letters if one not in late_letters]),
        ),
        (
            "Open cases",
            _cases(campaign, [case for case in overview.cases if case not in late_cases]),
        ),
    ]
    blocks = [_block(heading, list(lines)) for heading, lines in parts]
    todo = "Answer: lovecampaign replies, or the desk on the dashboard."
    return "\n\n".join([*(block for block in blocks if block), todo])


def _block(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    rest = len(lines) - _MAX_LINES
    more = [f"… and {rest} more"] if rest > 0 else []
    return "\n".join([heading, *lines[:_MAX_LINES], *more])


def _letters(campaign: Campaign, letters: Sequence[PromisedLetter]) -> Iterator[str]:
    for one in letters:
        owner = one.letter.owner or "no owner yet"
        subject = _short(one.letter.subject or "(no subject)")
        yield f"- letter {one.letter.id}, {subject}: {owner}, {_by(campaign, one.due_at)}"


def _cases(campaign: Campaign, cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        step = case.next_step
        what = f"{step.step.value.replace('_', ' ')} {_by(campaign, step.due_at)}" if step else ""
        owner = step.owner if step else case.owner
        yield f"- case {case.id}, {_short(case.about)}: {owner}, {what}"


def _by(campaign: Campaign, due_at: datetime) -> str:
    return f"by {due_at.astimezone(load_zone(campaign.timezone)):%a %d %b %H:%M}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
