"""Plays one story on the real month and on the reference model, and compares the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from lovecampaign.campaign.model.campaign import DEFAULT_DAYS
from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.store.ledger.campaigns import cancel_email, find_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.reports.subscriber_timeline import TimelineEntry, read_timeline
from lovecampaign.store.tables import DeliveryState
from tests.oracle.database_rows import LedgerRow, People
from tests.oracle.month import ReferenceMonth, Told
from tests.oracle.readers import Reader
from tests.oracle.story import Story
from tests.support.fast_databases import open_new_database
from tests.support.stage import Stage

#: One pass in so many is followed by a look at ``status`` and ``explain``.
LOOKS = 6


class Play:
    """One story, told to the product and to the reference model at once."""

    def __init__(self, stage: Stage, story: Story, readers: int) -> None:
        self.stage, self.story, self.now = stage, story, story.begins
        long_ago = story.begins - timedelta(days=20)
        self.cast = [story.reader(number, long_ago) for number in range(readers)]
        self.month = ReferenceMonth(campaign=stage.campaign, readers=self.cast)
        self.people = People(stage)
        self.people.write(*self.cast)

    def go(self, passes: int) -> None:
        """Pass after pass with people changing their minds between them; later in long steps."""
        for number, step in zip(range(passes), self.story.steps(), strict=False):
            self.send(self.story.chance.choice((None, None, None, 3)))
            if number % LOOKS == 0:
                self.compare_reports()
            is_late = number > passes * 2 // 3
            self.move((self.story.ends - self.now) / (passes - number) if is_late else step)
            self.change_some()
        self.compare_mail()

    def send(self, limit: int | None = None) -> None:
        """One pass on both sides; every row of the ledger must agree."""
        report = self.stage.send(self.now, limit=limit)
        expected = self.month.send(self.now, limit)
        assert self.people.ledger() == self._expected_ledger(), self.now
        found = (report.sent, report.skipped, report.remaining)
        assert found == (expected.sent, expected.skipped, expected.remaining), self.now
        assert report.due == sum(found)
        self._compare_next_due(report.next_due, expected.next_due)

    def compare_reports(self) -> None:
        """``plan`` and ``status`` count what the model counts, and ``explain`` says the same."""
        report = report_campaign(self.stage.database, self.stage.campaign, self.now)
        foreseen = self.month.foresee(self.now)
        for email in report.emails:
            counts = Counter({state.value: number for state, number in email.counts.items()})
            del counts[DeliveryState.SKIPPED.value], counts[DeliveryState.CANCELLED.value]
            assert +counts + Counter(email.skipped) == foreseen[email.key], (self.now, email.key)
        for reader in self.story.chance.sample(self.cast, k=3):
            self._compare_timeline(reader)

    def compare_mail(self) -> None:
        """The provider got each row that was sent, once, and digests hold what they should."""
        sent = {place: row for place, row in self.month.rows.items() if row.state == "sent"}
        got = [(message.to.email, self._keys[message.subject]) for message in self._mail]
        assert Counter(got) == Counter(dict.fromkeys(sent, 1))
        for place, message in zip(got, self._mail, strict=True):
            row = sent[place]
            if row.inside:
                assert _gifts(message) == [int(key.removeprefix("day-")) for key in row.inside]

    def cancel(self, key: str) -> None:
        """The operator calls an email off."""
        record = find_campaign(self.stage.database, self.stage.campaign)
        assert record is not None
        with self.stage.database.write() as connection:
            cancel_email(connection, record.email_ids[key], self.now)
        self.month.cancel(key, self.now)

    def _compare_next_due(self, found: datetime | None, expected: datetime | None) -> None:
        """Nobody is slept over; a moment at which nobody happens to stand may be named."""
        if expected is not None:
            assert found is not None, self.now
            assert self.now < found <= expected, self.now

    def _compare_timeline(self, reader: Reader) -> None:
        id_ = self.people.ids[reader.address]
        timeline = read_timeline(self.stage.database, self.stage.campaign, id_, self.now)
        assert [entry.key for entry in timeline] == [
            email.key for email in self.stage.campaign.scheduled_emails
        ]
        found = {entry.key: _told(entry) for entry in timeline if entry.state is not None}
        assert found == self.month.explain(reader, self.now), (self.now, reader)

    def move(self, step: timedelta | None) -> None:
        due = self.month.next_due(self.now)
        self.now += step or (due - self.now if due else timedelta(days=1))

    def change_some(self) -> None:
        chance = self.story.chance
        changed = [each for each in self.cast if chance.random() < 0.04]
        for reader in changed:
            self.story.change(reader, self.now - timedelta(minutes=chance.randint(0, 30)))
        if chance.random() < 0.3:
            newcomer = self.story.reader(len(self.cast), self.now)
            self.cast.append(newcomer)
            changed.append(newcomer)
        self.people.write(*changed)
        if chance.random() < 0.02:
            self.cancel(chance.choice(self.stage.campaign.scheduled_emails).key)

    @property
    def _mail(self) -> list[Message]:
        return self.stage.memory.sent

    @property
    def _keys(self) -> Mapping[str, str]:
        return {email.subject: email.key for email in self.stage.campaign.scheduled_emails}

    def _expected_ledger(self) -> dict[tuple[str, str], LedgerRow]:
        return {
            place: LedgerRow(
                state=row.state,
                reason=row.reason,
                due=row.falls_due,
                local_day=row.local_day,
                at=row.at if row.state == "sent" else None,
            )
            for place, row in self.month.rows.items()
        }


@contextmanager
def open_play(
    url: str,
    seed: int,
    *,
    days: int,
    readers: int,
    length: int = DEFAULT_DAYS,
    has_launch: bool = True,
) -> Iterator[Play]:
    """A story of ``days`` letters in ``length`` days and the launch, in a workspace of its own."""
    with TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder), database_url=url, secret_keys=("test-key",))
        database = open_new_database(settings)
        story = Story.of(seed, length, has_launch=has_launch)
        try:
            yield Play(Stage(settings, database, **story.choices(days)), story, readers)
        finally:
            database.close()


def _told(entry: TimelineEntry) -> Told:
    """When an email would have been due that somebody does not get is no promise."""
    return (entry.state or "", entry.reason, None if entry.reason else entry.due)


def _gifts(message: Message) -> list[int]:
    return [int(number) for number in re.findall(r"gift of day (\d+)", message.text)]
