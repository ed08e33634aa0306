"""Facts about single rows: whom they add, whom they suppress, which are refused and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.audience.columns import read_columns
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.row_reader import RowReader
from lovecampaign.audience.subscriber import ConsentKind, SuppressionReason
from lovecampaign.core.csv_file.reader import CsvRow
from lovecampaign.core.problems import Place

NOW = datetime(2028, 6, 1, 9, tzinfo=UTC)


def decide(file_name: str = "people.csv", **cells: str) -> Decision:
    columns = read_columns(list(cells), file_name)
    reader = RowReader(columns, file=file_name, now=NOW)
    return reader.decide(CsvRow(7, list(cells.values())))


def subscribe(**cells: str) -> Subscribe:
    decision = decide(email="ana@bloom.example", **cells)
    assert isinstance(decision, Subscribe)
    return decision


def warnings(**cells: str) -> list[str]:
    return [problem.message for problem in subscribe(**cells).warnings]


def refusal(**cells: str) -> str:
    decision = decide(**{"email": "ana@bloom.example"} | cells)
    assert isinstance(decision, Reject)
    assert decision.problem.place == Place(file="people.csv", line=7)
    assert decision.problem.is_error
    return decision.problem.message


def test_a_full_row_is_read() -> None:
    person = subscribe(
        first_name=" Ana ",
        last_name="de\u00a0la Cruz",
        timezone="Europe/Madrid",
        tags="a;b",
        consent_at="2026-05-01",
        consent_source="shop",
        consent_kind="implied_purchase",
        consent_expires="2027-05-01",
        last_active_at="2026-10-01T08:00Z",
        plant="fern",
    )
    assert (person.first_name, person.last_name) == ("Ana", "de la Cruz")
    assert person.timezone == "Europe/Madrid"
    assert person.tags == ("a", "b")
    assert person.fields == {"plant": "fern"}
    assert person.last_active_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert person.consent is not None
    assert person.consent.kind is ConsentKind.IMPLIED_PURCHASE
    assert person.consent.expires_at == datetime(2027, 5, 1, tzinfo=UTC)
    assert person.warnings == ()


def test_the_address_is_kept_as_written_beside_its_key() -> None:
    decision = decide(email="Ana@Bücher.example")
    assert isinstance(decision, Subscribe)
    assert (decision.key, decision.email) == ("ana@xn--bcher-kva.example", "Ana@Bücher.example")


def test_empty_cells_say_nothing() -> None:
    person = subscribe(first_name="", timezone="", plant="", tags="", consent_at="")
    assert (person.first_name, person.timezone, person.tags) == ("", "", ())
    assert person.fields == {}
    assert person.consent is None


def test_a_whole_name_is_split_at_its_first_space() -> None:
    person = subscribe(name="Ana María de la Cruz")
    assert (person.first_name, person.last_name) == ("Ana", "María de la Cruz")


def test_tags_of_the_import_join_the_rows_own() -> None:
    columns = read_columns(["email", "tags"])
    reader = RowReader(columns, file="x.csv", now=NOW, extra_tags=["b", "c, d"])
    decision = reader.decide(CsvRow(2, ["ana@bloom.example", "a;b"]))
    assert isinstance(decision, Subscribe)
    assert decision.tags == ("a", "b", "c", "d")


def test_missing_cells_at_the_end_are_empty_and_extra_ones_refused() -> None:
    reader = RowReader(read_columns(["email", "first_name"]), file="x.csv", now=NOW)
    assert isinstance(reader.decide(CsvRow(2, ["ana@bloom.example"])), Subscribe)
    assert isinstance(reader.decide(CsvRow(2, ["ana@bloom.example", "Ana", "", " "])), Subscribe)
    refused = reader.decide(CsvRow(2, ["ana@bloom.example", "Cruz", "Ana"]))
    assert isinstance(refused, Reject)
    assert refused.problem.message == "it has 3 values under 2 headings"


def test_an_unknown_zone_is_a_warning_with_its_line_and_left_out() -> None:
    person = subscribe(timezone="Mars/Olympus")
    assert person.timezone == ""
    (warning,) = person.warnings
    assert not warning.is_error
    assert warning.place == Place(file="people.csv", line=7)
    assert "Mars/Olympus" in warning.message


def test_a_typo_in_the_domain_is_a_warning() -> None:
    decision = decide(email="ana@gmial.com")
    assert isinstance(decision, Subscribe)
    assert decision.key == "ana@gmial.com"
    assert decision.warnings[0].hint == "did you mean ana@gmail.com?"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"email": ""}, "it is empty"),
        ({"email": "ana at bloom"}, "no @ sign"),
        ({"email": "Ana <ana@bloom..example>"}, "'Ana <ana@bloom..example>' is no email address"),
        ({"status": "on holiday"}, "the status 'on holiday' is unknown"),
        ({"status": "nonsubscribed"}, "never asked"),
        ({"status": "transactional"}, "never asked"),
        ({"status": "disabled"}, "switched off"),
        ({"status": "archived"}, "switched off"),
        ({"consent_at": "soon"}, "consent_at 'soon' is not a date"),
        ({"consent_at": "2026-01-01", "consent_kind": "maybe"}, "consent_kind 'maybe'"),
        ({"consent_at": "2026-01-01", "consent_expires": "never"}, "consent_expires 'never'"),
        ({"consent_expires": "2026-01-01"}, "without consent_at"),
    ],
)
def test_rows_are_refused_in_words(cells: dict[str, str], said: str) -> None:
    assert said in refusal(**cells)


@pytest.mark.parametrize("word", ["unconfirmed", "pending", "Inactive"])
def test_who_has_not_confirmed_is_left_out(word: str) -> None:
    assert decide(email="Ana@bloom.example", status=word) == SkipRow(
        line=7, key="ana@bloom.example"
    )


@pytest.mark.parametrize("word", ["", "active", "Subscribed", "enabled", "CONFIRMED", "cold"])
def test_words_of_active_people(word: str) -> None:
    assert isinstance(decide(email="ana@bloom.example", status=word), Subscribe)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("unsubscribed", SuppressionReason.UNSUBSCRIBED),
        ("Cancelled", SuppressionReason.UNSUBSCRIBED),
        ("opted-out", SuppressionReason.UNSUBSCRIBED),
        ("cleaned", SuppressionReason.HARD_BOUNCE),
        ("bounced", SuppressionReason.HARD_BOUNCE),
        ("complained", SuppressionReason.COMPLAINT),
        ("blocklisted", SuppressionReason.MANUAL),
    ],
)
def test_words_of_people_who_left_suppress_them(word: str, reason: SuppressionReason) -> None:
    decision = decide(email="Ana@bloom.example", status=word)
    assert decision == Suppress(key="ana@bloom.example", reason=reason)


def test_of_two_status_columns_the_worse_counts() -> None:
    decision = decide(
        email="ana@bloom.example", status="enabled", subscription_status="unsubscribed"
    )
    assert isinstance(decision, Suppress)


def test_a_date_of_leaving_is_enough_and_kept() -> None:
    decision = decide(
        **{"Email Address": "ana@bloom.example", "LEID": "1", "UNSUB_TIME": "2024-02-03 10:00:00"}
    )
    assert isinstance(decision, Suppress)
    assert decision.since == datetime(2024, 2, 3, 10, tzinfo=UTC)


def test_leaving_for_spam_is_a_complaint() -> None:
    decision = decide(
        **{
            "Email Address": "ana@bloom.example",
            "UNSUB_TIME": "2024-02-03 10:00:00",
            "UNSUB_REASON": "ABUSE",
        }
    )
    assert isinstance(decision, Suppress)
    assert decision.reason is SuppressionReason.COMPLAINT


def test_mailchimps_cleaned_file_suppresses_by_date() -> None:
    decision = decide(
        **{"Email Address": "ana@bloom.example", "LEID": "1", "CLEAN_TIME": "2024-03-04 10:00:00"}
    )
    assert isinstance(decision, Suppress)
    assert decision.reason is SuppressionReason.HARD_BOUNCE


def test_mailchimps_nonsubscribed_people_never_asked() -> None:
    decision = decide(
        "nonsubscribed_email_audience_export_a1.csv",
        **{"Email Address": "ana@bloom.example", "LEID": "1"},
    )
    assert isinstance(decision, Reject)


def test_mailchimps_two_times_are_one_consent() -> None:
    decision = decide(
        **{
            "Email Address": "ana@bloom.example",
            "LEID": "1",
            "OPTIN_TIME": "2024-01-01 09:00:00",
            "CONFIRM_TIME": "2024-01-01 09:05:00",
        }
    )
    assert isinstance(decision, Subscribe)
    assert decision.consent is not None
    assert decision.consent.given_at == datetime(2024, 1, 1, 9, tzinfo=UTC)
    assert decision.consent.confirmed_at == datetime(2024, 1, 1, 9, 5, tzinfo=UTC)
    assert decision.consent.source == "Mailchimp export"


def test_listmonks_attributes_become_fields() -> None:
    decision = decide(
        uuid="u-1",
        email="ana@bloom.example",
        name="Ana Cruz",
        attributes='{"city": "Lyon", "orders": 3, "vip": true, "none": null, '
        '"Pet name": "Rex", "deep": {"a": [1]}}',
        status="enabled",
        created_at="2024-05-12 10:15:20.123456 +0000 UTC",
    )
    assert isinstance(decision, Subscribe)
    assert decision.first_name == "Ana"
    assert decision.fields == {
        "city": "Lyon",
        "orders": "3",
        "vip": "true",
        "pet_name": "Rex",
        "deep": '{"a": [1]}',
        "uuid": "u-1",
        "created_at": "2024-05-12 10:15:20.123456 +0000 UTC",
    }
    assert decision.consent is None


@pytest.mark.parametrize("attributes", ["{not json", "[1]", "[" * 100_000])
def test_broken_attributes_are_a_warning(attributes: str) -> None:
    decision = decide(
        uuid="u-1", email="ana@bloom.example", attributes=attributes, status="enabled"
    )
    assert isinstance(decision, Subscribe)
    assert decision.warnings[0].message == "the attributes are no JSON object and left out"


@pytest.mark.parametrize(
    ("kind", "given", "expires"),
    [
        ("implied_purchase", "2026-03-15", datetime(2028, 3, 15, tzinfo=UTC)),
        ("implied_purchase", "2028-02-29", datetime(2030, 2, 28, tzinfo=UTC)),
        ("implied inquiry", "2026-08-31", datetime(2027, 2, 28, tzinfo=UTC)),
        ("express", "2026-03-15", None),
    ],
)
def test_implied_consent_runs_out_as_the_law_says(
    kind: str, given: str, expires: datetime | None
) -> None:
    person = subscribe(consent_at=given, consent_kind=kind)
    assert person.consent is not None
    assert person.consent.expires_at == expires


@given(
    st.lists(
        st.lists(st.text(max_size=20) | st.sampled_from(["ana@bloom.example", "active", "[1"])),
        max_size=5,
    )
)
@settings(max_examples=100)
def test_no_cells_break_the_reader_of_rows(rows: list[list[str]]) -> None:
    headings = ["email", "name", "timezone", "tags", "consent_at", "consent_kind", "status"]
    headings += ["uuid", "attributes", "last_active_at", "unsubscribed_at"]
    reader = RowReader(read_columns(headings), file="x.csv", now=NOW)
    for line, cells in enumerate(rows, start=2):
        assert isinstance(reader.decide(CsvRow(line, cells)), Decision)


@pytest.mark.parametrize(
    "cells",
    [
        {"consent_at": "2029-01-01"},
        {"consent_at": "2028-06-02T00:00Z"},
        {"confirm_time": "2029-01-01", "optin_time": "2028-01-01"},
    ],
)
def test_a_consent_that_is_still_to_come_proves_nothing(cells: dict[str, str]) -> None:
    assert subscribe(**cells).consent is None
    (warning,) = warnings(**cells)
    assert "is in the future and is left out" in warning


def test_this_evening_in_auckland_is_not_in_the_future() -> None:
    person = subscribe(consent_at="2028-06-01 21:00")

    assert person.consent is not None
    assert person.warnings == ()
