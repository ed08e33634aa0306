"""JSON rows hold all rows of a statement unchanged, and JSON pairs all pairs of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.json_parameters import (
    as_json_rows,
    json_agg,
    json_pairs,
    json_pairs_parameter,
    pair_key,
    pair_text,
    read_json_rows,
)
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.tables import subscriber, subscriber_tag

NOW = datetime(2027, 2, 1, 8, 0, 0, 123456, tzinfo=UTC)
ODD = 'Zoë "Zo" O\'Hara\\n\t\x01 🌱 \u2028 {"a": [1]}'
ODD_FIELDS = {"plant": ODD, "no. 2": "", "[]": "null", "half": "\ud83c"}


@pytest.fixture
def people(database: Database) -> Database:
    """The higher their numbers, the earlier their addresses."""
    with database.write() as connection:
        for number in (1, 3, 5, 7):
            _add(connection, number)
        tags = [{"subscriber_id": 5, "tag": tag} for tag in ("soil", 'a "b"')]
        connection.execute(sa.insert(subscriber_tag), tags)
    return database


def _add(
    connection: sa.Connection, number: int, name: str = "", fields: Mapping[str, str] | None = None
) -> None:
    row = {
        "id": number,
        "address_key": f"reader{number}@readers.example",
        "email": f"reader{9 - number}@readers.example",
        "first_name": name,
        "timezone": "",
        "fields": fields or {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    connection.execute(sa.insert(subscriber), row)


def test_rows_come_in_their_order(people: Database) -> None:
    columns = (subscriber.c.email, subscriber.c.id)
    statement = sa.select(*columns).order_by(subscriber.c.email).limit(3)
    with people.read() as connection:
        rows = read_json_rows(connection.scalar(as_json_rows(statement)))
    assert rows == [[f"reader{9 - number}@readers.example", number] for number in (7, 5, 3)]


def test_values_are_as_they_are_stored(people: Database) -> None:
    columns = (subscriber.c.created_at, subscriber.c.locale, subscriber.c.id == 1)
    statement = sa.select(subscriber.c.id, *columns).where(subscriber.c.id == 1)
    with people.read() as connection:
        [[_, created_at, locale, is_first]] = read_json_rows(
            connection.scalar(as_json_rows(statement))
        )
    assert created_at == to_microseconds(NOW)
    assert locale is None
    assert is_first == True  # noqa: E712 - SQLite says 1


def test_words_and_json_come_whole(database: Database) -> None:
    """Whatever stands in them: quotes, line ends, half of a character, JSON in a text."""
    with database.write() as connection:
        _add(connection, 1, ODD, ODD_FIELDS)
        statement = sa.select(subscriber.c.id, subscriber.c.first_name, subscriber.c.fields)
        rows = read_json_rows(connection.scalar(as_json_rows(statement)))
    assert rows == [[1, ODD, ODD_FIELDS]]


def test_what_is_gathered_is_a_list(people: Database) -> None:
    tags = sa.select(json_agg(subscriber_tag.c.tag)).where(
        subscriber_tag.c.subscriber_id == subscriber.c.id
    )
    statement = sa.select(subscriber.c.id, tags.scalar_subquery()).order_by(subscriber.c.id)
    with people.read() as connection:
        rows = read_json_rows(connection.scalar(as_json_rows(statement)))
    assert [sorted(tags or ()) for _, tags in rows] == [[], [], ['a "b"', "soil"], []]


def test_no_rows_are_nothing(database: Database) -> None:
    with database.read() as connection:
        assert not read_json_rows(connection.scalar(as_json_rows(sa.select(subscriber.c.id))))


def test_pairs_are_numbers_and_their_texts(database: Database) -> None:
    given = {3: ODD.replace("\x01", ""), 2**40: None, 1: "null"}
    pairs = json_pairs("pairs", "pair")
    statement = sa.select(pair_key(pairs), pair_text(pairs))
    with database.read() as connection:
        rows = connection.execute(statement, {"pairs": json_pairs_parameter(given)}).all()
    assert {row[0]: row[1] for row in rows} == given
