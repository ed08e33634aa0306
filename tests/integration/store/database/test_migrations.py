"""Migrations keep the rows of a database in use."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import lovecampaign.store
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.database.connect import connect
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import HEAD, find_version, upgrade
from lovecampaign.store.ledger.lookup import find_delivery
from lovecampaign.store.ledger.transactional_mail import find_transactional
from lovecampaign.store.tables import preference

_OLD_ROWS = (
    (
        "INSERT INTO campaign (id, key, name, start, language)"
        " VALUES (1, 'love', 'Love', '2027-02-01', 'en')"
    ),
    "INSERT INTO email (id, campaign_id, key) VALUES (1, 1, 'day-01')",
    (
        "INSERT INTO subscriber (id, address_key, email, fields, created_at, updated_at)"
        " VALUES (1, 'ana@b.example', 'ana@b.example', '{}', 1, 1)"
    ),
    (
        "INSERT INTO delivery (id, campaign_id, email_id, subscriber_id, state, due, next_try_at,"
        " local_day) VALUES (5, 1, 1, 1, 'sent', 1, 1, '2027-02-01')"
    ),
    (
        "INSERT INTO event (id, key, kind, at, recorded_at, delivery_id, subscriber_id, payload)"
        " VALUES (1, 'e', 'delivered', 1, 1, 5, 1, '{}')"
    ),
    (
        "INSERT INTO transactional (id, kind, campaign_id, subscriber_id, payload, state,"
        " created_at, next_try_at) VALUES (9, 'confirm', 1, 1, '{}', 'sent', 1, 1)"
    ),
)
#: A variant of a mailbox, asked to confirm; one that was skipped; another kind; a forgotten one.
_OLD_CONFIRMATIONS = (
    (
        "INSERT INTO subscriber (id, address_key, email, fields, created_at, updated_at,"
        " forgotten_at) VALUES"
        " (2, 'kim.lee+x@googlemail.com', 'Kim.Lee+x@googlemail.com', '{}', 1, 1, NULL),"
        " (3, 'forgotten:3', '', '{}', 1, 1, 1)"
    ),
    (
        "INSERT INTO transactional (id, kind, campaign_id, subscriber_id, payload, state,"
        " created_at, next_try_at) VALUES"
        " (10, 'confirm', 1, 2, '{}', 'planned', 1, 1),"
        " (11, 'confirm', 1, 2, '{}', 'skipped', 1, 1),"
        " (12, 'download', 1, 2, '{}', 'sent', 1, 1),"
        " (13, 'confirm', 1, 3, '{}', 'cancelled', 1, 1)"
    ),
)

#: Two who were welcomed after joining by a form; one of them chose the launch only.
_OLD_WELCOMES = (
    "INSERT INTO email (id, campaign_id, key) VALUES (2, 1, 'welcome')",
    (
        "INSERT INTO delivery (id, campaign_id, email_id, subscriber_id, state, due, next_try_at)"
        " VALUES (6, 1, 2, 1, 'sent', 1, 1), (7, 1, 2, 2, 'sent', 1, 1)"
    ),
    "INSERT INTO preference (campaign_id, subscriber_id, is_launch_only) VALUES (1, 2, true)",
)


def make_at(database: Database, version: str) -> None:
    config = Config()
    scripts = Path(lovecampaign.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(scripts))
    with database.rebuild() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def test_rows_from_before_keep_their_ids_and_have_no_nonce(
    tmp_path: Path, database_url: str
) -> None:
    settings = Settings(workspace=tmp_path, database_url=database_url)
    with contextlib.closing(
        Database(connect(settings.database_url, settings.workspace))
    ) as database:
        make_at(database, "0002")
        with database.write() as connection:
            for statement in _OLD_ROWS:
                connection.exec_driver_sql(statement)

        assert upgrade(database)

        assert find_version(database) == HEAD
        with database.read() as connection:
            delivery = find_delivery(connection, RowKey(5, None))
            assert delivery is not None
            assert delivery.address == "ana@b.example"
            assert find_delivery(connection, RowKey(5, 0)) is None
            assert find_transactional(connection, RowKey(9, None)) is not None
            event = connection.exec_driver_sql("SELECT delivery_id FROM event").scalar_one()
            assert event == 5
        assert_foreign_keys_hold(database)


def test_confirmations_from_before_count_for_their_mailbox_and_welcomes_as_a_choice(
    tmp_path: Path, database_url: str
) -> None:
    settings = Settings(workspace=tmp_path, database_url=database_url)
    with contextlib.closing(
        Database(connect(settings.database_url, settings.workspace))
    ) as database:
        make_at(database, "0005")
        with database.write() as connection:
            for statement in (*_OLD_ROWS, *_OLD_CONFIRMATIONS, *_OLD_WELCOMES):
                connection.exec_driver_sql(statement)

        assert upgrade(database)

        with database.read() as connection:
            rows = connection.exec_driver_sql("SELECT id, mailbox FROM transactional").all()
            choices = connection.execute(
                sa.select(preference.c.subscriber_id, preference.c.is_launch_only)
            ).all()
        assert {tuple(choice) for choice in choices} == {(1, False), (2, True)}
        mailboxes = {row.id: row.mailbox for row in rows}
        assert mailboxes == {
            9: "ana@b.example",
            10: "kimlee@gmail.com",
            11: None,
            12: None,
            13: None,
        }


def assert_foreign_keys_hold(database: Database) -> None:
    """Also on the connection that the migration used."""
    for _ in range(2):
        try:
            with database.write() as connection:
                connection.exec_driver_sql("DELETE FROM delivery")
        except sa.exc.IntegrityError:
            continue
        raise AssertionError("an event's delivery could be deleted")
