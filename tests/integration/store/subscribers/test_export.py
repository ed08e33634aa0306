"""The export holds all subscribers, and an import of it changes nothing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.audience.decisions import Subscribe
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.problems import has_errors
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers import export as exporting
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.export import export_subscribers
from lovecampaign.store.subscribers.imports.apply import ImportTarget, add_subscriber
from lovecampaign.store.subscribers.imports.importer import ImportReport, import_subscribers
from lovecampaign.store.subscribers.suppressions import Suppression, suppress, unsubscribe
from lovecampaign.store.tables import membership, subscriber

NOW = datetime(2027, 1, 10, 9, 0, 0, 123456, tzinfo=UTC)


def take(database: Database, folder: Path, text: str, list_name: str = "readers") -> ImportReport:
    path = folder / "people.csv"
    path.write_bytes(text.encode())
    enrolment = ImportTarget(list_name=list_name, now=NOW)
    return import_subscribers(database, path, enrolment, apply=True)


def export(database: Database) -> str:
    out = io.StringIO()
    count = export_subscribers(database, out.write)
    text = out.getvalue()
    assert count == len(list(csv.reader(io.StringIO(text)))) - 1
    return text


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_of_nobody_is_its_headings(database: Database) -> None:
    assert export(database).startswith("email,first_name,last_name,timezone,tags,consent_at")
    assert rows(export(database)) == []


def test_an_export_imports_as_unchanged(database: Database, tmp_path: Path) -> None:
    take(
        database,
        tmp_path,
        "email,first_name,last_name,timezone,tags,consent_at,consent_kind,last_active_at,"
        "plant,note,status\n"
        "ana@bloom.example,Ana,Cruz,Europe/Madrid,b;a,2026-05-01T10:00:00.25Z,express,2026-06-01,"
        'fern,"two\nlines",\n'
        "bo@bücher.example,'=Bo,,,,2026-05-02,implied_purchase,,,'t Hooft,\n"
        "cy@bloom.example,'+Cy,,,,,,,,,cancelled\n"
        "di@bloom.example,Di,,,,,,,,,cleaned\n"
        "ed@bloom.example,Ed,,,,,,,,,complained\n",
    )
    text = export(database)
    found = {row["email"]: row for row in rows(text)}
    assert found["ana@bloom.example"]["tags"] == "a;b"
    assert found["ana@bloom.example"]["consent_at"] == "2026-05-01T10:00:00.250000Z"
    assert found["bo@bücher.example"]["first_name"] == "'=Bo"
    assert found["bo@bücher.example"]["note"] == "'t Hooft"
    assert {key: row["status"] for key, row in found.items()} == {
        "ana@bloom.example": "active",
        "bo@bücher.example": "active",
        "cy@bloom.example": "unsubscribed",
        "di@bloom.example": "bounced",
        "ed@bloom.example": "complained",
    }
    report = take(database, tmp_path, text)
    assert (report.read, report.unchanged) == (5, 5)
    assert export(database) == text


def test_an_export_puts_nobody_on_another_list(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, "email\nana@bloom.example\n")
    take(database, tmp_path, "email,plant\nbo@bloom.example,fern\n", list_name="insiders")
    report = take(database, tmp_path, export(database).replace("fern", "moss"))
    assert (report.updated, report.unchanged) == (0, 2)
    assert "1 person is known here and not on this list" in report.problems[-1].message
    with database.read() as connection:
        places = connection.execute(sa.select(membership.c.list).order_by("list")).scalars().all()
    assert places == ["insiders", "readers"]


def test_an_export_fills_an_empty_database_alike(database: Database, tmp_path: Path) -> None:
    first = (
        "email,first_name,tags,consent_at,plant,status\n"
        "ana@bloom.example,Ana,a,2026-05-01,fern,\nbo@bloom.example,,,,,bounced\n"
    )
    take(database, tmp_path, first)
    text = export(database)
    forget(database, "ana@bloom.example", NOW)
    assert [row["email"] for row in rows(export(database))] == ["bo@bloom.example"]
    assert take(database, tmp_path, text).protected == 1


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_every_reason_comes_back_from_an_export(
    database: Database, tmp_path: Path, reason: SuppressionReason
) -> None:
    if reason is SuppressionReason.FORGOTTEN:
        return  # the forgotten are not exported: they have no suppression, only a hash
    take(database, tmp_path, "email\nana@bloom.example\n")
    suppress(database, "ana@bloom.example", Suppression(reason=reason), NOW)
    report = take(database, tmp_path, export(database))
    assert report.unchanged == 1


def test_who_left_one_list_of_two_is_active_and_who_left_both_is_not(
    database: Database, tmp_path: Path
) -> None:
    for name in ("readers", "insiders"):
        take(database, tmp_path, "email\nana@bloom.example\n", name)
    unsubscribe(database, "ana@bloom.example", NOW, lists=["insiders"])
    assert rows(export(database))[0]["status"] == "active"
    unsubscribe(database, "ana@bloom.example", NOW, lists=["readers"])
    assert rows(export(database))[0]["status"] == "unsubscribed"


def test_soft_bounces_that_rest_for_one_campaign_are_no_status(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email\nana@bloom.example\n")
    resting = Suppression(reason=SuppressionReason.SOFT_BOUNCES, only_campaign="love-2027-02")
    suppress(database, "ana@bloom.example", resting, NOW)
    assert rows(export(database))[0]["status"] == "active"


def test_who_has_not_confirmed_says_so(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, "email\nana@bloom.example\n")
    with database.write() as connection:
        connection.execute(sa.update(membership).values(confirmed_at=None))
    assert rows(export(database))[0]["status"] == "unconfirmed"


def test_who_has_not_confirmed_stays_so_and_is_no_mistake_of_an_export(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email,plant\nana@bloom.example,fern\nbo@bloom.example,moss\n")
    with database.write() as connection:
        is_bo = subscriber.c.address_key == "bo@bloom.example"
        bo = sa.select(subscriber.c.id).where(is_bo).scalar_subquery()
        joined = membership.c.subscriber_id == bo
        connection.execute(sa.update(membership).where(joined).values(confirmed_at=None))
    before = export(database)
    back = take(database, tmp_path, before)
    assert (back.read, back.unchanged, has_errors(back.problems)) == (2, 2, False)
    said = "1 person has not confirmed in the file: nothing changes for them"
    assert said in [problem.message for problem in back.problems]
    assert export(database) == before


def test_who_has_not_confirmed_and_is_unknown_is_left_out_with_the_line(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email,consent_at\nana@bloom.example,2026-05-01\n")
    text = "email,consent_at,status\nbo@bloom.example,,pending\nana@bloom.example,2026-05-01,\n"
    back = take(database, tmp_path, text)
    assert (back.read, back.unchanged, back.rejected) == (2, 1, 1)
    (problem,) = back.problems
    assert (problem.message, problem.place and problem.place.line, problem.is_error) == (
        "not confirmed, so left out",
        2,
        True,
    )
    assert len(rows(export(database))) == 1


def test_more_people_than_a_page_come_out_once_each(database: Database, tmp_path: Path) -> None:
    people = [f"p{number:04}@bloom.example" for number in range(exporting.PAGE + 5)]
    take(database, tmp_path, "email,tags\n" + "\n".join(f"{each},t" for each in people))
    found = rows(export(database))
    assert [row["email"] for row in found] == people
    assert {row["tags"] for row in found} == {"t"}


def test_a_day_later_nothing_has_moved(database: Database, tmp_path: Path) -> None:
    text = "email,consent_at\nana@bloom.example,2026-05-01\n"
    take(database, tmp_path, text)
    before = export(database)
    path = tmp_path / "again.csv"
    path.write_text(before)
    later = ImportTarget(list_name="readers", now=NOW + timedelta(days=1))
    assert import_subscribers(database, path, later, apply=True).unchanged == 1
    assert export(database) == before


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        ("email,optin_time,member_rating,leid,euid,notes", "2026-05-01,5,1,abc,x"),
        ("email,consent_at,created_at,city,state", "2026-05-01,2026-04-01,Dayton,Ohio"),
        ("email,consent_at,uuid", "2026-05-01,b2"),
    ],
)
def test_fields_that_another_tool_named_do_not_make_our_export_its_own(
    database: Database, tmp_path: Path, headings: str, cells: str
) -> None:
    take(database, tmp_path, f"{headings}\nana@bloom.example,{cells}\n")
    before = export(database)

    back = take(database, tmp_path, before)
    assert (back.tool, back.problems) == ("lovecampaign", ())
    assert back.unchanged == back.read == 1
    assert export(database) == before


def test_no_source_of_consent_is_made_up_for_those_who_have_none(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "email,consent_at,city\nana@bloom.example,2026-05-01,Dayton\n")
    renamed = export(database).replace("city", "euid")

    take(database, tmp_path, renamed)
    assert [row["consent_source"] for row in rows(export(database))] == [""]


@pytest.mark.parametrize("name", ["state", "status", "unsubscribed_at", "email", "mail", "name"])
def test_a_field_called_as_a_column_stays_a_field(
    database: Database, tmp_path: Path, name: str
) -> None:
    fields = {name: "2026-01-01"}
    person = Subscribe(key="ana@bloom.example", email="ana@bloom.example", fields=fields)
    add_subscriber(database, person, ImportTarget(list_name="readers", now=NOW))
    before = export(database)

    back = take(database, tmp_path, before)
    assert (back.unchanged, back.rejected, back.suppressed) == (1, 0, 0)
    assert export(database) == before
