"""What an edit of the files does to each letter's readers: moved, added, lost, doubled.

Both versions are computed for one subscriber of each class. A letter is followed by its text, so a
day that got another number is the same letter. Rows that were claimed count as they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.letters import text_of, trace_letters
from lovecampaign.schedule.reasons import Change, SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.classes import sample_audience
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.reports.edit_inputs import (
    FinalRows,
    Outcomes,
    read_final_rows,
    read_frozen_keys,
    read_outcomes,
)
from lovecampaign.store.tables import subscriber
from lovecampaign.store.tables.slots import sample

#: Skip reasons of a day that found no room in the month.
NO_ROOM = frozenset({SkipReason.LATE, SkipReason.DAY_TAKEN, SkipReason.JOINED_AFTER})
#: Further reasons of a lost letter.
REMOVED, KEY_SENT, NOT_ADDRESSED = "removed", "key_already_sent", "not_addressed"
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExample:
    """One subscriber of those with a change."""

    change: Change
    email: str
    #: The subscriber's effective time zone.
    zone: str
    #: When the letter comes, or came; None: not at all.
    before: datetime | None
    after: datetime | None
    reason: str | None


@dataclass(slots=True, kw_only=True)
class LetterEffect:
    """The changes of one letter, in numbers of subscribers."""

    #: The key now; of a removed letter the former one.
    key: str
    #: The former key, if the letter has another one now.
    was: str | None = None
    counts: Counter[Change] = field(default_factory=Counter)
    earlier: int = 0
    #: Where it comes in another language: the former and the new one.
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Why it is lost: skip reasons, and those above.
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[ChangeExample] = field(default_factory=list)

    @property
    def no_room(self) -> int:
        """How many lose it since it no longer fits into their month."""
        return sum(self.reasons[reason] for reason in NO_ROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEffects:
    """All letters of both versions, in the order of the new one."""

    letters: Sequence[LetterEffect]
    #: Subscribers with any change.
    people: int

    def total(self, change: Change) -> int:
        return sum(each.counts[change] for each in self.letters)


def compare_versions(
    database: Database, before: Campaign, after: Campaign, now: datetime
) -> EditEffects:
    """The effects of replacing one version of a campaign's files by another. Read-only."""
    with database.read() as connection:
        record = read_campaign(connection, after.id)
        frozen = read_frozen_keys(connection, record)
        sample_audience(connection, [before, after], record, now)
        former = {email.key: email.key for email in before.scheduled_emails}
        letters_now = trace_letters(before, after, frozen)
        comparison = _Comparison(
            versions=(_Version(before, former), _Version(after, letters_now)),
            known=frozenset({*former, *letters_now.values()}),
            rows=read_final_rows(connection, record),
            outcomes=[read_outcomes(connection, each, record, now) for each in (before, after)],
            frozen=frozen,
        )
        letters = comparison.effects()
        subscribers: sa.Result[Any] = connection.execute(
            sa.select(
                sample.c.number,
                subscriber.c.id,
                subscriber.c.email,
                subscriber.c.timezone,
                subscriber.c.locale,
            )
            .join(subscriber, subscriber.c.id == sample.c.subscriber_id)
            .order_by(subscriber.c.id)
        )
        people = sum(each.number for each in subscribers if comparison.note(each, letters))
    return EditEffects(letters=list(letters.values()), people=people)


@dataclass(frozen=True, slots=True)
class _Version:
    campaign: Campaign
    #: The letter of each email, by key.
    letters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    versions: tuple[_Version, _Version]
    rows: FinalRows
    outcomes: Sequence[Outcomes]
    #: The letters of both versions.
    known: frozenset[str]
    #: The keys of emails with frozen words, which no edit translates.
    frozen: frozenset[str]
    _compared: dict[tuple[str, str | None], tuple[str, str] | None] = field(default_factory=dict)

    def effects(self) -> dict[str, LetterEffect]:
        """An empty record for each letter: those of the new version, then removed ones."""
        before, after = self.versions
        effects: dict[str, LetterEffect] = {}
        for key, letter in after.letters.items():
            if letter not in effects or letter == key:
                was = letter if letter != key and letter in before.letters else None
                effects[letter] = LetterEffect(key=key, was=was)
        for letter in before.letters:
            effects.setdefault(letter, LetterEffect(key=letter))
        return effects

    def note(self, one: sa.Row[Any], effects: Mapping[str, LetterEffect]) -> bool:
        """Count the changes of one sample's class; returns whether there are any."""
        before, after = (self._times(each, one.id) for each in (0, 1))
        is_affected = False
        for letter in before.keys() | after.keys():
            old, new = before.get(letter, []), after.get(letter, [])
            for change in _changes(old, new):
                is_affected = True
                self._count(effects[letter], change, letter, one, old, new)
            if old and new and (languages := self._languages(letter, one.locale)) is not None:
                is_affected = True
                effects[letter].languages[languages] += one.number
        return is_affected

    def _languages(self, letter: str, wanted: str | None) -> tuple[str, str] | None:
        """The languages of a letter before and after, where they differ."""
        if (letter, wanted) not in self._compared:
            self._compared[letter, wanted] = self._compare_languages(letter, wanted)
        return self._compared[letter, wanted]

    def _compare_languages(self, letter: str, wanted: str | None) -> tuple[str, str] | None:
        languages = []
        for version in self.versions:
            key = next(key for key, each in version.letters.items() if each == letter)
            if (email := version.campaign.find_email(key)) is None or key in self.frozen:
                return None
            languages.append(version.campaign.language_of(email, wanted))
        return None if languages[0] == languages[1] else (languages[0], languages[1])

    def _times(self, version: int, id_: int) -> Mapping[str, list[datetime]]:
        """When a sample gets each letter, or got it; earliest first."""
        letters = self.versions[version].letters
        rows = self.rows.get(id_, {})
        times: dict[str, list[datetime]] = defaultdict(list)
        for key, received_at in rows.items():
            if received_at is not None and key in self.known:
                times[key].append(received_at)
        for key, letter in letters.items():
            at, reason = self.outcomes[version][key].get(id_, _NO_OUTCOME)
            if key not in rows and reason is None:
                times[letter].append(at)
        return {letter: sorted(found) for letter, found in times.items()}

    def _count(
        self,
        effect: LetterEffect,
        change: Change,
        letter: str,
        one: sa.Row[Any],
        old: Sequence[datetime],
        new: Sequence[datetime],
    ) -> None:
        is_first = effect.counts[change] == 0 or (
            sum(each.change is change for each in effect.examples) < _EXAMPLES
        )
        effect.counts[change] += one.number
        reason = self._why(letter, one.id) if change is Change.LOST else None
        if reason is not None:
            effect.reasons[reason] += one.number
        if change is Change.MOVED and new[0] < old[0]:
            effect.earlier += one.number
        if is_first:
            effect.examples.append(
                ChangeExample(
                    change=change,
                    email=one.email,
                    zone=effective_zone(one.timezone or None, self.versions[1].campaign),
                    before=old[0] if old else None,
                    after=new[-1] if new else None,
                    reason=reason,
                )
            )

    def _why(self, letter: str, id_: int) -> str:
        """Why a sample does not get a letter in the new version."""
        after = self.versions[1]
        keys = [key for key, each in after.letters.items() if each == letter]
        if not keys:
            return KEY_SENT if self._is_hidden(letter) else REMOVED
        if keys[0] in self.rows.get(id_, {}):
            return KEY_SENT
        _, reason = self.outcomes[1][keys[0]].get(id_, _NO_OUTCOME)
        return reason or NOT_ADDRESSED

    def _is_hidden(self, letter: str) -> bool:
        """Whether the new files have the letter under a key that was sent with another."""
        old = self.versions[0].campaign.find_email(letter)
        texts = {text_of(email) for email in self.versions[1].campaign.scheduled_emails}
        return old is not None and text_of(old) in texts - {""}


#: Of an email that does not address the subscriber.
_NO_OUTCOME: tuple[Any, str] = (None, NOT_ADDRESSED)


def _changes(old: Sequence[datetime], new: Sequence[datetime]) -> Iterator[Change]:
    if old and not new:
        yield Change.LOST
    elif new and not old:
        yield Change.ADDED
    elif old[0] != new[0]:
        yield Change.MOVED
    if len(new) > max(1, len(old)):
        yield Change.DOUBLED
