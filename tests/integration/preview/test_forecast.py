"""The preview's forecast for sample subscribers equals the timeline of real ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.dialogue.notes.notes import PersonalNote, write_notes
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.reports.addressees import AddresseeFilter, AddresseePage
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.readers.forecast import forecast_from_timeline, forecast_month
from lovecampaign.web.preview.readers.preview_subscriber import (
    PreviewSubscriber,
    sample_subscribers,
)
from lovecampaign.web.preview.readers.subscriber_lookup import SubscriberLookup
from tests.support.fast_databases import open_new_database
from tests.support.stage import LONG_AGO, Stage

NOW = datetime(2027, 1, 20, tzinfo=UTC)
CHOICES = {
    "late_joiners": "catch-up",
    "settings_": {
        "sending": {"quiet_hours": "21:00-07:00"},
        "audience": {"with_tags": ["garden"], "without_tags": ["staff"]},
        "launch": {"without_tags": ["owner"]},
    },
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    settings = Settings(workspace=tmp_path, secret_keys=("test-key",))
    with contextlib.closing(open_new_database(settings)) as database:
        yield Stage(settings, database, **CHOICES)


def enrol(stage: Stage, reader: PreviewSubscriber, tags: frozenset[str]) -> int:
    """Put a sample subscriber into the database."""
    person = reader.subscriber
    lists = ("readers", "insiders") if person.is_insider else ("readers",)
    number = stage.add_readers(
        1, zones=[person.timezone or ""], lists=lists, joined_at=reader.joined_at, name=reader.key
    )[0]
    with stage.database.write() as connection:
        for tag in tags:
            connection.execute(
                sa.insert(tables.subscriber_tag).values(subscriber_id=number, tag=tag)
            )
    return number


@pytest.mark.parametrize("tags", [{"garden"}, {"staff", "garden"}, {"owner", "garden"}, set()])
def test_samples_have_the_dispositions_of_real_subscribers(stage: Stage, tags: set[str]) -> None:
    """The same rules, on the preview's own database and on the workspace's."""
    campaign = stage.campaign
    for made_up in sample_subscribers(campaign):
        if made_up.key not in ("sam", "robin", "no-zone", "far"):
            continue
        person = made_up.subscriber._replace(tags=frozenset(tags))
        reader = replace(made_up, subscriber=person, joined_at=LONG_AGO)
        number = enrol(stage, reader, frozenset(tags))
        entries = read_timeline(stage.database, campaign, number, NOW)
        real = [forecast_from_timeline(campaign, entry, reader) for entry in entries]

        assert [
            (one.email.key, one.status, one.due) for one in forecast_month(campaign, reader)
        ] == [(one.email.key, one.status, one.due) for one in real if one is not None]


class TestSubscriberLookup:
    """Read-only access to the database's subscribers."""

    def test_looking_makes_no_database(self, tmp_path: Path, stage: Stage) -> None:
        settings = replace(stage.settings, database_url="sqlite:///none.db")
        people = SubscriberLookup(settings=settings)

        assert not people.has_subscribers(stage.campaign)
        assert people.find(stage.campaign, "a", 5) == ()
        assert people.reader(stage.campaign, 1, NOW) is None
        assert people.report(stage.campaign, stage.campaign.emails[0], NOW) is None
        assert people.addressees(
            stage.campaign, stage.campaign.emails[0], NOW, AddresseeFilter(), 5
        ) == AddresseePage(people=(), next_after=None)
        assert list(tmp_path.glob("none*")) == []

    def test_an_empty_file_is_left_as_it_is(self, tmp_path: Path, stage: Stage) -> None:
        (tmp_path / "empty.db").touch()
        people = SubscriberLookup(
            settings=replace(stage.settings, database_url="sqlite:///empty.db")
        )

        assert not people.has_subscribers(stage.campaign)
        assert (tmp_path / "empty.db").stat().st_size == 0

    def test_people_are_found_by_any_part_of_name_or_address(self, stage: Stage) -> None:
        stage.add_readers(3)
        stage.add_readers(1, name="guest", lists=["elsewhere"])
        people = SubscriberLookup(settings=stage.settings)

        assert people.has_subscribers(stage.campaign)
        assert [one.name for one in people.find(stage.campaign, "READER2", 5)] == ["Reader2"]
        assert len(people.find(stage.campaign, "@readers", 2)) == 2
        assert people.find(stage.campaign, "%", 5) == []
        assert people.find(stage.campaign, "guest", 5) == []

    def test_a_subscriber_is_seen_with_their_own_data(self, stage: Stage) -> None:
        number = stage.add_readers(1, zones=["Asia/Tokyo"], lists=["readers", "insiders"])[0]
        reader = SubscriberLookup(settings=stage.settings).reader(stage.campaign, number, NOW)

        assert reader is not None
        assert (reader.key, reader.zone) == (str(number), "Asia/Tokyo")
        assert reader.subscriber.is_insider
        assert not reader.is_made_up

    def test_their_notes_are_shown_in_their_letters_alone(self, stage: Stage) -> None:
        ids = stage.add_readers(2)
        record, stored = record_campaign(stage.database, stage.campaign), "Stored for day 2."
        with stage.database.write() as connection:
            notes = {ids[0]: PersonalNote(text=stored, signed_by="Bo")}
            write_notes(connection, record.id, "day-02", notes, NOW)
            email = sa.select(tables.subscriber.c.email).where(tables.subscriber.c.id == ids[0])
            address = connection.scalar(email)
        (stage.folder / "notes").mkdir()
        (stage.folder / "notes" / "day-03.csv").write_text(f"email,text\n{address},In a file.\n")
        state = PreviewState(stage.folder, stage.settings)
        people, campaign = SubscriberLookup(settings=stage.settings), state.require_campaign()

        shown = []
        for number in ids:
            reader = people.reader(campaign, number, NOW)
            assert reader is not None
            views = [state.view(campaign.emails[at], reader).letter for at in (1, 2)]
            shown.append([view.text if view else "" for view in views])

        assert "P.S. Stored for day 2. — Bo" in shown[0][0]
        assert "P.S. In a file. — Ana from Bloom" in shown[0][1]
        assert "P.S." not in "".join(shown[1])

    def test_numbers_are_those_of_the_plan(self, stage: Stage) -> None:
        stage.add_readers(4)
        launch = stage.campaign.find_email("launch")
        assert launch is not None
        report = SubscriberLookup(settings=stage.settings).report(stage.campaign, launch, NOW)

        assert report is not None
        assert (report.key, dict(report.skipped)) == ("launch", {"tag": 4})
