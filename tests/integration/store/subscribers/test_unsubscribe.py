"""Unsubscribing, suppressing and forgetting an address."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.decisions import Subscribe
from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.expire_unconfirmed import delete_unconfirmed
from lovecampaign.store.subscribers.imports.apply import ImportTarget, add_subscriber
from lovecampaign.store.subscribers.records import read_address_record
from lovecampaign.store.subscribers.suppressions import Suppression, suppress, unsubscribe
from lovecampaign.store.subscribers.wal_truncation import truncate_wal_if_due
from lovecampaign.store.tables import (
    DeliveryState,
    buyer,
    campaign,
    delivery,
    email,
    event,
    membership,
    metadata,
    subscriber,
)
from lovecampaign.store.tables.imports import RowVerdict

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANA = Subscribe(
    key="ana@bloom.example",
    email="Ana@bloom.example",
    first_name="Ana",
    last_name="Cruz",
    timezone="Europe/Madrid",
    tags=("secret-tag",),
    fields={"plant": "fern"},
    consent=Consent(given_at=NOW, source="fair in Lyon"),
)
READERS = ImportTarget(list_name="readers", now=NOW)


def add_campaign(database: Database) -> None:
    """A campaign with one planned and one sent delivery, and a purchase, of Ana's."""
    with database.write() as connection:
        number = connection.scalar(sa.select(subscriber.c.id))
        connection.execute(
            sa.insert(campaign).values(
                id=1, key="love", name="Love", start=date(2027, 2, 1), language="en"
            )
        )
        for key, state in ((1, DeliveryState.PLANNED), (2, DeliveryState.SENT)):
            connection.execute(sa.insert(email).values(id=key, campaign_id=1, key=f"day-0{key}"))
            connection.execute(
                sa.insert(delivery).values(
                    id=key,
                    campaign_id=1,
                    email_id=key,
                    subscriber_id=number,
                    state=state.value,
                    detail="550 <ana@bloom.example>: the mailbox is full",
                    due=NOW,
                    next_try_at=NOW,
                )
            )
        connection.execute(
            sa.insert(event).values(
                key="sg-1",
                kind="delivered",
                at=NOW,
                recorded_at=NOW,
                delivery_id=2,
                payload={"email": "ana@bloom.example"},
            )
        )
        connection.execute(
            sa.insert(buyer).values(campaign_id=1, address_key=ANA.key, bought_at=NOW)
        )


def everything_stored(database: Database) -> str:
    with database.read() as connection:
        return "\n".join(
            str(row)
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table))
        )


def test_a_person_can_be_added_by_hand_and_shown(database: Database) -> None:
    assert add_subscriber(database, ANA, READERS) is RowVerdict.NEW
    assert add_subscriber(database, ANA, READERS) is RowVerdict.UNCHANGED
    person = read_address_record(database, ANA.key)
    assert not person.is_unknown
    assert person.profile is not None
    assert person.profile.first_name == "Ana"
    assert [each.list for each in person.profile.memberships] == ["readers"]
    assert [each.consent.source for each in person.profile.consents] == ["fair in Lyon"]
    assert read_address_record(database, "nobody@bloom.example").is_unknown


def test_unsubscribing_from_everything_happens_once(database: Database) -> None:
    add_subscriber(database, ANA, READERS)
    assert unsubscribe(database, ANA.key, NOW, source="command line")
    assert not unsubscribe(database, ANA.key, LATER)
    (noted,) = read_address_record(database, ANA.key).suppressions
    # The newest wish counts: what was asked for before it is older.
    assert (noted.list, noted.at, noted.source) == ("", LATER, "command line")
    assert add_subscriber(database, ANA, READERS) is RowVerdict.PROTECTED


def test_one_click_leaves_every_list_of_its_campaign_and_no_other(database: Database) -> None:
    assert unsubscribe(database, ANA.key, NOW, lists=["readers", "insiders"])
    assert not unsubscribe(database, ANA.key, LATER, lists=["readers"])
    assert unsubscribe(database, ANA.key, LATER, lists=["readers", "shop"])
    noted = read_address_record(database, ANA.key).suppressions
    assert sorted(each.list for each in noted) == ["insiders", "readers", "shop"]
    assert not unsubscribe(database, ANA.key, LATER, lists=[])


def test_each_reason_and_campaign_is_noted_once(database: Database) -> None:
    bounce = Suppression(reason=SuppressionReason.HARD_BOUNCE)
    resting = Suppression(reason=SuppressionReason.SOFT_BOUNCES, only_campaign="love-2027-02")
    for wanted in (bounce, resting):
        assert suppress(database, ANA.key, wanted, NOW)
        assert not suppress(database, ANA.key, wanted, LATER)
    assert len(read_address_record(database, ANA.key).suppressions) == 2


def test_forgetting_leaves_no_trace_of_the_person_and_the_ledger_whole(
    database: Database,
) -> None:
    add_subscriber(database, ANA, READERS)
    add_campaign(database)
    unsubscribe(database, ANA.key, NOW)
    assert forget(database, ANA.key, LATER)
    stored = everything_stored(database).casefold()
    for trace in ("ana@", "cruz", "fern", "secret-tag", "lyon", "madrid"):
        assert trace not in stored
    with database.read() as connection:
        states = connection.execute(sa.select(delivery.c.state).order_by(delivery.c.id))
        assert states.scalars().all() == ["cancelled", "sent"]
        assert connection.scalar(sa.select(subscriber.c.forgotten_at)) == LATER
        assert connection.scalar(sa.select(event.c.payload)) == {}
        assert str(connection.scalar(sa.select(buyer.c.address_key))).startswith("forgotten:")


def test_a_forgotten_person_is_known_only_by_a_hash_and_stays_away(database: Database) -> None:
    add_subscriber(database, ANA, READERS)
    forget(database, ANA.key, NOW)
    person = read_address_record(database, ANA.key)
    assert person.profile is None
    assert person.is_forgotten
    assert not read_address_record(database, "bo@bloom.example").is_forgotten
    assert add_subscriber(database, ANA, READERS) is RowVerdict.PROTECTED


def test_forgetting_is_idempotent_and_works_for_strangers(database: Database) -> None:
    assert forget(database, "never@bloom.example", NOW)
    assert not forget(database, "never@bloom.example", LATER)
    assert read_address_record(database, "never@bloom.example").is_forgotten


def test_on_sqlite_the_erased_text_is_gone_from_the_file(tmp_path: Path) -> None:
    database = open_database(Settings(workspace=tmp_path))
    add_subscriber(database, ANA, READERS)
    forget(database, ANA.key, NOW)
    database.close()
    stored = bytes_of_database(tmp_path)
    assert b"readers" in stored
    assert b"ana@bloom.example" not in stored


def test_on_sqlite_the_erased_text_leaves_the_wal_of_an_open_database(tmp_path: Path) -> None:
    with contextlib.closing(open_database(Settings(workspace=tmp_path))) as database:
        add_subscriber(database, ANA, READERS)
        assert b"ana@bloom.example" in bytes_of_database(tmp_path)
        forget(database, ANA.key, NOW)
        assert b"ana@bloom.example" not in bytes_of_database(tmp_path)


def test_the_wal_is_truncated_later_where_a_reader_holds_an_older_state(tmp_path: Path) -> None:
    with (
        contextlib.closing(open_database(Settings(workspace=tmp_path))) as database,
        contextlib.closing(open_database(Settings(workspace=tmp_path))) as other,
    ):
        add_subscriber(database, ANA, READERS)
        with other.read() as reader:
            reader.execute(sa.select(subscriber.c.id)).all()
            assert forget(database, ANA.key, NOW)
            assert b"ana@bloom.example" in bytes_of_database(tmp_path)
            assert not truncate_wal_if_due(database)
        assert truncate_wal_if_due(other)
        assert b"ana@bloom.example" not in bytes_of_database(tmp_path)
        assert truncate_wal_if_due(database)


def test_deleted_signups_leave_the_wal_too(tmp_path: Path) -> None:
    with contextlib.closing(open_database(Settings(workspace=tmp_path))) as database:
        with database.write() as connection:
            add_unconfirmed(connection, "eve@bloom.example", NOW)
        assert b"eve@bloom.example" in bytes_of_database(tmp_path)
        assert delete_unconfirmed(database, NOW + timedelta(days=40)) == 1
        assert b"eve@bloom.example" not in bytes_of_database(tmp_path)


def test_every_connection_to_sqlite_overwrites_what_it_deletes(tmp_path: Path) -> None:
    with contextlib.closing(open_database(Settings(workspace=tmp_path))) as database:
        for opened in (database.read, database.write, database.connection, database.own_connection):
            with opened() as connection:
                assert connection.scalar(sa.text("PRAGMA secure_delete")) == 1


def bytes_of_database(folder: Path) -> bytes:
    """The database's file and its WAL, in lower case."""
    return b"".join(path.read_bytes() for path in folder.glob("lovecampaign.db*")).lower()


def add_unconfirmed(connection: Connection, address: str, at: datetime) -> None:
    number = connection.execute(
        sa.insert(subscriber).values(
            address_key=address, email=address, fields={}, created_at=at, updated_at=at
        )
    ).inserted_primary_key
    assert number is not None
    connection.execute(
        sa.insert(membership).values(subscriber_id=number[0], list="readers", joined_at=at)
    )
