"""A copy moves all rows between SQLite and PostgreSQL, and new ids continue behind them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.database.types import Instant, LocalDay, metadata
from lovecampaign.store.maintenance.copy import copy_everything
from tests.chaos.commands import fork_command as lovecampaign
from tests.support.postgres import PostgresServer
from tests.support.serving import dump

#: Of the two rows that each table has: numbers with a gap, as rows that were deleted leave one.
ROWS = (7, 41)
AN_INSTANT = datetime(2027, 2, 1, 8, 0, 0, 123456, tzinfo=UTC)


def fill(database: Database) -> None:
    """Two rows in every table, with something in every column."""
    with database.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(
                sa.insert(table),
                [{c.name: value_for(c, number) for c in table.columns} for number in ROWS],
            )


def value_for(column: sa.Column[Any], number: int) -> object:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return value_for(key.column, number)
    if isinstance(column.type, Instant):
        return AN_INSTANT + timedelta(days=number)
    if isinstance(column.type, LocalDay):
        return date(2027, 2, 1) + timedelta(days=number)
    if isinstance(column.type, sa.JSON):
        return {"number": number, "list": ["ü", None]}
    made: Mapping[type, object] = {
        int: number,
        str: f"{column.name} {number} – ü 🌱",
        bool: number == ROWS[0],
        bytes: bytes([0, number, 255]),
        float: number / 4,
    }
    return made[column.type.python_type]


@contextlib.contextmanager
def opened(settings: Settings, url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(replace(settings, database_url=url))) as database:
        yield database


@pytest.fixture
def workspace(tmp_path: Path) -> Settings:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "templates" / "email").mkdir(parents=True)
    return Settings(workspace=tmp_path, secret_keys=("test-key",))


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def test_every_table_arrives_whole_and_comes_back_whole(
    workspace: Settings, postgres_url: str
) -> None:
    with (
        opened(workspace, "sqlite:///one.db") as one,
        opened(workspace, postgres_url) as two,
        opened(workspace, "sqlite:///three.db") as three,
    ):
        fill(one)
        before = dump(one)
        there = copy_everything(one, two)
        back = copy_everything(two, three)

        assert there == back == dict.fromkeys(before, len(ROWS))
        assert all(len(rows) == len(ROWS) for rows in before.values())
        assert dump(two) == before
        assert dump(three) == before
        assert dump(one) == before


def test_what_was_never_written_stays_so(workspace: Settings) -> None:
    """SQL's NULL, not JSON's."""
    with opened(workspace, "sqlite:///one.db") as one, opened(workspace, "sqlite:///two.db") as two:
        fill(one)
        with one.write() as connection:
            connection.execute(sa.text("UPDATE campaign SET lists = NULL"))
        copy_everything(one, two)
        with two.read() as connection:
            assert connection.execute(
                sa.text("SELECT count(*) FROM campaign WHERE lists IS NULL")
            ).scalar_one() == len(ROWS)


def test_new_rows_are_counted_from_where_the_old_ones_ended(
    workspace: Settings, postgres_url: str
) -> None:
    with opened(workspace, "sqlite:///one.db") as one, opened(workspace, postgres_url) as two:
        fill(one)
        copy_everything(one, two)
        numbered = [
            table for table in metadata.sorted_tables if table.autoincrement_column is not None
        ]
        for table in reversed(numbered):
            number = table.autoincrement_column
            assert number is not None
            new = {c.name: value_for(c, 99) for c in table.columns if c is not number}
            keys = {c.name: value_for(c, ROWS[1]) for c in table.columns if c.foreign_keys}
            with two.write() as connection:
                made = connection.execute(sa.insert(table).values(new | keys).returning(number))
                assert made.scalar_one() == ROWS[1] + 1, table.name


def test_nothing_is_mixed_with_what_is_there(workspace: Settings, postgres_url: str) -> None:
    with opened(workspace, "sqlite:///one.db") as one, opened(workspace, postgres_url) as two:
        fill(one)
        copy_everything(one, two)
        before = dump(two)
        with pytest.raises(UsageError, match="is not empty"):
            copy_everything(one, two)

        assert dump(two) == before


def test_the_verb_says_what_it_copied_and_what_to_set(
    workspace: Settings, postgres_url: str
) -> None:
    folder = workspace.workspace
    with opened(workspace, "sqlite:///one.db") as one:
        fill(one)
        wanted = dump(one)
    said = lovecampaign("db", "copy", "sqlite:///one.db", postgres_url, "--json", cwd=folder)

    assert said.code == 0, said.out + said.err
    assert json.loads(said.out)["data"]["rows"] == len(ROWS) * len(wanted)
    with opened(workspace, postgres_url) as two:
        assert dump(two) == wanted


def test_there_is_nothing_to_copy_from_a_file_that_is_not_there(workspace: Settings) -> None:
    folder = workspace.workspace
    said = lovecampaign("db", "copy", "sqlite:///no.db", "sqlite:///two.db", cwd=folder)

    assert said.code == 2
    assert "nothing to copy" in said.err
    assert not (folder / "no.db").exists()
