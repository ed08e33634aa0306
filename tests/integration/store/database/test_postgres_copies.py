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
