"""Facts about the presets: each tool's export is recognised, and each of its ways to say no."""

from __future__ import annotations

import pytest

from lovecampaign.audience.columns import Column
from lovecampaign.audience.presets.load import find_layout, load_presets
from lovecampaign.audience.status import STATUS_OF_PRESET
from tests.support.paths import REPOSITORY
from tests.unit.audience.files import read_file

UNSUBSCRIBED, BOUNCED, COMPLAINED = "unsubscribed", "hard_bounce", "complaint"
#: The tool, the headings, and rows with what becomes of each.
EXPORTS: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "Mailchimp",
        "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,EUID,TAGS",
        [
            ("a@x.example,Ana,2,,2024-01-01 08:00:00,1,e1,", "mail"),
            ("b@x.example,Bo,2,,,2,e2,", "left out"),
        ],
    ),
    (
        "Mailchimp",
        "Email Address,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,UNSUB_REASON,LEID,EUID",
        [
            ("a@x.example,,2024-01-01 08:00:00,2024-02-01 08:00:00,NORMAL,1,e1", UNSUBSCRIBED),
            ("b@x.example,,2024-01-01 08:00:00,2024-02-01 08:00:00,SPAM,2,e2", COMPLAINED),
        ],
    ),
    (
        "Mailchimp",
        "Email Address,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID,EUID",
        [("a@x.example,,2024-01-01 08:00:00,2024-02-01 08:00:00,May,1,e1", BOUNCED)],
    ),
    (
        "Kit",
        "first_name,email_address,state,created_at,City,Country,Address",
        [
            ("A,a@x.example,active,2024-01-01,Lyon,FR,1 Rue", "mail"),
            ("B,b@x.example,cancelled,2024-01-01,Lyon,FR,1 Rue", UNSUBSCRIBED),
            ("C,c@x.example,bounced,2024-01-01,Lyon,FR,1 Rue", BOUNCED),
            ("D,d@x.example,complained,2024-01-01,Lyon,FR,1 Rue", COMPLAINED),
            ("E,e@x.example,inactive,2024-01-01,Lyon,FR,1 Rue", "left out"),
        ],
    ),
    (
        "listmonk",
        "uuid,email,name,attributes,status,created_at,updated_at",
        [
            ("1,a@x.example,A,{},enabled,2024-01-01,", "mail"),
            ("2,b@x.example,B,{},blocklisted,2024-01-01,", "manual"),
            ("3,c@x.example,C,{},disabled,2024-01-01,", "left out"),
        ],
    ),
    (
        "Mautic",
        "ID,Email,First Name,Points,Stage,Do Not Contact",
        [
            ("1,a@x.example,A,5,,0", "mail"),
            ("2,b@x.example,B,5,,1", UNSUBSCRIBED),
            ("3,c@x.example,C,5,,2", BOUNCED),
            ("4,d@x.example,D,5,,3", "manual"),
        ],
    ),
    (
        "MailerLite",
        "Subscriber,Name,Status,Subscribed,Unsubscribed,Opens",
        [
            ("a@x.example,A,Active,2024-01-01 08:00:00,,1", "mail"),
            ("b@x.example,B,Unsubscribed,2024-01-01 08:00:00,2024-02-01 08:00:00,1", UNSUBSCRIBED),
            ("c@x.example,C,Junk,2024-01-01 08:00:00,,1", COMPLAINED),
            ("d@x.example,D,Unconfirmed,,,0", "left out"),
        ],
    ),
    (
        "MailerLite",
        "Email,Name,Type,Signup timestamp,Confirmation timestamp,Date unsubscribed",
        [
            ("a@x.example,A,active,2024-01-01 08:00:00,2024-01-01 08:01:00,", "mail"),
            ("b@x.example,B,bounced,2024-01-01 08:00:00,,", BOUNCED),
            ("c@x.example,C,unsubscribed,2024-01-01 08:00:00,,2024-02-01 08:00:00", UNSUBSCRIBED),
        ],
    ),
    (
        "ActiveCampaign",
        "Contact ID,Email,First Name,Date Created,Status,Tags",
        [
            ("1,a@x.example,A,2024-01-01,Active,", "mail"),
            ("2,b@x.example,B,2024-01-01,Unsubscribed,", UNSUBSCRIBED),
            ("3,c@x.example,C,2024-01-01,Bounced,", BOUNCED),
            ("4,d@x.example,D,2024-01-01,2,", UNSUBSCRIBED),
            ("5,e@x.example,E,2024-01-01,Unconfirmed,", "left out"),
        ],
    ),
    (
        "Brevo",
        "CONTACT ID,EMAIL,FIRSTNAME,SMS,DOUBLE_OPT-IN,OPT_IN,EMAIL_BLACKLISTED,ADDED_TIME",
        [
            ("1,a@x.example,A,,Yes,,No,01-05-2024 08:00:00", "mail"),
            ("2,b@x.example,B,,Yes,,Yes,13-05-2024 08:00:00", UNSUBSCRIBED),
            ("3,c@x.example,C,,,No,No,13-05-2024 08:00:00", "left out"),
        ],
    ),
    (
        "Klaviyo",
        (
            "Email,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,"
            "Email Suppressions,SMS Marketing Consent"
        ),
        [
            ("a@x.example,A,SUBSCRIBED,2024-01-01T00:00:00Z,[],NEVER_SUBSCRIBED", "mail"),
            ("b@x.example,B,UNSUBSCRIBED,,,", UNSUBSCRIBED),
            ("c@x.example,C,NEVER_SUBSCRIBED,,,", "left out"),
            ("d@x.example,D,SUBSCRIBED,,\"['HARD_BOUNCE', 'UNSUBSCRIBE']\",", BOUNCED),
            ("e@x.example,E,SUBSCRIBED,,[SPAM_COMPLAINT],", COMPLAINED),
        ],
    ),
    (
        "HubSpot",
        (
            "Record ID,First Name,Email,Lifecycle Stage,Unsubscribed from all email,"
            "Email hard bounce reason,Opted out of email: Newsletter,Marketing contact status"
        ),
        [
            ("1,A,a@x.example,lead,false,,,Marketing contact", "mail"),
            ("2,B,b@x.example,lead,true,,,Marketing contact", UNSUBSCRIBED),
            ("3,C,c@x.example,lead,,UNKNOWN_USER,,Marketing contact", BOUNCED),
            ("4,D,d@x.example,lead,,,true,Marketing contact", UNSUBSCRIBED),
            ("5,E,e@x.example,lead,,,,Non-marketing contact", "left out"),
        ],
    ),
    (
        "HubSpot",
        "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce",
        [
            ("a@x.example,,TRUE,,", UNSUBSCRIBED),
            ("b@x.example,,TRUE,TRUE,", COMPLAINED),
            ("c@x.example,mailbox full,,,", BOUNCED),
        ],
    ),
    (
        "Ghost",
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
            "deleted_at,labels,tiers"
        ),
        [
            ("1,a@x.example,A,,true,false,,2024-01-01T00:00:00.000Z,,vip,", "mail"),
            ("2,b@x.example,B,,false,false,,2024-01-01T00:00:00.000Z,,,", UNSUBSCRIBED),
        ],
    ),
    (
        "Substack",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at",
        [
            ("a@x.example,false,,other,false,2024-01-01T00:00:00Z,", "mail"),
            ("b@x.example,true,,yearly,true,2024-01-01T00:00:00Z,", UNSUBSCRIBED),
        ],
    ),
    (
        "beehiiv",
        "Email,Status,Created At,Subscription Tier",
        [
            ("a@x.example,active,2024-01-01 08:00:00,free", "mail"),
            ("b@x.example,inactive,2024-01-01 08:00:00,free", UNSUBSCRIBED),
            ("c@x.example,invalid,2024-01-01 08:00:00,free", BOUNCED),
            ("d@x.example,pending,2024-01-01 08:00:00,free", "left out"),
        ],
    ),
    (
        "Squarespace",
        "Email,First Name,Last Name,Accepts Marketing,Subscriber Since,Mailing Lists,Order Count",
        [
            ("a@x.example,A,,true,2024-01-01,News,1", "mail"),
            ("b@x.example,B,,false,,,1", "left out"),
        ],
    ),
    (
        "Shopify",
        (
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Total Orders,Tags,"
            "Accepts SMS Marketing,Tax Exempt"
        ),
        [
            ("1,A,,a@x.example,yes,1,,no,no", "mail"),
            ("2,B,,b@x.example,no,1,,no,no", "left out"),
            ("3,C,,c@x.example,,1,,yes,no", "left out"),
        ],
    ),
    (
        "Shopify",
        "First Name,Last Name,Email,Company,Province Code,Accepts Marketing,Total Spent,Tax Exempt",
        [("A,,a@x.example,,,yes,1,no", "mail"), ("B,,b@x.example,,,no,1,no", "left out")],
    ),
    (
        "WooCommerce",
        "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,City,Region",
        [("Ana Cruz,ana,2024-05-01,2024-01-01,a@x.example,1,9,9,Lyon,", "mail")],
    ),
    (
        "WooCommerce",
        "user_login,user_email,billing_email,billing_first_name,billing_state",
        [("ana,a@x.example,b@x.example,Ana,CA", "mail")],
    ),
    (
        "Google Contacts",
        "First Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value",
        [("Ana,Cruz,* myContacts ::: Shop,* ,a@x.example,b@x.example", "mail")],
    ),
    (
        "Google Contacts",
        "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value",
        [("Ana Cruz,Ana,Cruz,* myContacts,* Home,a@x.example ::: b@x.example", "mail")],
    ),
    (
        "CleverReach",
        "email,registered,activated,deactivated,source,bounced",
        [
            ("a@x.example,1556789012,1556789012,0,form,0", "mail"),
            ("b@x.example,1556789012,1556789012,1586789012,form,0", UNSUBSCRIBED),
            ("c@x.example,1556789012,1556789012,0,form,1586789012", BOUNCED),
            ("d@x.example,1556789012,0,0,form,0", "left out"),
        ],
    ),
    (
        "rapidmail",
        "email,firstname,lastname,status,foreign_id,mailtype",
        [
            ("a@x.example,A,,active,,html", "mail"),
            ("b@x.example,B,,deleted,,html", UNSUBSCRIBED),
            ("c@x.example,C,,bounced,,html", BOUNCED),
            ("d@x.example,D,,abused,,html", COMPLAINED),
            ("e@x.example,E,,new,,html", "left out"),
            ("f@x.example,F,,Unerwünscht,,html", COMPLAINED),
            ("g@x.example,G,,Gebounct,,html", BOUNCED),
            ("h@x.example,H,,Unbestätigt,,html", "left out"),
            ("i@x.example,I,,Abgemeldet,,html", UNSUBSCRIBED),
        ],
    ),
    (
        "Sendy",
        "Name,Email,Joined,Last activity,Added via,Opt-in method,Signed up from,Status",
        [
            ("A,a@x.example,,2024-01-01,API,Single opt-in,,Active", "mail"),
            ("B,b@x.example,,2024-01-01,API,Double opt-in,,Unsubscribed", UNSUBSCRIBED),
            ("C,c@x.example,,2024-01-01,API,,,Bounced", BOUNCED),
            ("D,d@x.example,,2024-01-01,API,,,Marked as spam", COMPLAINED),
            ("E,e@x.example,,2024-01-01,API,Double opt-in,,Unconfirmed", "left out"),
        ],
    ),
    (
        "Sendy",
        "name,email,unsubscribed,bounced,complaint,confirmed",
        [
            ("A,a@x.example,0,0,0,1", "mail"),
            ("B,b@x.example,1,0,0,1", UNSUBSCRIBED),
            ("C,c@x.example,1,0,1,1", COMPLAINED),
            ("D,d@x.example,0,0,0,0", "left out"),
        ],
    ),
    (
        "Buttondown",
        "email_address,notes,tags,subscriber_type,creation_date,unsubscription_date",
        [
            ("a@x.example,,vip,regular,2024-01-01,", "mail"),
            ("b@x.example,,,unsubscribed,2024-01-01,2024-02-01", UNSUBSCRIBED),
            ("c@x.example,,,undeliverable,2024-01-01,", BOUNCED),
            ("d@x.example,,,complained,2024-01-01,", COMPLAINED),
            ("e@x.example,,,removed,2024-01-01,", "manual"),
            ("f@x.example,,,unactivated,2024-01-01,", "left out"),
        ],
    ),
    (
        "MailPoet",
        "Email,First name,Last name,Subscription time,List status,Global status,List",
        [
            ("a@x.example,A,,2024-01-01 08:00:00,subscribed,subscribed,News", "mail"),
            ("b@x.example,B,,2024-01-01 08:00:00,subscribed,unsubscribed,News", UNSUBSCRIBED),
            ("c@x.example,C,,2024-01-01 08:00:00,unsubscribed,subscribed,News", UNSUBSCRIBED),
            ("d@x.example,D,,2024-01-01 08:00:00,subscribed,bounced,News", BOUNCED),
        ],
    ),
]


@pytest.mark.parametrize(("tool", "headings", "rows"), EXPORTS)
def test_an_export_is_read_without_a_question_and_each_no_is_heard(
    tool: str, headings: str, rows: list[tuple[str, str]]
) -> None:
    read = read_file("\n".join([headings, *(row for row, _ in rows)]) + "\n")

    assert read.columns.tool == tool
    assert read.questions == []
    assert read.words == [expected for _, expected in rows]
    assert read.columns.find(Column.EMAIL) is not None


def test_every_tool_has_a_preset_with_sources_and_a_test() -> None:
    names = {preset.tool for preset in load_presets()}

    assert len(names) == 21
    assert names == {tool for tool, _, _ in EXPORTS}
    assert all(
        source.startswith("https://") for preset in load_presets() for source in preset.sources
    )


def test_presets_use_known_columns_and_statuses() -> None:
    for preset in load_presets():
        for written in preset.written:
            assert set(written.get("columns", {}).values()) <= {column.value for column in Column}
            meanings = [set(rule.values()) for rule in written.get("says", {}).values()]
            assert set().union(*meanings) <= STATUS_OF_PRESET.keys()


@pytest.mark.parametrize(
    "headings",
    [
        "email,first_name,city",
        "Email,Status",
        "Email,Name,Unsubscribed",
        "email,name,status,created_at",
        "Name,Email,Orders",
        "Email,Do Not Contact",
        "E-Mail,Double-Opt-In",
        "E-Mail,Vorname,Double-Opt-In,Status",
        "E-Mail,Registriert",
        "id,firstname,lastname,email",
    ],
)
def test_no_tool_is_named_without_its_signature(headings: str) -> None:
    assert read_file(f"{headings}\n").columns.tool is None


@pytest.mark.parametrize(
    ("headings", "tool", "way_out"),
    [
        ("id,firstname,lastname,email,points,stage", "Mautic", "--as unsubscribed"),
        ("email,status,foreign_id", "rapidmail", "--as manual"),
    ],
)
def test_a_tool_that_keeps_its_refusals_elsewhere_is_told(
    headings: str, tool: str, way_out: str
) -> None:
    columns = read_file(f"{headings}\n").columns
    assert columns.tool == tool
    assert way_out in columns.note[1]


def test_of_two_layouts_the_one_with_more_of_its_columns_counts() -> None:
    layout = find_layout(["id", "email", "status", "created_at", "subscription_tier", "utm_source"])
    assert layout is not None
    assert layout.tool in {"beehiiv", "Kit"}


def test_the_documentation_lists_each_preset_with_its_sources() -> None:
    page = (REPOSITORY / "docs" / "importing.md").read_text("utf-8")
    rows = {
        cells[0].strip(): line
        for line in page.splitlines()
        if line.startswith("| ") and len(cells := line.strip("|").split("|")) == 4
    }
    for preset in load_presets():
        row = rows[preset.tool]
        assert all(source in row for source in preset.sources)
        for written in preset.written:
            assert all(f"`{heading}`" in row for heading in written["signatures"][0])
            named = [each for headings in written.get("says", {}) for each in headings.split("|")]
            assert all(f"`{heading}`" in row for heading in named)
