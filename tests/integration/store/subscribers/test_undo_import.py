"""Facts about undoing an import: what goes, what comes back, what stays, and when it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.audience.decisions import Subscribe
from lovecampaign.core.errors import UsageError
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.imports.apply import ImportTarget, add_subscriber
from lovecampaign.store.subscribers.imports.importer import ImportReport, import_subscribers
from lovecampaign.store.subscribers.imports.log import list_imports
from lovecampaign.store.subscribers.imports.undo import UndoRefused, UndoReport, undo_import
from lovecampaign.store.subscribers.memberships import confirm_membership
from lovecampaign.store.tables import (
    DeliveryState,
    campaign,
    consent,
    delivery,
    email,
    import_change,
    membership,
    metadata,
    subscriber,
    subscriber_tag,
    suppression,
)

FIRST = datetime(2027, 1, 10, 9, tzinfo=UTC)
CONTENT = (subscriber, subscriber_tag, membership, consent, suppression)
ANA = (
    "email,first_name,last_name,timezone,tags,city,consent_at\n"
    "ana@bloom.example,Ana,Cruz,Europe/Paris,vip,Lyon,2026-01-01\n"
)


class Imports:
    """Imports an hour apart into one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self._folder = folder
        self.now = FIRST

    def __call__(self, text: str, list_name: str = "readers") -> ImportReport:
        path = self._folder / "people.csv"
        path.write_text(text, encoding="utf-8")
        self.now += timedelta(hours=1)
        target = ImportTarget(list_name=list_name, now=self.now)
        return import_subscribers(self.database, path, target, apply=True)

    def undo(self, report: ImportReport) -> UndoReport:
        assert report.import_id is not None
        self.now += timedelta(hours=1)
        return undo_import(self.database, report.import_id, self.now)

    def content(self, *tables: sa.Table) -> list[list[Mapping[str, object]]]:
        with self.database.read() as connection:
            return [
                [
                    {name: value for name, value in row.items() if name != "updated_at"}
                    for row in connection.execute(
                        sa.select(table).order_by(*table.primary_key.columns)
                    ).mappings()
                ]
                for table in tables
            ]

    def person(self, key: str) -> sa.Row[tuple[object, ...]] | None:
        query = sa.select(subscriber).where(subscriber.c.address_key == key)
        with self.database.read() as connection:
            return connection.execute(query).one_or_none()

    def lists(self, key: str) -> list[str]:
        person = self.person(key)
        assert person is not None
        query = sa.select(membership.c.list).where(membership.c.subscriber_id == person.id)
        with self.database.read() as connection:
            return sorted(connection.scalars(query))


@pytest.fixture
def imports(database: Database, tmp_path: Path) -> Imports:
    return Imports(database, tmp_path)


def counts(report: UndoReport) -> tuple[int, int, int]:
    return report.removed, report.restored, report.kept


def add_delivery(imports: Imports, key: str, state: DeliveryState) -> None:
    person = imports.person(key)
    assert person is not None
    is_claimed = state is not DeliveryState.PLANNED
    with imports.database.write() as connection:
        campaign_id = connection.execute(
            sa.insert(campaign)
            .values(key="spring", name="Spring", start=FIRST.date(), language="en")
            .returning(campaign.c.id)
        ).scalar_one()
        email_id = connection.execute(
            sa.insert(email).values(campaign_id=campaign_id, key="day-01").returning(email.c.id)
        ).scalar_one()
        connection.execute(
            sa.insert(delivery).values(
                campaign_id=campaign_id,
                email_id=email_id,
                subscriber_id=person.id,
                state=state.value,
                due=imports.now,
                next_try_at=imports.now,
                claimed_at=imports.now if is_claimed else None,
                first_claimed_at=imports.now if is_claimed else None,
            )
        )


def test_the_log_says_what_each_import_did(imports: Imports) -> None:
    imports(ANA)
    imports("email,status\nben@bloom.example,\ncruel@bloom.example,unsubscribed\nnobody,\n")

    second, first = list_imports(imports.database)
    assert (first.file, first.list, first.counts["new"], first.mailed) == (
        *("people.csv", "readers"),
        *(1, 0),
    )
    assert second.counts == {
        "read": 3,
        "new": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "protected": 0,
        "suppressed": 1,
        "left_elsewhere": 0,
    }


def test_a_dry_run_and_a_subscriber_by_hand_are_not_logged(
    imports: Imports, tmp_path: Path
) -> None:
    path = tmp_path / "dry.csv"
    path.write_text(ANA)
    import_subscribers(imports.database, path, ImportTarget(list_name="readers", now=FIRST))
    ben = Subscribe(key="ben@bloom.example", email="ben@bloom.example")
    add_subscriber(imports.database, ben, ImportTarget(list_name="readers", now=FIRST))

    assert list_imports(imports.database) == []


def test_an_undo_leaves_the_database_as_it_was(imports: Imports) -> None:
    imports(ANA)
    before = imports.content(*CONTENT)
    done = imports(
        "email,first_name,timezone,tags,city,plant,consent_at\n"
        "ana@bloom.example,Anna,Europe/Rome,vip;new,Roma,fern,2026-05-05\n"
        "ben@bloom.example,Ben,,a;b,Bonn,,2026-06-06\n"
    )

    assert counts(imports.undo(done)) == (1, 1, 0)
    assert imports.content(*CONTENT) == before
    assert imports.content(import_change) == [[]]
    assert list_imports(imports.database)[0].undone_at == imports.now


def test_an_undone_file_can_be_imported_again(imports: Imports) -> None:
    imports.undo(imports(ANA))
    again = imports(ANA)

    assert again.new == 1
    assert [bool(entry.undone_at) for entry in list_imports(imports.database)] == [False, True]


def test_suppressions_of_an_undone_import_stay(imports: Imports) -> None:
    done = imports("email,status\nana@bloom.example,\ncruel@bloom.example,complained\n")

    assert counts(imports.undo(done)) == (1, 0, 0)
    assert [row["address_key"] for row in imports.content(suppression)[0]] == [
        "cruel@bloom.example"
    ]


def test_an_undo_takes_known_subscribers_off_the_list_only(imports: Imports) -> None:
    imports(ANA)
    done = imports("email\nana@bloom.example\n", "insiders")
    assert imports.lists("ana@bloom.example") == ["insiders", "readers"]

    assert counts(imports.undo(done)) == (0, 1, 0)
    assert imports.lists("ana@bloom.example") == ["readers"]


def test_what_changed_since_stays(imports: Imports) -> None:
    imports(ANA)
    done = imports(
        "email,first_name,last_name,city,plant\nana@bloom.example,Anna,Cruzado,Roma,fern\n"
    )
    changed = {"city": "Oslo", "plant": "fern"}
    with imports.database.write() as connection:
        connection.execute(sa.update(subscriber).values(first_name="Anni", fields=changed))

    assert counts(imports.undo(done)) == (0, 0, 1)
    person = imports.person("ana@bloom.example")
    assert person is not None
    assert (person.first_name, person.last_name) == ("Anni", "Cruz")
    assert person.fields == {"city": "Oslo"}


def test_a_new_subscriber_who_signed_up_since_stays(imports: Imports) -> None:
    done = imports(ANA)
    person = imports.person("ana@bloom.example")
    assert person is not None
    with imports.database.write() as connection:
        confirm_membership(connection, "readers", person.id, imports.now + timedelta(minutes=1))

    assert counts(imports.undo(done)) == (0, 0, 1)
    assert imports.lists("ana@bloom.example") == ["readers"]


def test_of_two_imports_the_first_can_be_undone_before_the_second(imports: Imports) -> None:
    first = imports(ANA)
    second = imports("email,first_name\nana@bloom.example,Anna\n", "insiders")

    assert counts(imports.undo(first)) == (0, 0, 1)
    assert imports.lists("ana@bloom.example") == ["insiders"]
    assert counts(imports.undo(second)) == (1, 0, 0)
    assert imports.content(subscriber, membership, subscriber_tag) == [[], [], []]


def test_an_unconfirmed_member_is_unconfirmed_again(imports: Imports) -> None:
    imports(ANA)
    with imports.database.write() as connection:
        connection.execute(sa.update(membership).values(confirmed_at=None))
        connection.execute(sa.delete(consent))
    done = imports(ANA)
    assert imports.content(membership)[0][0]["confirmed_at"] == imports.now

    imports.undo(done)
    assert imports.content(membership)[0][0]["confirmed_at"] is None


@pytest.mark.parametrize(
    "state", [DeliveryState.SENT, DeliveryState.CLAIMED, DeliveryState.IN_DOUBT]
)
def test_an_import_that_was_mailed_is_not_undone(imports: Imports, state: DeliveryState) -> None:
    done = imports(ANA + "ben@bloom.example,Ben,,,,,\n")
    add_delivery(imports, "ana@bloom.example", state)
    before = imports.content(*metadata.sorted_tables)

    with pytest.raises(UndoRefused, match="1 person of it was mailed"):
        imports.undo(done)
    assert imports.content(*metadata.sorted_tables) == before
    assert list_imports(imports.database)[0].mailed == 1


@pytest.mark.parametrize("state", [DeliveryState.PLANNED, DeliveryState.SKIPPED])
def test_what_was_only_planned_is_no_mail(imports: Imports, state: DeliveryState) -> None:
    done = imports(ANA)
    add_delivery(imports, "ana@bloom.example", state)
    with imports.database.write() as connection:
        connection.execute(sa.update(delivery).values(claimed_at=None, first_claimed_at=None))

    assert counts(imports.undo(done)) == (1, 0, 0)
    assert imports.content(delivery, subscriber) == [[], []]


def test_mail_of_before_the_import_does_not_prevent_its_undo(imports: Imports) -> None:
    imports(ANA)
    add_delivery(imports, "ana@bloom.example", DeliveryState.SENT)
    done = imports("email,first_name\nana@bloom.example,Anna\n")

    assert counts(imports.undo(done)) == (0, 1, 0)


def test_an_unknown_import_and_one_that_is_undone_are_refused(imports: Imports) -> None:
    done = imports(ANA)
    imports.undo(done)

    with pytest.raises(UndoRefused, match="undone already"):
        imports.undo(done)
    with pytest.raises(UsageError, match="no import 99"):
        undo_import(imports.database, 99, imports.now)


def test_forgotten_subscribers_leave_no_former_values(imports: Imports) -> None:
    imports(ANA)
    done = imports("email,first_name\nana@bloom.example,Anna\n")
    forget(imports.database, "ana@bloom.example", imports.now)

    assert imports.content(import_change) == [[]]
    assert counts(imports.undo(done)) == (0, 0, 0)


def test_an_import_counts_who_left_another_list(imports: Imports) -> None:
    left = [("ana", "winter"), ("ben", "readers"), ("cleo", ""), ("dora", "winter")]
    with imports.database.write() as connection:
        connection.execute(
            sa.insert(suppression),
            [
                {
                    "address_key": f"{name}@bloom.example",
                    "list": list_name,
                    "reason": "unsubscribed",
                    "at": FIRST,
                }
                for name, list_name in left
            ],
        )
    names = ("ana", "ben", "cleo", "eve")
    report = imports("email\n" + "".join(f"{name}@bloom.example\n" for name in names))

    assert (report.new, report.protected, report.left_elsewhere) == (2, 2, 1)
    assert any("1 person has left another list" in one.message for one in report.problems)
    assert imports("email,first_name\nana@bloom.example,Ana\n").left_elsewhere == 0
