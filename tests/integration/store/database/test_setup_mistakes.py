"""Mistakes in the set-up of PostgreSQL are wrong usage with what to type, and no bug of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.connect import connect, require_url
from lovecampaign.store.database.schema_version import open_database
from tests.support.postgres import PostgresServer


def refused(url: str, folder: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        open_database(Settings(workspace=folder, database_url=url))
    return caught.value


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def test_without_create_on_public_the_grant_is_said_and_is_enough(
    empty_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(empty_url, autocommit=True) as owner:
        owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        owner.execute('CREATE ROLE "Ana M" LOGIN')
        url = empty_url.replace("postgres@", "Ana%20M@")
        try:
            hint = refused(url, tmp_path).hint or ""
            assert 'GRANT USAGE, CREATE ON SCHEMA public TO "Ana M";' in hint
            owner.execute(hint.partition(": ")[2].encode())
            open_database(Settings(workspace=tmp_path, database_url=url)).close()
        finally:
            owner.execute('DROP OWNED BY "Ana M"')
            owner.execute('DROP ROLE "Ana M"')


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_without_unicode_is_refused(
    empty_url: str, tmp_path: Path, encoding: str
) -> None:
    with psycopg.connect(empty_url, autocommit=True) as owner:
        owner.execute(
            f"CREATE DATABASE narrow ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            " TEMPLATE template0".encode()
        )
        try:
            url = empty_url.replace(f"/{owner.info.dbname}?", "/narrow?")
            assert encoding in refused(url, tmp_path).message
        finally:
            owner.execute("DROP DATABASE narrow WITH (FORCE)")


def test_a_missing_schema_is_told(empty_url: str, tmp_path: Path) -> None:
    said = refused(f"{empty_url}&options=-csearch_path%3Dnowhere", tmp_path)
    assert "no schema" in said.message


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("schema=public", "search_path"),
        ("currentSchema=app", "search_path"),
        ("pgbouncer=true", "leave it out"),
        ("ssl=true", "sslmode=require"),
        ("sslmod=require", "sslmode"),
        ("connect_timeout=5&connect_timeout=6", "leave one out"),
        ("anything=1", "leave it out"),
        ("port=abc", "postgresql://"),
        ("port=1&port=2", "postgresql://"),
    ],
)
def test_an_option_that_is_unknown_or_wrong_is_named_before_a_connection(
    tmp_path: Path, query: str, hint: str
) -> None:
    said = refused(f"postgresql://ana:hush@127.0.0.1:1/love?{query}", tmp_path)
    assert hint in (said.hint or "")
    assert "hush" not in said.message


@pytest.mark.parametrize("url", ["postgresql://ana:hu@sh@db/love", "postgres://ana@x:h@sh@db:1/a"])
def test_an_at_sign_in_a_password_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    said = refused(url, tmp_path)
    assert said.hint == "write an @ in a password as %40"
    assert "sh" not in said.message
    assert require_url("postgresql://ana:hu%40sh@db/love", "FROM_URL").password == "hu@sh"


def test_a_url_for_another_driver_or_with_the_short_scheme_is_understood(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql+asyncpg", "postgresql+psycopg2"):
        url = require_url(f"{scheme}://ana@db/love?sslmode=require&host=a&host=b", "FROM_URL")
        assert url.drivername == "postgresql+psycopg"
    with pytest.raises(UsageError, match="unknown option, cache"):
        connect("sqlite:///love.db?cache=shared", tmp_path)
