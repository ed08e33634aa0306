"""A subscriber's language is imported, completed, exported, undone and forgotten."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.export import export_subscribers
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import ImportReport, import_subscribers
from lovecampaign.store.subscribers.imports.undo import undo_import
from lovecampaign.store.tables import subscriber

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)


def take(database: Database, folder: Path, *lines: str) -> ImportReport:
    path = folder / "people.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return import_subscribers(
        database, path, ImportTarget(list_name="readers", now=NOW), apply=True
    )


def languages(database: Database) -> Sequence[str | None]:
    with database.read() as connection:
        return connection.scalars(sa.select(subscriber.c.locale).order_by(subscriber.c.id)).all()


def test_languages_are_read_in_many_spellings(database: Database, tmp_path: Path) -> None:
    spellings = ("fr_CA", "FR", "French", "français", "pt_BR", "", "Klingonisch?")
    report = take(
        database,
        tmp_path,
        "email,Sprache",
        *(f"reader{number}@x.example,{one}" for number, one in enumerate(spellings)),
    )
    assert languages(database) == ["fr", "fr", "fr", "fr", "pt-BR", None, None]
    messages = [one.message for one in report.problems]
    assert "the language 'Klingonisch?' is unknown and left out" in messages


def test_an_import_completes_a_language_and_an_undo_restores_it(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email,language", "ana@x.example,fr", "bo@x.example,")
    second = take(database, tmp_path, "email,language", "ana@x.example,", "bo@x.example,nl")
    assert (second.updated, second.unchanged) == (1, 1)
    assert languages(database) == ["fr", "nl"]
    third = take(database, tmp_path, "email,locale", "ana@x.example,de", "bo@x.example,nl")
    assert languages(database) == ["de", "nl"]
    for report in (third, second):
        assert report.import_id is not None
        undo_import(database, report.import_id, NOW + timedelta(hours=1))
    assert languages(database) == ["fr", None]


def test_an_export_comes_back_unchanged_and_erasure_erases(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email,language", "ana@x.example,fr")
    out = io.StringIO()
    export_subscribers(database, out.write)
    [row] = csv.DictReader(io.StringIO(out.getvalue()))
    assert row["language"] == "fr"
    again = take(database, tmp_path, *out.getvalue().splitlines())
    assert again.unchanged == 1
    older = [line.rpartition(",")[0] for line in out.getvalue().splitlines()]
    assert take(database, tmp_path, *older).unchanged == 1
    forget(database, "ana@x.example", NOW)
    assert languages(database) == [None]
