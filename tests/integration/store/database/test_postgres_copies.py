"""The PostgreSQL databases of tests, which are used again."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.postgres import PostgresServer

READER = """INSERT INTO subscriber
    (address_key, email, first_name, timezone, fields, created_at, updated_at)
    VALUES ('ana', 'ana', 'Ana', 'UTC', '{}', 1, 1) RETURNING id"""


def test_a_copy_comes_back_without_rows_and_counts_from_one(
    postgres: PostgresServer, postgres_template: str
) -> None:
    seen = set()
    for _ in range(3):
        with (
            postgres.copy_of(postgres_template) as url,
            psycopg.connect(url) as connection,
        ):
            seen.add(url)
            assert connection.execute("SELECT count(*) FROM subscriber").fetchone() == (0,)
            assert connection.execute(READER).fetchone() == (1,)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE other (id int)",
        "ALTER TABLE subscriber ADD COLUMN other int",
        "UPDATE alembic_version SET version_num = 'other'",
        "DROP TABLE alembic_version",
        "DROP INDEX {index}",
        "ALTER DATABASE {name} SET default_transaction_read_only = on",
    ],
)
def test_a_copy_with_another_schema_is_not_used_again(
    postgres: PostgresServer, postgres_template: str, change: str
) -> None:
    with postgres.copy_of(postgres_template) as url:
        changed = url
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisunique"
                " AND indexrelid >= 16384 LIMIT 1"
            ).fetchone()
            assert found is not None
            name = connection.info.dbname
            connection.execute(change.format(index=found[0], name=name).encode())
    with postgres.copy_of(postgres_template) as url:
        assert url != changed


UNINDEXED = """
    SELECT conrelid::regclass::text FROM pg_constraint
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'f' AND confrelid = 'subscriber'::regclass AND NOT EXISTS (
        SELECT 1 FROM pg_index
        WHERE indrelid = conrelid AND indkey[0] = attnum AND indpred IS NULL)"""


def test_deleting_subscribers_scans_no_table_that_grows_with_them(postgres_template: str) -> None:
    """Else the undo of an import takes minutes: its foreign keys are looked up one by one."""
    with psycopg.connect(postgres_template) as connection:
        unindexed = {table for (table,) in connection.execute(UNINDEXED)}
    assert unindexed <= {"deal_code", "deal_claim", "deal_waiting", "deal_extension"}
