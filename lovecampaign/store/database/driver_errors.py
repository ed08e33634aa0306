"""Errors of the database drivers in words for operators, each with what to type or change."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL

from lovecampaign.core.errors import DatabaseBusy, LovecampaignError, Unreachable, UsageError
from lovecampaign.core.masking import mask_passwords

_SETTING = "LOVECAMPAIGN_DATABASE_URL"
_RUN_AGAIN = "run the same command again: nothing is lost"
#: PostgreSQL: a deadlock, a serialization failure, and a lock that did not become free in time.
_BUSY = frozenset({"40P01", "40001", "55P03"})
#: Below this, SQLite's shared memory (32 KB at a time) and its WAL may find no room.
_FULL_BELOW_BYTES = 1_000_000
#: Words of libpq and the server about an option of the URL. There is no code for a failed
#: connection.
_WRONG_OPTION = re.compile(
    r"invalid \S*(?: integer)? ?(?:value|port)|bad value for|invalid connection option"
    r"|unrecognized configuration|requires a value|invalid command-line"
    r"|(?:root certificate|certificate|private key) file",
    re.IGNORECASE,
)
_PG_HBA_HINT = (
    "the server lets this user, machine or encryption in by its pg_hba.conf: add a line there, or "
    "write ?sslmode=require"
)
_CERTIFICATE_HINT = (
    "name the host as its certificate does, and the file of its authority in ?sslrootcert="
)
#: As above, for all other reasons: words and hint.
_CONNECTING = (
    (
        "authentication failed|no password supplied|SASL|SCRAM",
        f"check user and password in {_SETTING}, or PGPASSWORD and ~/.pgpass",
    ),
    (r"no pg_hba\.conf entry", _PG_HBA_HINT),
    (
        'role "[^"]*" (?:does not exist|is not permitted to log in)',
        f"name another user in {_SETTING}, or type in psql: CREATE ROLE name LOGIN PASSWORD '…';",
    ),
    (
        'database "[^"]*" does not exist',
        f"name another one in {_SETTING}, or type in psql: CREATE DATABASE name ENCODING 'UTF8';",
    ),
    (
        "permission denied for database",
        "type in psql, as its owner: GRANT CONNECT, TEMPORARY ON DATABASE name TO user;",
    ),
    ("support SSL", f"turn SSL on at the server, or write ?sslmode=prefer in {_SETTING}"),
    ("certificate", _CERTIFICATE_HINT),
    (
        "resolve host|translate host|Name or service not known|nodename nor servname",
        f"check the host in {_SETTING}",
    ),
    (
        "too many (?:clients|connections)|connection slots",
        "close other programs that use the server, or raise max_connections there",
    ),
    ("starting up|shutting down|recovery mode", "wait a moment and run the same command again"),
    ("", f"check {_SETTING}, and that the server is up"),
)
_FULL = ("no space is left for the database {name}", f"free some space and {_RUN_AGAIN}")
_READ_ONLY = (
    "the database {name} can only be read: its file, folder or disk is read-only",
    "nothing is lost: make its disk and folder writable, then try again",
)
_NO_WAL = (
    "SQLite's WAL does not work on the file system of {name} (a network drive?): {words}",
    f"name a file on a local disk in {_SETTING}, or use PostgreSQL; nothing is lost",
)
#: SQLite's codes (sqlite.org/rescode.html): the start of the name, message and hint. A backup
#: undoes what was recorded since, and is advised for a damaged file alone.
_SQLITE = (
    ("SQLITE_FULL", *_FULL),
    (
        "SQLITE_READONLY_DBMOVED",
        "the file of the database {name} was moved, deleted or replaced",
        "put it back, with its -wal file, and restart the commands that use it",
    ),
    ("SQLITE_READONLY", *_READ_ONLY),
    # Shared memory or locks: "WAL does not work over a network filesystem" (sqlite.org/wal.html).
    (r"SQLITE_IOERR_(?:SHM|\w*LOCK$)|SQLITE_PROTOCOL", *_NO_WAL),
    (
        "SQLITE_IOERR",
        "the disk of the database {name} reports an error: {words}, {code}",
        f"check its space, your quota and its health, then {_RUN_AGAIN}",
    ),
    (
        "SQLITE_CORRUPT|SQLITE_NOTADB",
        "the database {name} says: {words}",
        f"put a backup in its place, or name another file in {_SETTING}",
    ),
    (
        "",
        "the database {name} says: {words}",
        f"check that {_SETTING} names its file, and who may read and write it",
    ),
)


class DatabasePlace(NamedTuple):
    """The database of an error."""

    #: The URL for messages.
    name: str
    url: URL
    #: SQLite's file; None for PostgreSQL.
    file: Path | None
    busy_timeout_seconds: float
    #: The setting that holds the URL.
    setting: str = _SETTING


def is_writable(file: Path) -> bool:
    """Whether SQLite may write the file and its journal beside it; False on a read-only mount."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def translate_driver_error(error: BaseException | str, place: DatabasePlace) -> LovecampaignError:
    """The error of a driver as one for the operator."""
    words = _first_line(error)
    if place.file is not None:
        code = getattr(error, "sqlite_errorname", None) or _guess_code(words.lower())
        return _sqlite_error(code, words, place, place.file)
    if setup_error := find_setup_error(error, place):
        return setup_error
    state = getattr(error, "sqlstate", None)
    if state in _BUSY:
        return DatabaseBusy(
            f"the database {place.name} says: {words}", hint=f"wait a moment and {_RUN_AGAIN}"
        )
    if state == "57014" and "statement timeout" in words:
        return Unreachable(
            f"the database {place.name} ended a query of ours: an administrator has set "
            "statement_timeout",
            hint=f"{_RUN_AGAIN}; if it comes again, type in psql: ALTER ROLE "
            f"{_user(place.url)} SET statement_timeout = 0;",
        )
    if re.search("no space left|disk is full", words, re.IGNORECASE):
        return Unreachable(_FULL[0].format(name=place.name), hint=_FULL[1])
    message = f"the database {place.name} says: {words}"
    hint = next(hint for sign, hint in _CONNECTING if re.search(sign, words, re.IGNORECASE))
    return Unreachable(message, hint=hint.replace(_SETTING, place.setting))


def find_setup_error(
    error: BaseException | str | None, place: DatabasePlace
) -> LovecampaignError | None:
    """A mistake in the set-up of PostgreSQL, mostly by its SQLSTATE; None for other errors.

    Appendix A of PostgreSQL's documentation lists the codes.
    """
    state = getattr(error, "sqlstate", None)
    words = _first_line(error)
    if state is None and _WRONG_OPTION.search(words):
        hint = f"fix or leave out that option in {place.setting}"
        return UsageError(f"the database {place.name} says: {words}", hint=hint)
    if state == "42501":
        hint = f"type in psql, as the owner: {_grant(words, place.url)};"
        return UsageError(f"the database {place.name} says: {words}", hint=hint)
    if state == "3F000":
        return UsageError(
            f"the database {place.name} has no schema for the tables: {words}",
            hint="type in psql, as the owner: CREATE SCHEMA public; or name another schema: "
            "?options=-csearch_path%3DNAME",
        )
    if state == "25006":
        return Unreachable(
            f"the database {place.name} can only be read: a replica, or "
            "default_transaction_read_only is on",
            hint=f"name the server that is written to in {place.setting}, or turn that off",
        )
    return None


def require_server(server_version: int, encoding: str | None, name: str) -> None:
    """Raises UsageError for a server that is too old, and for a database without Unicode."""
    if server_version < 120_000:
        raise UsageError(
            f"the database {name} is on PostgreSQL {server_version // 10_000}, and lovecampaign "
            "needs 12 or newer",
            hint=f"upgrade the server, or use SQLite: {_SETTING}=sqlite:///lovecampaign.db",
        )
    if encoding not in (None, "UTF8"):
        raise UsageError(
            f"the database {name} has the encoding {encoding}, which cannot hold every name; "
            "lovecampaign needs UTF8",
            hint="make another one and name it: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE "
            "template0; pg_dump and psql move what is in this one",
        )


def _first_line(error: object) -> str:
    return mask_passwords((str(error).strip().splitlines() or ["no answer"])[0])


def _grant(words: str, url: URL) -> str:
    """The statement that gives the missing permission."""
    user = _user(url)
    if "temporary" in words:
        return f"GRANT TEMPORARY ON DATABASE {_quoted(url.database or 'name')} TO {user}"
    if match := re.search(r'schema "?([^\s"]+)', words):
        return f"GRANT USAGE, CREATE ON SCHEMA {_quoted(match[1])} TO {user}"
    if "owner" in words:
        return f"ALTER TABLE … OWNER TO {user}, for each table of lovecampaign"
    return (
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}; "
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {user}"
    )


def _user(url: URL) -> str:
    return _quoted(url.username or os.environ.get("PGUSER") or getpass.getuser())


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _sqlite_error(code: str, words: str, place: DatabasePlace, file: Path) -> Unreachable:
    if code.startswith("SQLITE_IOERR") and _is_disk_full(file):
        code = "SQLITE_FULL"
    elif (code.startswith("SQLITE_READONLY") and not file.exists()) or "no such table" in words:
        code = "SQLITE_READONLY_DBMOVED"
    elif code.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")) and not is_writable(file):
        code = "SQLITE_READONLY"
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy(
            f"another process kept the database {place.name} for over "
            f"{place.busy_timeout_seconds:g} s",
            hint="wait until it ends (an import or a backup?) and run the same command again",
        )
    message, hint = next(fault for sign, *fault in _SQLITE if re.match(sign, code))
    return Unreachable(message.format(name=place.name, words=words, code=code), hint=hint)


def _guess_code(lowered: str) -> str:
    """The code of an error that comes without one: of our own lock, or of another library."""
    signs = {"readonly": "SQLITE_READONLY", "locked": "SQLITE_BUSY", "disk is full": "SQLITE_FULL"}
    return next((code for sign, code in signs.items() if sign in lowered), "SQLITE_ERROR")


def _is_disk_full(file: Path) -> bool:
    try:
        space = os.statvfs(file.parent)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _FULL_BELOW_BYTES


def read_only(name: str) -> Unreachable:
    """The error for a file that can be read and not written."""
    return Unreachable(_READ_ONLY[0].format(name=name), hint=_READ_ONLY[1])


def without_wal(name: str, words: str) -> Unreachable:
    """The error for a file system on which SQLite's WAL does not work."""
    return Unreachable(_NO_WAL[0].format(name=name, words=words), hint=_NO_WAL[1])
