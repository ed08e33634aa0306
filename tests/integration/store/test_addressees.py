"""The people of one email, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.core.settings import Settings
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store import tables
from lovecampaign.store.reports import addressees
from lovecampaign.store.reports.addressees import (
    Addressee,
    AddresseeFilter,
    AddresseePage,
    list_addressees,
)
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.tables import DeliveryState
from tests.support.fast_databases import open_new_database
from tests.support.stage import DAY_1, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    settings = Settings(workspace=tmp_path, secret_keys=("test-key",))
    database = open_new_database(settings)
    yield Stage(settings, database, settings_={"audience": {"without_tags": ["staff"]}})
    database.close()


def email(stage: Stage, key: str = "day-01") -> Email:
    found = stage.campaign.find_email(key)
    assert found is not None
    return found


def ask(
    stage: Stage, choice: AddresseeFilter, limit: int = 50, key: str = "day-01"
) -> AddresseePage:
    return list_addressees(
        stage.database, stage.campaign, email(stage, key), stage.clock.now(), choice, limit
    )


def everybody(stage: Stage, choice: AddresseeFilter, limit: int) -> list[Addressee]:
    """All pages, one behind the other."""
    found: list[Addressee] = []
    while True:
        page = ask(stage, choice, limit)
        assert len(page.people) <= limit
        found += page.people
        if page.next_after is None:
            return found
        choice = replace(choice, after=page.next_after)


def tag(stage: Stage, numbers: list[int], name: str) -> None:
    rows = [{"subscriber_id": number, "tag": name} for number in numbers]
    with stage.database.write() as connection:
        connection.execute(sa.insert(tables.subscriber_tag), rows)


def test_each_is_told_with_time_and_reason(stage: Stage) -> None:
    ana, staff = stage.add_readers(2, zones=["Asia/Tokyo"])
    stage.add_readers(1, name="guest", lists=["elsewhere"])
    tag(stage, [staff], "staff")
    people = ask(stage, AddresseeFilter()).people

    assert [(one.subscriber_id, one.state, one.reason) for one in people] == [
        (ana, DeliveryState.PLANNED, None),
        (staff, DeliveryState.SKIPPED, "tag"),
    ]
    assert (people[0].email, people[0].name) == ("reader1@readers.example", "Reader1")
    assert (people[0].zone, people[0].due) == ("Asia/Tokyo", DAY_1 - timedelta(hours=8))


def test_pages_follow_each_other_without_a_gap_and_tell_nobody_twice(stage: Stage) -> None:
    numbers = stage.add_readers(7)
    for limit in (1, 2, 3, 7, 8):
        assert [one.subscriber_id for one in everybody(stage, AddresseeFilter(), limit)] == numbers


def test_what_was_sent_and_what_will_be_stand_in_one_list(stage: Stage) -> None:
    here = stage.add_readers(2)
    stage.send(DAY_1)
    later = stage.add_readers(2, zones=["America/New_York"], name="west")
    people = everybody(stage, AddresseeFilter(), 3)

    assert [one.subscriber_id for one in people] == [*here, *later]
    assert [one.state for one in people[:2]] == [DeliveryState.SENT] * 2


@pytest.mark.parametrize("days", [-5, 0, 3])
def test_the_people_are_those_whom_the_report_counts(stage: Stage, days: int) -> None:
    """Before, while and after it goes out."""
    staff = stage.add_readers(2, name="staff")
    tag(stage, staff, "staff")
    stage.add_readers(3, zones=["Asia/Tokyo", "Europe/Paris"])
    stage.send(DAY_1)
    stage.add_readers(2, name="late", joined_at=DAY_1)
    stage.clock.move_to(DAY_1 + timedelta(days=days))
    now = stage.clock.now()
    report = report_campaign(stage.database, stage.campaign, now, [email(stage)]).emails[0]
    reasons = Counter(one.reason for one in everybody(stage, AddresseeFilter(), 2))

    assert reasons.pop(None) == report.recipients
    assert reasons == report.skipped


def test_filters_leave_only_whom_they_name(stage: Stage) -> None:
    anas = stage.add_readers(2, name="ana")
    bos = stage.add_readers(2, name="bo")
    tag(stage, bos[:1], "staff")

    def numbers(choice: AddresseeFilter) -> list[int]:
        return [one.subscriber_id for one in everybody(stage, choice, 1)]

    assert numbers(AddresseeFilter(words="ANA")) == anas
    assert numbers(AddresseeFilter(words="bo2@")) == bos[1:]
    assert numbers(AddresseeFilter(words="%")) == []
    assert numbers(AddresseeFilter(reason=SkipReason.TAG)) == bos[:1]
    assert numbers(AddresseeFilter(reason=SkipReason.BOUGHT)) == []
    assert numbers(AddresseeFilter(is_for_recipients=True)) == [*anas, bos[1]]
    assert numbers(AddresseeFilter(words="ana", reason=SkipReason.TAG)) == []
    stage.send(DAY_1)
    assert numbers(AddresseeFilter(reason=SkipReason.TAG)) == bos[:1]
    assert numbers(AddresseeFilter(is_for_recipients=True)) == [*anas, bos[1]]


def test_a_page_looks_at_so_many_people_and_the_next_goes_on_behind_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However rare what is asked for, no page takes long."""
    monkeypatch.setattr(addressees, "SCANNED", 2)
    numbers = stage.add_readers(5)
    tag(stage, numbers[4:], "staff")
    choice = AddresseeFilter(reason=SkipReason.TAG)

    assert ask(stage, choice) == AddresseePage(people=[], next_after=numbers[1])
    assert [one.subscriber_id for one in everybody(stage, choice, 50)] == numbers[4:]


def test_an_email_for_buyers_speaks_to_nobody_before_somebody_buys(stage: Stage) -> None:
    stage.add_readers(2)

    assert ask(stage, AddresseeFilter(), key="thanks") == AddresseePage(people=[], next_after=None)
