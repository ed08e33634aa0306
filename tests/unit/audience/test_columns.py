"""Facts about headings: which are recognised, and what the others become."""

from __future__ import annotations

import pytest

from lovecampaign.audience.columns import Column, read_columns
from lovecampaign.audience.status import ACTIVE

MAILCHIMP = [
    "Email Address",
    "First Name",
    "Last Name",
    "MEMBER_RATING",
    "OPTIN_TIME",
    "OPTIN_IP",
    "CONFIRM_TIME",
    "CONFIRM_IP",
    "GMTOFF",
    "DSTOFF",
    "TIMEZONE",
    "CC",
    "REGION",
    "LAST_CHANGED",
    "LEID",
    "EUID",
    "NOTES",
    "TAGS",
]
KIT = ["id", "email", "first_name", "status", "created_at", "Favourite plant"]
LISTMONK = ["uuid", "email", "name", "attributes", "status", "created_at", "updated_at"]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("email", Column.EMAIL),
        ("E-mail", Column.EMAIL),
        (" Email Address ", Column.EMAIL),
        ("EMAIL", Column.EMAIL),
        ("Adresse e-mail", Column.EMAIL),
        ("First Name", Column.FIRST_NAME),
        ("FNAME", Column.FIRST_NAME),
        ("Vorname", Column.FIRST_NAME),
        ("Prénom", Column.FIRST_NAME),
        ("Surname", Column.LAST_NAME),
        ("TZ", Column.TIMEZONE),
        ("Time Zone", Column.TIMEZONE),
        ("Tags", Column.TAGS),
        ("consent_at", Column.CONSENT_AT),
        ("Opt-in Time", Column.CONSENT_AT),
        ("UNSUB_TIME", Column.UNSUBSCRIBED_AT),
    ],
)
def test_common_headings_are_recognised_and_echoed(heading: str, column: Column) -> None:
    columns = read_columns(["x", heading])
    assert columns.find(column) == 1
    assert columns.headings[1].meaning == column.value
    assert columns.headings[1].heading == heading.strip()


def test_any_other_column_becomes_a_field_that_templates_can_name() -> None:
    columns = read_columns(
        ["email", "Favourite plant", "Größe (cm)", "2nd choice", "plant", "Plant"]
    )
    assert list(columns.fields.values()) == [
        "favourite_plant",
        "grosse_cm",
        "field_2nd_choice",
        "plant",
        "plant_2",
    ]


def test_a_column_without_heading_is_ignored() -> None:
    assert read_columns(["email", " "]).fields == {}


def test_a_second_column_of_one_meaning_becomes_a_field_and_is_told() -> None:
    columns = read_columns(["Email", "E-mail"])
    assert columns.find(Column.EMAIL) == 0
    assert columns.fields == {1: "e_mail"}
    assert columns.duplicates == ("E-mail",)


def test_a_name_is_split_only_where_no_first_name_stands() -> None:
    assert read_columns(["email", "name"]).find(Column.FULL_NAME) == 1
    assert read_columns(["email", "name", "first_name"]).find(Column.FULL_NAME) is None


def test_mailchimps_export_is_recognised() -> None:
    columns = read_columns(MAILCHIMP, "subscribed_email_audience_export_a1.csv")
    assert columns.tool == "Mailchimp"
    assert columns.file_status is None
    assert columns.find(Column.CONSENT_AT) == MAILCHIMP.index("OPTIN_TIME")
    assert columns.find(Column.CONFIRMED_AT) == MAILCHIMP.index("CONFIRM_TIME")
    assert columns.fields[MAILCHIMP.index("MEMBER_RATING")] == "member_rating"


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "nonsubscribed"])
def test_mailchimps_file_names_tell_how_people_stand(status: str) -> None:
    columns = read_columns(MAILCHIMP, f"{status}_email_audience_export_a1.csv")
    assert columns.file_status is not None
    assert columns.file_status.rank > ACTIVE.rank


def test_kits_day_of_subscribing_is_the_consent() -> None:
    columns = read_columns(KIT)
    assert columns.tool == "Kit"
    assert columns.find(Column.CONSENT_AT) == KIT.index("created_at")


def test_listmonks_created_at_is_no_consent() -> None:
    columns = read_columns(LISTMONK)
    assert columns.tool == "listmonk"
    assert columns.find(Column.CONSENT_AT) is None
    assert columns.find(Column.ATTRIBUTES) == 3
