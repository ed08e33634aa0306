"""Facts about importing people: what counts as what, who is never revived, and that a dry run
tells the truth."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.imports import staging
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import ImportReport, import_subscribers
from lovecampaign.store.subscribers.records import SubscriberProfile, read_address_record
from lovecampaign.store.subscribers.suppressions import Suppression, suppress, unsubscribe
from lovecampaign.store.tables import consent, membership, subscriber, suppression

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


class Importer:
    """Imports text into the list ``readers``, after a dry run that must tell the same."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self._path = folder / "people.csv"

    def __call__(self, text: str, **wanted: object) -> ImportReport:
        self._path.write_text(text, encoding="utf-8")
        enrolment = ImportTarget(list_name="readers", now=NOW)
        enrolment = dataclasses.replace(enrolment, **wanted)  # type: ignore[arg-type]
        before = self.fingerprint()
        dry = import_subscribers(self.database, self._path, enrolment)
        assert self.fingerprint() == before, "a dry run changed something"
        done = import_subscribers(self.database, self._path, enrolment, apply=True)
        assert dry == dataclasses.replace(done, applied=False, import_id=None)
        assert done.read == sum(counts(done).values())
        return done

    def fingerprint(self) -> list[object]:
        tables = (subscriber, membership, consent, suppression)
        with self.database.read() as connection:
            return [connection.execute(sa.select(table)).all() for table in tables]

    def profile(self, key: str) -> SubscriberProfile:
        found = read_address_record(self.database, key).profile
        assert found is not None
        return found


@pytest.fixture
def importer(database: Database, tmp_path: Path) -> Importer:
    return Importer(database, tmp_path)


def counts(report: ImportReport) -> dict[str, int]:
    names = ("new", "updated", "unchanged", "rejected", "protected", "suppressed")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def test_new_people_join_the_list_confirmed_with_all_that_the_file_says(
    importer: Importer,
) -> None:
    report = importer(
        "email,first_name,last_name,timezone,tags,consent_at,consent_source,plant\n"
        "Ana@bloom.example,Ana,Cruz,Europe/Madrid,a;b,2026-05-01,shop,fern\n"
        "bo@bloom.example,,,,,2026-05-02,,\n"
    )
    assert counts(report) == {"new": 2}
    assert report.applied
    ana = importer.profile("ana@bloom.example")
    assert (ana.email, ana.first_name, ana.last_name) == ("Ana@bloom.example", "Ana", "Cruz")
    assert (ana.timezone, ana.tags, ana.fields) == ("Europe/Madrid", ("a", "b"), {"plant": "fern"})
    (place,) = ana.memberships
    assert (place.list, place.joined_at, place.confirmed_at) == ("readers", NOW, NOW)
    (entry,) = ana.consents
    assert (entry.list, entry.consent.source, entry.recorded_at) == ("readers", "shop", NOW)
    assert entry.consent.given_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_column_of_yes_and_no_that_nothing_explains_is_named(importer: Importer) -> None:
    report = importer("email,xq7\nana@bloom.example,yes\nbo@bloom.example,no\n")
    named = [problem.message for problem in report.problems]
    assert 'columns of yes and no that become fields: "xq7" ("yes": 1, "no": 1)' in named


@pytest.mark.parametrize("title", ["Kunden 2026\n\n", "Kunden;;\n;;\n"])
def test_headings_below_a_title_are_found_and_nothing_is_read(
    importer: Importer, title: str
) -> None:
    report = importer(f"{title}E-Mail;Name;Abgemeldet\nana@bloom.example;Ana;ja\n")
    (problem,) = report.problems
    assert (counts(report), problem.code) == ({}, "import-no-email-column")
    assert problem.hint == "delete the lines above line 3"


def test_the_same_file_again_changes_nothing(importer: Importer) -> None:
    text = (
        "email,first_name,tags,consent_at,consent_expires,last_active_at,plant\n"
        "ana@bloom.example,Ana,a;b,2026-05-01,2028-05-01,2026-06-01,fern\n"
        "bo@bloom.example,Bo,,,,,\n"
    )
    importer(text)
    before = importer.fingerprint()
    assert counts(importer(text, now=LATER)) == {"unchanged": 2}
    assert importer.fingerprint() == before


@pytest.mark.parametrize(
    "row",
    [
        "ana@bloom.example,Anna,,,,",
        "ana@bloom.example,,Europe/Paris,,,",
        "ana@bloom.example,,,c,,",
        "ana@bloom.example,,,,2026-07-01,",
        "ana@bloom.example,,,,,moss",
    ],
)
def test_anything_new_about_a_known_person_is_an_update(importer: Importer, row: str) -> None:
    headings = "email,first_name,timezone,tags,consent_at,plant\n"
    importer(headings + "ana@bloom.example,Ana,Europe/Madrid,a,2026-05-01,fern\n")
    assert counts(importer(headings + row + "\n", now=LATER)) == {"updated": 1}
    assert counts(importer(headings + row + "\n", now=LATER)) == {"unchanged": 1}


def test_an_empty_cell_never_erases(importer: Importer) -> None:
    importer(
        "email,first_name,timezone,tags,consent_at,plant\n"
        "ana@bloom.example,Ana,Europe/Madrid,a,2026-05-01,fern\n"
    )
    report = importer(
        "email,first_name,timezone,tags,consent_at,plant,last_name\nANA@bloom.example,,,,,,Cruz\n",
        now=LATER,
    )
    assert counts(report) == {"updated": 1}
    ana = importer.profile("ana@bloom.example")
    assert (ana.first_name, ana.last_name, ana.timezone) == ("Ana", "Cruz", "Europe/Madrid")
    assert (ana.tags, ana.fields, len(ana.consents)) == (("a",), {"plant": "fern"}, 1)
    assert ana.email == "ana@bloom.example"
    assert ana.memberships[0].joined_at == NOW


def test_of_two_rows_the_last_wins_and_takes_what_it_lacks_from_the_first(
    importer: Importer,
) -> None:
    report = importer(
        "email,first_name,last_name,tags,consent_at,plant\n"
        "ana@bloom.example,Old,Older,x,2026-01-01,oak\n"
        "ana@bloom.example,Middle,,a,2026-05-01,fern\n"
        "bo@bloom.example,Bo,,,,\n"
        "ANA@bloom.example,Ana,,b,,\n"
    )
    assert counts(report) == {"new": 2, "unchanged": 2}
    ana = importer.profile("ana@bloom.example")
    assert (ana.first_name, ana.last_name, ana.tags) == ("Ana", "Older", ("a", "b", "x"))
    assert ana.fields == {"plant": "fern"}
    assert [entry.consent.given_at.month for entry in ana.consents] == [5]


def test_doubles_beyond_one_page_are_folded_newest_first(importer: Importer) -> None:
    rows = [f"ana@bloom.example,{'' if number % 3 else f'N{number}'}" for number in range(4500)]
    report = importer("email,first_name\n" + "\n".join(rows) + "\nana@bloom.example,\n")
    assert counts(report) == {"new": 1, "unchanged": 4500}
    assert importer.profile("ana@bloom.example").first_name == "N4497"


def test_a_known_person_may_join_a_second_list(importer: Importer) -> None:
    text = "email\nana@bloom.example\n"
    importer(text)
    assert counts(importer(text, list_name="insiders", now=LATER)) == {"updated": 1}
    places = importer.profile("ana@bloom.example").memberships
    assert [(place.list, place.joined_at) for place in places] == [
        ("readers", NOW),
        ("insiders", LATER),
    ]


def test_tags_of_the_import_go_to_everybody(importer: Importer) -> None:
    importer("email,tags\nana@bloom.example,a\nbo@bloom.example,\n", tags=("fair",))
    assert importer.profile("ana@bloom.example").tags == ("a", "fair")
    assert importer.profile("bo@bloom.example").tags == ("fair",)


def test_a_tag_that_others_in_the_file_have_already_is_still_new_for_a_person(
    importer: Importer,
) -> None:
    importer("email,tags\nana@bloom.example,a\nbo@bloom.example,b\n")
    report = importer("email,tags\nana@bloom.example,a\nbo@bloom.example,a\n", now=LATER)
    assert counts(report) == {"updated": 1, "unchanged": 1}
    assert importer.profile("bo@bloom.example").tags == ("a", "b")


def test_more_combinations_of_tags_than_are_remembered_reach_everybody(
    importer: Importer,
) -> None:
    tags = [f"t{each % staging.MAX_TAG_SETS}" for each in range(staging.MAX_TAG_SETS + 3)]
    rows = "\n".join(f"p{each}@bloom.example,{tag};all" for each, tag in enumerate(tags))
    assert counts(importer("email,tags\n" + rows)) == {"new": len(tags)}
    for each in (0, 1, len(tags) - 1):
        assert importer.profile(f"p{each}@bloom.example").tags == ("all", tags[each])


def test_new_people_are_numbered_in_the_order_of_the_file_behind_all_others(
    importer: Importer,
) -> None:
    importer("email\nzoe@bloom.example\nana@bloom.example\n")
    importer("email\nyan@bloom.example\nana@bloom.example\nbo@bloom.example\n")
    with importer.database.read() as connection:
        found = connection.scalars(sa.select(subscriber.c.address_key).order_by(subscriber.c.id))
        assert [key.split("@")[0] for key in found] == ["zoe", "ana", "yan", "bo"]


def test_fields_are_added_to_what_is_known_and_keep_what_the_file_lacks(
    importer: Importer,
) -> None:
    importer('email,plant,note\nana@bloom.example,fern,"é ""quoted"" \\ 🌱"\n')
    assert counts(importer("email,plant\nana@bloom.example,fern\n")) == {"unchanged": 1}
    assert counts(importer("email,plant,pot\nana@bloom.example,moss,ß\n")) == {"updated": 1}
    fields = {"plant": "moss", "note": 'é "quoted" \\ 🌱', "pot": "ß"}
    assert importer.profile("ana@bloom.example").fields == fields


def test_rejected_rows_have_their_line_and_do_not_stop_the_others(importer: Importer) -> None:
    report = importer(
        'email,first_name,status\nnobody,N,\n"ana@bloom.example","A\nna",active\n'
        "bo@bloom.example,Bo,pending\nab@bloom.example,x,y,z\ncy@bloom.example,Cy,asleep\n"
    )
    assert counts(report) == {"new": 1, "rejected": 4}
    told = [problem for problem in report.problems if problem.code == "import-row"]
    assert [problem.place.line for problem in told if problem.place] == [2, 5, 6, 7]
    assert importer.profile("ana@bloom.example").first_name == "A na"


def test_people_without_consent_at_are_taken_and_told_of_once(importer: Importer) -> None:
    report = importer("email\nana@bloom.example\nbo@bloom.example\n")
    assert counts(report) == {"new": 2}
    (warning,) = report.problems
    assert not warning.is_error
    assert warning.message == "rows without a consent_at: 2"


@pytest.mark.parametrize(
    "reason",
    [
        SuppressionReason.UNSUBSCRIBED,
        SuppressionReason.HARD_BOUNCE,
        SuppressionReason.COMPLAINT,
        SuppressionReason.MANUAL,
    ],
)
def test_who_left_here_is_never_revived(importer: Importer, reason: SuppressionReason) -> None:
    importer("email,first_name\nana@bloom.example,Ana\n")
    suppress(importer.database, "ana@bloom.example", Suppression(reason=reason), NOW)
    before = importer.fingerprint()
    report = importer("email,first_name,tags\nAna@bloom.example,New,x\n", now=LATER)
    assert counts(report) == {"protected": 1}
    assert importer.fingerprint() == before


def test_an_address_that_left_before_it_ever_came_is_not_added(importer: Importer) -> None:
    unsubscribe(importer.database, "ana@bloom.example", NOW)
    assert counts(importer("email\nana@bloom.example\n")) == {"protected": 1}
    assert read_address_record(importer.database, "ana@bloom.example").profile is None


def test_who_left_one_list_may_still_be_imported_into_another(importer: Importer) -> None:
    importer("email\nana@bloom.example\n", list_name="old")
    unsubscribe(importer.database, "ana@bloom.example", NOW, lists=["old", "old insiders"])
    assert counts(importer("email\nana@bloom.example\n", list_name="old")) == {"protected": 1}
    assert counts(importer("email\nana@bloom.example\n", list_name="new")) == {"updated": 1}


def test_a_forgotten_person_is_never_brought_back_neither_as_gone(importer: Importer) -> None:
    importer("email\nana@bloom.example\nbo@bloom.example\n")
    forget(importer.database, "ana@bloom.example", NOW)
    before = importer.fingerprint()
    report = importer("email,status\nANA@bloom.example,\nana@bloom.example,bounced\n", now=LATER)
    assert counts(report) == {"protected": 2}
    assert importer.fingerprint() == before


@pytest.mark.parametrize("order", [1, -1])
def test_who_left_in_the_file_is_not_revived_by_another_row(importer: Importer, order: int) -> None:
    rows = ["ana@bloom.example,active", "Ana@bloom.example,unsubscribed"][::order]
    report = importer("email,status\n" + "\n".join(rows) + "\n")
    assert counts(report) == {"protected": 1, "suppressed": 1}
    person = read_address_record(importer.database, "ana@bloom.example")
    assert person.profile is None
    assert [each.reason for each in person.suppressions] == [SuppressionReason.UNSUBSCRIBED]


def test_rows_of_people_who_left_elsewhere_suppress_even_subscribers(importer: Importer) -> None:
    importer("email\nana@bloom.example\n")
    text = (
        "Email Address,LEID,CLEAN_TIME\n"
        "ana@bloom.example,1,2024-03-04 10:00:00\nbo@bloom.example,2,2024-03-05 10:00:00\n"
    )
    assert counts(importer(text)) == {"suppressed": 2}
    person = read_address_record(importer.database, "ana@bloom.example")
    (noted,) = person.suppressions
    assert noted.reason is SuppressionReason.HARD_BOUNCE
    assert (noted.list, noted.only_campaign, noted.lifted_at) == ("", "", None)
    assert noted.at == datetime(2024, 3, 4, 10, tzinfo=UTC)
    assert noted.source == "import of people.csv"
    assert read_address_record(importer.database, "bo@bloom.example").profile is None
    assert counts(importer(text, now=LATER)) == {"unchanged": 2}


def test_a_new_consent_is_appended_and_the_newest_says_how_long(importer: Importer) -> None:
    headings = "email,consent_at,consent_expires\n"
    importer(headings + "ana@bloom.example,2026-05-01,2027-05-01\n")
    importer(headings + "ana@bloom.example,2026-08-01,2028-08-01\n")
    importer(headings + "ana@bloom.example,2025-01-01,\n")
    ana = importer.profile("ana@bloom.example")
    assert [entry.consent.given_at.year for entry in ana.consents] == [2025, 2026, 2026]
    assert ana.memberships[0].consent_expires_at == datetime(2028, 8, 1, tzinfo=UTC)


def test_only_proof_of_consent_confirms_who_has_not_confirmed(importer: Importer) -> None:
    importer("email\nana@bloom.example\n")
    with importer.database.write() as connection:
        connection.execute(sa.update(membership).values(confirmed_at=None))
    assert counts(importer("email\nana@bloom.example\n", now=LATER)) == {"unchanged": 1}
    assert importer.profile("ana@bloom.example").memberships[0].confirmed_at is None
    text = "email,consent_at\nana@bloom.example,2026-05-01\n"
    assert counts(importer(text, now=LATER)) == {"updated": 1}
    assert importer.profile("ana@bloom.example").memberships[0].confirmed_at == LATER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("ana@bloom.example,Ana\nbo@bloom.example,Bo\n", "the first line is a person"),
        ("name,plant\nAna,fern\n", "no column holds email addresses; there are: name, plant"),
    ],
)
def test_a_file_without_a_table_of_people_is_one_problem(
    importer: Importer, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text)
    enrolment = ImportTarget(list_name="readers", now=NOW)
    report = import_subscribers(importer.database, path, enrolment, apply=True)
    assert (report.read, report.applied) == (0, False)
    (problem,) = report.problems
    assert problem.message.startswith(said)


def test_a_file_with_headings_only_is_read_as_nobody(importer: Importer) -> None:
    assert counts(importer("email,first_name\n")) == {}


def test_hostile_values_arrive_as_they_are(importer: Importer) -> None:
    importer(
        'email,first_name,note\nana@bloom.example,"Robert\'); DROP TABLE subscriber;--",'
        '"{{ 7*7 }} <script>"\n'
    )
    ana = importer.profile("ana@bloom.example")
    assert ana.first_name == "Robert'); DROP TABLE subscriber;--"
    assert ana.fields == {"note": "{{ 7*7 }} <script>"}
