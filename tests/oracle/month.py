"""The expected course of a month, pass by pass and subscriber by subscriber, in plain Python.

Written from ARCHITECTURE.md ("Time", "The ledger") and docs/reference.md; where those are silent, a
comment names the decision that the code has taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role, TagFilter
from tests.oracle.letters import (
    Letter,
    after_quiet,
    day_in,
    day_letters,
    is_early_access,
    late_for_all,
    launch_letter,
    quiet_hours_for,
    zone_of,
)
from tests.oracle.readers import Place, Reader

#: State, why not, and when it is due to who gets it.
Told = tuple[str, str | None, datetime | None]
HORIZON = timedelta(minutes=2)
#: Skips that tomorrow cannot change become rows; the others are asked again.
FINAL = ("late", "day_taken", "in_digest", "cancelled", "deal_closed")


@dataclass(slots=True, kw_only=True)
class Row:
    """One row of the ledger, as it should be."""

    state: str
    reason: str | None = None
    #: Rows are tried by due instant, then in the order in which they were made.
    due: datetime
    falls_due: datetime
    expires: datetime | None
    number: int
    at: datetime | None = None
    local_day: date | None = None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The counts of one pass, and what follows."""

    sent: int
    skipped: int
    remaining: int
    next_due: datetime | None


@dataclass(slots=True, kw_only=True)
class ReferenceMonth:
    """A ledger without a database."""

    campaign: Campaign
    readers: Sequence[Reader]
    first_claim: datetime | None = None
    is_paused: bool = False
    cancelled: set[str] = field(default_factory=set)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    #: When a pass last looked at everybody for an email.
    planned_at: dict[str, datetime] = field(default_factory=dict)
    _made: int = 0
    _calendars: dict[object, dict[str, Letter]] = field(default_factory=dict)

    _ends: dict[object, datetime] = field(default_factory=dict)

    # -- one pass

    def send(self, now: datetime, limit: int | None = None) -> Expected:
        """Plan what is due, then try it; the first claim makes founders of all before it."""
        skipped = self._plan(now)
        sent = 0
        for (address, key), row in self._due(now):
            if sent == limit or self.is_paused:
                break
            reader = self._reader(address)
            if self._when(reader, self._email(key), now) > now:
                continue  # quiet hours hold it, and it stays due
            is_in_time = row.expires is None or now < row.expires
            if reader.waits and self._is_ask(self._email(key)) and is_in_time:
                continue  # it follows our answer
            self._try(reader, self._email(key), row, now)
            sent += row.state == "sent"
            skipped += row.state != "sent"
        if sent and self.first_claim is None:
            self._begin(now)
        remaining = sum(row.expires is None or row.expires > now for _, row in self._due(now))
        next_due = self.next_due(now)
        return Expected(sent=sent, skipped=skipped, remaining=remaining, next_due=next_due)

    def _plan(self, now: datetime) -> int:
        skipped = 0
        for email in self.campaign.scheduled_emails:
            if self._is_over(email):
                continue
            self.planned_at[email.key] = now
            self._drop_moved(email)
            found = [
                (letter.due, number, reader, letter)
                for number, reader in enumerate(self.readers)
                if (reader.address, email.key) not in self.rows
                and (letter := self.letter(reader, email)) is not None
            ]
            for _due, _number, reader, letter in sorted(found, key=lambda each: each[:2]):
                reason = self.reason(reader, email, letter, now, is_foretold=False)
                if reason is None and letter.falls_due <= now + HORIZON:
                    self._note(reader, email, letter, "planned", None, None)
                elif reason in FINAL and letter.falls_due <= now:
                    state = "cancelled" if reason == "cancelled" else "skipped"
                    self._note(reader, email, letter, state, reason, now)
                    skipped += 1
        return skipped

    def _drop_moved(self, email: Email) -> None:
        """An edit counts for everything that is not yet claimed: rows are made anew."""
        for reader in self.readers:
            row = self.rows.get((reader.address, email.key))
            if row is None or row.state != "planned":
                continue
            letter = self.letter(reader, email)
            if letter is None or letter.falls_due != row.falls_due:
                del self.rows[reader.address, email.key]

    def _is_over(self, email: Email) -> bool:
        """Once a pass has found an email late for all, nobody is told so any more."""
        planned_at = self.planned_at.get(email.key)
        if planned_at is None:
            return False
        zones = {zone_of(self.campaign, reader.zone) for reader in self.readers}
        return all(planned_at >= self._late_for_all(email, zone) for zone in zones)

    def _late_for_all(self, email: Email, zone: str) -> datetime:
        question = (email.key, zone, self.first_claim)
        if question not in self._ends:
            self._ends[question] = late_for_all(self.campaign, email, zone, self.first_claim)
        return self._ends[question]

    def _note(
        self,
        reader: Reader,
        email: Email,
        letter: Letter,
        state: str,
        reason: str | None,
        at: datetime | None,
    ) -> None:
        self._made += 1
        self.rows[reader.address, email.key] = Row(
            state=state,
            reason=reason,
            due=letter.due,
            falls_due=letter.falls_due,
            expires=letter.expires,
            number=self._made,
            at=at,
        )

    def _due(self, now: datetime) -> list[tuple[tuple[str, str], Row]]:
        waiting = [
            (place, row)
            for place, row in self.rows.items()
            if row.state == "planned" and row.falls_due <= now
        ]
        return sorted(
            waiting,
            key=lambda each: (-self._newness(each[0][1]), each[1].due, each[1].number),
        )

    def _newness(self, key: str) -> int:
        """The place in the month; the digest gives way to every day's own letter."""
        return -1 if key == "catch-up" else [each.key for each in self.campaign.emails].index(key)

    def _try(self, reader: Reader, email: Email, row: Row, now: datetime) -> None:
        """All that may have changed since planning counts again, but for the time of the row."""
        day = day_in(zone_of(self.campaign, reader.zone), now)
        row.at = now
        row.reason = self._standing(reader, email, now) or _first(
            (self._lacks_gifts(reader, email, now, now), "not_yet_given"),
            (not self._is_addressed(reader, email), "suppressed"),
            (row.expires is not None and row.expires <= now, "late"),
            (row.expires is not None and self._is_replaced(reader, email, now), "late"),
            (self._is_closed(email, now), "deal_closed"),
            (email.is_one_a_day and day in self._days_taken(reader), "day_taken"),
        )
        row.state = "skipped" if row.reason else "sent"
        if row.state == "sent":
            row.local_day = day if email.is_one_a_day else None
            letter = self.letter(reader, email)
            row.inside = self._inside(reader, letter.inside if letter is not None else ())

    def _inside(self, reader: Reader, keys: Sequence[str]) -> tuple[str, ...]:
        """Of the days in a digest, those that are meant for this reader and not called off."""
        return tuple(
            key
            for key in keys
            if key not in self.cancelled
            and not self._email(key).finished
            and _lets_in(self._email(key).tags, reader.tags)
        )

    def _days_taken(self, reader: Reader) -> set[date]:
        return {
            row.local_day
            for (address, _key), row in self.rows.items()
            if address == reader.address and row.local_day is not None
        }

    def _begin(self, now: datetime) -> None:
        self.first_claim = now
        for reader in self.readers:
            for place in reader.places.values():
                place.joined_at = min(place.joined_at, now - timedelta(microseconds=1))

    def cancel(self, key: str, now: datetime) -> None:
        self.cancelled.add(key)
        for (_address, each), row in self.rows.items():
            if each == key and row.state == "planned":
                row.state, row.reason, row.at = "cancelled", "cancelled", now

    # -- one reader

    def _reader(self, address: str) -> Reader:
        return next(each for each in self.readers if each.address == address)

    def _when(self, reader: Reader, email: Email, earliest: datetime) -> datetime:
        """The first instant from there on at which the reader's quiet hours let an email go."""
        zone = zone_of(self.campaign, reader.zone)
        return after_quiet(earliest, zone, quiet_hours_for(self.campaign, email))

    def letter(self, reader: Reader, email: Email) -> Letter | None:
        """The email on this reader's calendar; None: it does not speak to them."""
        if not self._is_addressed(reader, email):
            return None
        zone = zone_of(self.campaign, reader.zone)
        joined_at = min(place.joined_at for place in self._ways(reader, email).values())
        if email.role is Role.LAUNCH:
            return launch_letter(self.campaign, email, zone, joined_at, self.first_claim)
        return self._calendar(zone, joined_at)[email.key]

    def _calendar(self, zone: str, joined_at: datetime) -> dict[str, Letter]:
        """Remembered: everybody asks for it at every pass."""
        question = (zone, joined_at, self.first_claim)
        if question not in self._calendars:
            self._calendars[question] = day_letters(self.campaign, *question)
        return self._calendars[question]

    def reason(
        self,
        reader: Reader,
        email: Email,
        letter: Letter,
        now: datetime,
        *,
        is_foretold: bool = True,
    ) -> str | None:
        """Why they do not get it, as things stand and time will pass; None: they do."""
        goes_out = self._goes_out(reader, email, letter, now)
        is_to_come = email.is_one_a_day and letter.falls_due > now
        goes_on = day_in(zone_of(self.campaign, reader.zone), goes_out)
        return (
            ("cancelled" if email.key in self.cancelled else None)
            or self._standing(reader, email, goes_out)
            or _first(
                (
                    self._lacks_gifts(reader, email, now, goes_out)
                    or self._will_lack_gifts(reader, email, now, goes_out, is_foretold=is_foretold),
                    "not_yet_given",
                )
            )
            or letter.reason
            or _first(
                (letter.expires is not None and letter.expires <= now, "late"),
                (self._is_replaced(reader, email, now), "late"),
                (is_foretold and self._gives_way(reader, email, letter, now), "day_taken"),
                (self._is_closed(email, goes_out), "deal_closed"),
                # What is due already is judged when it is tried.
                (is_to_come and goes_on in self._days_taken(reader), "day_taken"),
            )
        )

    def _is_replaced(self, reader: Reader, email: Email, now: datetime) -> bool:
        """Of several launch emails that are due, only the newest is for the reader."""
        return email.role is Role.LAUNCH and any(
            self._replaces(reader, other, now)
            for other in self.campaign.launch_emails
            if email.instant and other.instant and email.instant < other.instant <= now
        )

    def _replaces(self, reader: Reader, newer: Email, now: datetime) -> bool:
        letter = self.letter(reader, newer)
        assert newer.instant is not None
        ends = newer.instant + self.campaign.launch.late_after
        if is_early_access(self.campaign, newer):
            ends = min(ends, self.campaign.launch.at)
        return (
            letter is not None
            and letter.reason is None
            and newer.key not in self.cancelled
            and now < ends
            and not self._is_closed(newer, now)
            and self._standing(reader, newer, now) is None
            and not self._lacks_gifts(reader, newer, now, now)
        )

    def _gives_way(self, reader: Reader, email: Email, timed: Letter | Row, now: datetime) -> bool:
        """Whether a newer day's letter is due, too: the day is its own."""
        return (
            email.is_one_a_day
            and timed.falls_due <= now
            and any(
                self._is_open_for(reader, other, now)
                for other in self.campaign.day_emails
                if email.role is Role.CATCH_UP or (other.number or 0) > (email.number or 0)
            )
        )

    def _is_open_for(self, reader: Reader, email: Email, now: datetime) -> bool:
        letter, row = self.letter(reader, email), self.rows.get((reader.address, email.key))
        return (
            letter is not None
            and letter.reason is None
            and letter.falls_due <= now
            and (letter.expires is None or now < letter.expires)
            and email.key not in self.cancelled
            and (row is None or row.state == "planned")
            and self._passes_tags(reader, email, now)
            and reader.done >= email.finished
        )

    def _goes_out(
        self, reader: Reader, email: Email, timed: Letter | Row, now: datetime
    ) -> datetime:
        """What is overdue goes now, or as soon as quiet hours allow."""
        if timed.falls_due > now:
            return timed.falls_due
        return self._when(reader, email, now)

    def _standing(self, reader: Reader, email: Email, at: datetime) -> str | None:
        """Apart from time. The order of reasons is the code's: the closest to the law first."""
        ways = self._ways(reader, email)
        open_ways = [place for name, place in ways.items() if not reader.has_left(name)]
        is_paused = reader.paused_until is not None and at < reader.paused_until
        has_bought = reader.bought_at is not None
        return _first(
            (not open_ways, "suppressed"),
            (not any(place.consents(at) for place in open_ways), "not_confirmed"),
            (is_paused, "paused_by_reader"),
            (reader.is_launch_only and email.role is not Role.LAUNCH, "launch_only"),
            (not self._passes_tags(reader, email, at), "tag"),
            (reader.done < email.finished, "not_finished"),
            (RecipientGroup.NOT_BOUGHT in email.to and has_bought, "bought"),
            (self._is_ask(email) and reader.waits, "waiting_for_answer"),
        )

    def _lacks_gifts(self, reader: Reader, email: Email, now: datetime, at: datetime) -> bool:
        """Whether an offer's time has come before enough letters have given; not for insiders."""
        wanted = self.campaign.launch.min_gifts if self._is_ask(email) else 0
        assert email.instant is not None or not wanted
        return (
            bool(wanted)
            and email.instant is not None
            and now >= email.instant
            and not self._is_insider(reader, at)
            and self._gifts(reader) < wanted
        )

    def _will_lack_gifts(
        self, reader: Reader, email: Email, now: datetime, at: datetime, *, is_foretold: bool
    ) -> bool:
        """The same before its time; the days until then count where the month is foretold."""
        wanted = self.campaign.launch.min_gifts if self._is_ask(email) else 0
        if not wanted or email.instant is None or now >= email.instant:
            return False
        to_come = self._gifts_to_come(reader, now, email.instant) if is_foretold else 0
        return not self._is_insider(reader, at) and self._gifts(reader) + to_come < wanted

    def _gifts(self, reader: Reader) -> int:
        return sum(
            row.state == "sent" or row.reason == "in_digest"
            for (address, key), row in self.rows.items()
            if address == reader.address and self._email(key).gives
        )

    def _gifts_to_come(self, reader: Reader, now: datetime, until: datetime) -> int:
        if reader.is_launch_only or self.campaign.audience.list not in reader.places:
            return 0
        return sum(
            self._is_to_come(reader, day, now, until)
            for day in self.campaign.day_emails
            if day.gives and day.key not in self.cancelled
        )

    def _is_to_come(self, reader: Reader, day: Email, now: datetime, until: datetime) -> bool:
        letter, row = self.letter(reader, day), self.rows.get((reader.address, day.key))
        return (
            letter is not None
            and letter.reason is None
            and now < letter.due < until
            and (reader.paused_until is None or reader.paused_until <= letter.due)
            and self._passes_tags(reader, day, now)
            and reader.done >= day.finished
            and (row is None or row.state == "planned")
        )

    @staticmethod
    def _is_ask(email: Email) -> bool:
        """A launch email that asks for something: not the one to those who bought."""
        return email.role is Role.LAUNCH and RecipientGroup.BOUGHT not in email.to

    def _passes_tags(self, reader: Reader, email: Email, now: datetime) -> bool:
        audience = self.campaign.audience.tags
        without = set(audience.without_tags | email.tags.without_tags)
        if email.role is Role.LAUNCH:
            without |= self.campaign.launch.without_tags
        if reader.tags & without:
            return False
        if email.tags.with_tags and not reader.tags & email.tags.with_tags:
            return False
        if not audience.with_tags or reader.tags & audience.with_tags:
            return True
        return email.role is Role.LAUNCH and (
            RecipientGroup.INSIDERS in email.to or self._is_insider(reader, now)
        )

    def _is_insider(self, reader: Reader, now: datetime) -> bool:
        insiders = self.campaign.insiders
        if insiders is None or insiders.list not in reader.places:
            return False
        place = reader.places[insiders.list]
        return (
            place.joined_at < insiders.until
            and place.consents(now)
            and not reader.has_left(insiders.list)
        )

    def _is_addressed(self, reader: Reader, email: Email) -> bool:
        if RecipientGroup.BOUGHT in email.to and reader.bought_at is None:
            return False
        return bool(self._ways(reader, email))

    def _ways(self, reader: Reader, email: Email) -> dict[str, Place]:
        """The lists through which an email reaches this reader."""
        audience = self.campaign.audience.list
        insiders = self.campaign.insiders.list if self.campaign.insiders else None
        names = {audience}
        if email.role is Role.LAUNCH and insiders is not None:
            names = {insiders} if RecipientGroup.INSIDERS in email.to else {audience, insiders}
        return {name: reader.places[name] for name in names & reader.places.keys()}

    def _is_closed(self, email: Email, now: datetime) -> bool:
        deal = self.campaign.insider_deal
        return RecipientGroup.INSIDERS in email.to and deal is not None and now >= deal.closes

    def _email(self, key: str) -> Email:
        return next(email for email in self.campaign.emails if email.key == key)

    # -- what is said about the month

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant at which somebody gets something, if nothing changes."""
        dues = [
            self._goes_out(self._reader(address), self._email(key), row, now)
            for (address, key), row in self.rows.items()
            if row.state == "planned"
        ]
        dues += [
            self._goes_out(reader, email, letter, now)
            for reader, email, letter in self._open()
            if self.reason(reader, email, letter, now) is None
        ]
        return min((due for due in dues if due > now), default=None)

    def foresee(self, now: datetime) -> dict[str, Counter[str]]:
        """By email: ``planned``, or why not, of everybody addressed; else what their row says."""
        counts: dict[str, Counter[str]] = {
            email.key: Counter() for email in self.campaign.scheduled_emails
        }
        for (address, key), row in self.rows.items():
            reason = self._reason_of_row(self._reader(address), key, row, now)
            counts[key][reason or row.state] += 1
        for reader, email, letter in self._open():
            counts[email.key][self.reason(reader, email, letter, now) or "planned"] += 1
        return counts

    def explain(self, reader: Reader, now: datetime) -> dict[str, Told]:
        """What is told of each email that speaks to one reader."""
        told = {}
        for (address, key), row in self.rows.items():
            if address == reader.address:
                reason = self._reason_of_row(reader, key, row, now)
                state = "skipped" if reason and row.state == "planned" else row.state
                told[key] = _told(state, reason, self._shown(reader, key, row, now))
        for email in self._without_row(reader):
            letter = self.letter(reader, email)
            if letter is not None:
                reason = self.reason(reader, email, letter, now)
                shown = self._shown(reader, email.key, letter, now)
                told[email.key] = _told("skipped" if reason else "planned", reason, shown)
        return told

    def _reason_of_row(self, reader: Reader, key: str, row: Row, now: datetime) -> str | None:
        """Of a row that nobody has tried: why it will not go out, as things stand."""
        if row.state != "planned":
            return row.reason
        email = self._email(key)
        goes_out = self._goes_out(reader, email, row, now)
        day = day_in(zone_of(self.campaign, reader.zone), now)
        return self._standing(reader, email, goes_out) or _first(
            (self._lacks_gifts(reader, email, now, goes_out), "not_yet_given"),
            (not self._is_addressed(reader, email), "suppressed"),
            (row.expires is not None and row.expires <= now, "late"),
            (row.expires is not None and self._is_replaced(reader, email, now), "late"),
            (self._gives_way(reader, email, row, now), "day_taken"),
            (self._is_closed(email, goes_out), "deal_closed"),
            (
                email.is_one_a_day and goes_out <= now and day in self._days_taken(reader),
                "day_taken",
            ),
        )

    def _shown(self, reader: Reader, key: str, timed: Letter | Row, now: datetime) -> datetime:
        """When it is or was due; of what quiet hours hold: their end."""
        is_open = isinstance(timed, Letter) or timed.state == "planned"
        goes_out = self._goes_out(reader, self._email(key), timed, now)
        return goes_out if is_open and goes_out > now else timed.falls_due

    def _open(self) -> Iterator[tuple[Reader, Email, Letter]]:
        for reader in self.readers:
            for email in self._without_row(reader):
                letter = self.letter(reader, email)
                if letter is not None:
                    yield reader, email, letter

    def _without_row(self, reader: Reader) -> Iterable[Email]:
        return (
            email
            for email in self.campaign.scheduled_emails
            if (reader.address, email.key) not in self.rows
        )


def _lets_in(wanted: TagFilter, tags: set[str]) -> bool:
    return not tags & wanted.without_tags and bool(not wanted.with_tags or tags & wanted.with_tags)


def _told(state: str, reason: str | None, due: datetime) -> Told:
    return (state, reason, None if reason else due)


def _first(*reasons: tuple[bool, str]) -> str | None:
    return next((reason for holds, reason in reasons if holds), None)
