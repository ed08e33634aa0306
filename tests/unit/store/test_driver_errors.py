"""Errors of drivers become a message and what to type; a backup is advised for damage alone."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from lovecampaign.core.errors import DatabaseBusy, Unreachable, UsageError
from lovecampaign.store.database.driver_errors import (
    DatabasePlace,
    require_server,
    translate_driver_error,
)
from lovecampaign.store.database.engine import Database


@pytest.fixture
def place(tmp_path: Path) -> DatabasePlace:
    file = tmp_path / "love.db"
    file.touch()
    return DatabasePlace("sqlite:///love.db", make_url("sqlite:///love.db"), file, 60)


POSTGRES = DatabasePlace("postgresql://ana@db/love", make_url("postgresql://ana@db/love"), None, 60)


def sqlite_error(code: str, words: str = "disk I/O error") -> sqlite3.Error:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = code
    return error


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("SQLITE_FULL", "no space is left", "free some space"),
        ("SQLITE_IOERR_SHMMAP", "WAL does not work on the file system", "local disk"),
        ("SQLITE_IOERR_SHMOPEN", "WAL does not work on the file system", "local disk"),
        ("SQLITE_IOERR_LOCK", "WAL does not work on the file system", "local disk"),
        ("SQLITE_IOERR_RDLOCK", "WAL does not work on the file system", "local disk"),
        ("SQLITE_PROTOCOL", "WAL does not work on the file system", "local disk"),
        ("SQLITE_IOERR_WRITE", "reports an error", "quota"),
        ("SQLITE_IOERR_FSYNC", "reports an error", "quota"),
        ("SQLITE_READONLY", "can only be read", "writable"),
        ("SQLITE_READONLY_DIRECTORY", "can only be read", "writable"),
        ("SQLITE_READONLY_DBMOVED", "was moved, deleted", "put it back"),
        ("SQLITE_CANTOPEN", "says: disk I/O error", "who may read and write"),
    ],
)
def test_sqlites_code_says_what_to_do_and_never_to_restore_a_backup(
    place: DatabasePlace, code: str, message: str, hint: str
) -> None:
    error = translate_driver_error(sqlite_error(code), place)
    assert isinstance(error, Unreachable)
    assert message in error.message
    assert error.hint is not None
    assert hint in error.hint
    assert "backup" not in error.hint
    assert "doctor" not in error.hint


@pytest.mark.parametrize("code", ["SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB"])
def test_a_damaged_file_is_to_be_replaced_by_a_backup(place: DatabasePlace, code: str) -> None:
    hint = translate_driver_error(sqlite_error(code), place).hint
    assert hint is not None
    assert "backup" in hint


@pytest.mark.parametrize("code", ["SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE"])
def test_an_io_error_on_a_full_disk_is_about_space(
    place: DatabasePlace, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_left = os.statvfs_result((4096, 4096, 100, 0, 0, 10, 10, 10, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: nothing_left)
    assert "no space is left" in translate_driver_error(sqlite_error(code), place).message


def test_a_lock_is_busy_with_and_without_a_code(place: DatabasePlace) -> None:
    for error in ("database is locked", sqlite_error("SQLITE_BUSY_SNAPSHOT")):
        assert isinstance(translate_driver_error(error, place), DatabaseBusy)


def test_sqlite_itself_names_a_full_database(place: DatabasePlace) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("PRAGMA max_page_count=1")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("CREATE TABLE full (id int)")
    connection.close()
    assert "no space is left" in translate_driver_error(caught.value, place).message


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ('FATAL:  password authentication failed for user "ana"', "user and password"),
        ("fe_sendauth: no password supplied", "user and password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", no encryption', "pg_hba.conf"),
        ('FATAL:  role "ana" does not exist', "CREATE ROLE"),
        ('FATAL:  database "love" does not exist', "CREATE DATABASE"),
        ('FATAL:  permission denied for database "love"', "GRANT CONNECT"),
        ("server does not support SSL, but SSL was required", "sslmode=prefer"),
        ('server certificate for "a" does not match host name "b"', "sslrootcert"),
        ("failed to resolve host 'nowhere.invalid'", "check the host"),
        ("Connection refused", "the server is up"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("FATAL:  the database system is starting up", "wait"),
    ],
)
def test_a_failed_connection_says_what_to_check(words: str, hint: str) -> None:
    error = translate_driver_error(words, POSTGRES)
    assert isinstance(error, Unreachable)
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    "words",
    [
        'connection is bad: invalid sslmode value: "maybe"',
        'connection is bad: invalid port number: "99999"',
        "bad value for connect_timeout: 'soon'",
        'FATAL:  unrecognized configuration parameter "serch_path"',
        'root certificate file "/nowhere.crt" does not exist',
    ],
)
def test_a_wrong_option_is_wrong_usage(words: str) -> None:
    error = translate_driver_error(words, POSTGRES)
    assert isinstance(error, UsageError)
    assert "LOVECAMPAIGN_DATABASE_URL" in (error.hint or "")


def test_a_server_before_12_and_a_database_without_unicode_are_wrong_usage() -> None:
    require_server(120_000, "UTF8", "love")
    require_server(180_001, None, "love")  # a pooler that does not say
    with pytest.raises(UsageError, match=r"PostgreSQL 11, .* needs 12"):
        require_server(110_022, "UTF8", "love")
    for encoding in ("LATIN1", "SQL_ASCII", "WIN1252"):
        with pytest.raises(UsageError, match=encoding):
            require_server(150_000, encoding, "love")


def test_an_error_around_the_pooler_names_that_server_and_its_setting() -> None:
    direct = sa.create_engine("postgresql+psycopg://ana:secret@127.0.0.1:1/direct")
    database = Database(sa.create_engine("postgresql+psycopg://ana:secret@pooler/love"), direct)
    with pytest.raises(Unreachable) as caught, database.own_connection():
        raise AssertionError
    assert "postgresql://ana:***@127.0.0.1:1/direct" in caught.value.message
    assert caught.value.hint == (
        "check LOVECAMPAIGN_DATABASE_DIRECT_URL, and that the server is up"
    )
