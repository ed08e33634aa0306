"""A folder becomes the frozen model, or every mistake in it is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import (
    Campaign,
    CatchUp,
    Guest,
    Kind,
    LateJoiners,
    RecipientGroup,
    Role,
    TagFilter,
)
from lovecampaign.campaign.model.deal import WhenGone
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.model.sending import ClockChoice, QuietHours
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import straighten_fields
from lovecampaign.core.problems import Severity
from lovecampaign.testing.campaigns import day_file, dump_yaml, write_campaign

YAML = "campaigns/test-month/campaign.yaml"


def load(tmp_path: Path, **choices: Any) -> LoadedCampaign:
    return load_campaign(write_campaign(tmp_path, **{"days": 3, **choices}), tmp_path)


def campaign_of(loaded: LoadedCampaign) -> Campaign:
    assert [str(problem) for problem in loaded.problems if problem.is_error] == []
    assert loaded.campaign is not None
    return loaded.campaign


def test_a_whole_month_has_27_days_and_its_launch_in_order(tmp_path: Path) -> None:
    campaign = campaign_of(load(tmp_path, days=27))
    keys = [email.key for email in campaign.emails]
    days = [f"day-{number:02d}" for number in range(1, 28)]
    launch = ["early-access", "launch", "last-call", "thanks"]
    assert keys == [*days, *launch, "welcome", "confirm"]
    assert campaign.emails[0].date == date(2027, 2, 1)
    assert campaign.emails[0].at == time(9)
    assert campaign.emails[26].date == date(2027, 2, 27)


def test_every_default_of_the_interface(tmp_path: Path) -> None:
    minimal = {
        "version": 1,
        "id": "m",
        "name": "M",
        "timezone": "Europe/Paris",
        "start": "2027-02-01",
        "sender": {"name": "Ana", "email": "ana@b.example", "postal_address": "1 Rue\nParis"},
        "audience": {"list": "readers"},
        "launch": {"at": "10:00"},
        "skip": list(range(4, 28)),
    }
    campaign = campaign_of(load(tmp_path, files={"campaign.yaml": dump_yaml(minimal)}))
    assert campaign.language == "en"
    assert campaign.sending.at == time(9)
    assert campaign.sending.clock is ClockChoice.SUBSCRIBER
    assert campaign.sending.unknown_timezone == "Europe/Paris"
    assert campaign.sending.quiet_hours is None
    assert campaign.sending.late_after == timedelta(hours=20)
    assert campaign.sending.max_per_second == 50
    assert campaign.sending.brake.complaints == Fraction(1, 1000)
    assert campaign.late_joiners is LateJoiners.FROM_TODAY
    assert campaign.launch.day == 28
    assert campaign.launch.at == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert campaign.sender.reply_to == "ana@b.example"
    assert campaign.sender.unsubscribe_to == "ana@b.example"
    assert campaign.sender.postal_address == "1 Rue\nParis"
    assert campaign.insiders is None
    assert {email.template for email in campaign.day_emails} == {"letter"}


def test_what_is_written_reaches_the_model(tmp_path: Path) -> None:
    campaign = campaign_of(
        load(
            tmp_path,
            clock="campaign",
            quiet_hours="21:00-07:00",
            max_per_second="unlimited",
            late_joiners="catch-up",
            settings={
                "catch_up": {"must_have": [3, 1], "until": "day 25 18:00"},
                "insiders": {"until": "day 28 08:00"},
                "sending": {"unknown_timezone": "Asia/Tokyo", "late_after": "2d"},
                "days": {2: {"at": "18:00", "with_tags": ["quiz"], "pinned": True}},
                "deals": {"insider": {"when_gone": "waitlist", "claim_for": "20m"}},
                "launch": {"emails": {"thanks": {"quiet_hours": "respect", "without_tags": "x"}}},
            },
        )
    )
    assert campaign.sending.clock is ClockChoice.CAMPAIGN
    assert campaign.sending.quiet_hours == QuietHours(start=time(21), end=time(7))
    assert campaign.sending.max_per_second is None
    assert campaign.sending.unknown_timezone == "Asia/Tokyo"
    assert campaign.catch_up == CatchUp(
        must_have=(1, 3), until=datetime(2027, 2, 25, 17, tzinfo=UTC)
    )
    assert campaign.insiders is not None
    assert campaign.insiders.until == datetime(2027, 2, 28, 7, tzinfo=UTC)
    second = campaign.day_emails[1]
    assert (second.at, second.pinned) == (time(18), True)
    assert second.tags == TagFilter(with_tags=frozenset({"quiz"}))
    deal = campaign.deals["insider"]
    assert (deal.when_gone, deal.claim_for) == (WhenGone.WAITLIST, timedelta(minutes=20))
    assert (deal.price.amount, str(deal.price)) == (Decimal(59), "59 EUR")
    assert deal.opens == datetime(2027, 2, 27, 9, tzinfo=UTC)
    assert deal.closes == datetime(2027, 3, 3, 22, 59, tzinfo=UTC)
    thanks = campaign.find_email("thanks")
    assert thanks is not None
    assert thanks.respects_quiet_hours
    assert thanks.to == frozenset({RecipientGroup.BOUGHT})
    assert thanks.instant == datetime(2027, 3, 4, 9, tzinfo=UTC)
    assert thanks.number == 32
    digest = campaign.find_email("catch-up")
    assert digest is not None
    assert digest.role is Role.CATCH_UP
    assert digest.copy.is_built_in


def test_front_matter_reaches_the_email_and_the_copy_keeps_its_line(tmp_path: Path) -> None:
    campaign = campaign_of(load(tmp_path, days=4))
    email = campaign.day_emails[3]
    assert email.kind is Kind.GUEST
    assert email.guest == Guest(name="Mai Tran", role="Soil scientist", approved=date(2027, 1, 20))
    assert email.copy.text.startswith("Hi {{ first_name")
    assert email.copy.first_line == 7
    assert email.copy.file == "campaigns/test-month/days/04-day-4.md"
    assert str(email.places["subject"]) == "campaigns/test-month/days/04-day-4.md:2:10"
    assert campaign.places["sender.email"].file == YAML


def test_launch_emails_go_at_launch_at_unless_they_say_otherwise(tmp_path: Path) -> None:
    emails = {"late": {"at": "14:00", "to": "audience", "copy": "launch/launch.md"}}
    campaign = campaign_of(load(tmp_path, settings={"launch": {"emails": emails}}))
    assert campaign.find_email("launch") is not None
    instants = {email.key: email.instant for email in campaign.launch_emails}
    assert instants["launch"] == campaign.launch.at
    assert instants["late"] == datetime(2027, 2, 28, 13, tzinfo=UTC)


def test_the_campaigns_own_welcome_replaces_ours(tmp_path: Path) -> None:
    campaign = campaign_of(
        load(tmp_path, files={"welcome.md": "---\nsubject: Come in\n---\nTea?\n"})
    )
    welcome, confirm = campaign.find_email("welcome"), campaign.find_email("confirm")
    assert welcome is not None
    assert confirm is not None
    assert (welcome.subject, welcome.copy.text) == ("Come in", "Tea?\n")
    assert (welcome.template, welcome.copy.is_built_in) == ("welcome", False)
    assert (confirm.template, confirm.copy.is_built_in) == ("confirm", True)
    assert "links.confirm" in confirm.copy.text


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + day_file(2).encode(),
        day_file(2).replace("\n", "\r\n").encode(),
        day_file(2).encode("utf-16"),
        b"\xff\xfe" + day_file(2).encode("utf-16-le"),
        day_file(2).encode("utf-16-be"),
        b"\n\n" + day_file(2).encode(),
        day_file(2).replace("---", "—").encode(),
    ],
    ids=["BOM", "CRLF", "UTF-16", "UTF-16 LE", "UTF-16 BE, no mark", "empty lines", "long dash"],
)
def test_files_from_any_editor_are_read(tmp_path: Path, content: bytes) -> None:
    campaign = campaign_of(load(tmp_path, files={"days/02-day-2.md": content}))
    assert campaign.day_emails[1].subject == "Day 2: a small thing for you"
    assert campaign.day_emails[1].copy.text.startswith("Hi {{ first_name")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("subject", ["Тест почвы, который пьют", "飲める土のテスト、二分で"])
def test_utf_16_without_a_mark_is_read_in_any_script(
    tmp_path: Path, encoding: str, subject: str
) -> None:
    text = f"---\nsubject: {subject}\n---\n" + f"{subject}.\n" * 40
    loaded = load(tmp_path, files={"days/02-day-2.md": text.encode(encoding)})
    assert campaign_of(loaded).day_emails[1].subject == subject


def test_a_stray_byte_among_letters_of_utf_8_is_told_and_changes_no_other(tmp_path: Path) -> None:
    raw = day_file(2, subject="Ça coûte 5 €", body="Hello,\n\ncaf").encode().rstrip() + b"\xe9\n"
    loaded = load(tmp_path, files={"days/02-day-2.md": raw})
    [problem] = loaded.problems
    assert problem.code == "LC003"
    assert problem.excerpt == "caf\ufffd"
    assert loaded.campaign is not None
    assert loaded.campaign.day_emails[1].subject == "Ça coûte 5 €"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "{{ first_name | default(“friend”, true) }}",
            '{{ first_name | default("friend", true) }}',
        ),
        (
            "{% if first_name == ‘Ana’ %}“Hi”{% endif %}",
            "{% if first_name == 'Ana' %}“Hi”{% endif %}",
        ),
        ('{{ first_name | default("“friend”") }}', '{{ first_name | default("“friend”") }}'),
        ("“Hi” {{ “it’s” }} ‘you’", '“Hi” {{ "it’s" }} ‘you’'),
        ('{{ “a"b” }}', '{{ “a"b” }}'),
    ],
)
def test_the_quotes_of_a_word_processor_are_straight_in_merge_fields_only(
    written: str, read: str
) -> None:
    assert straighten_fields(written) == read
    assert len(read) == len(written)


def test_windows_1252_is_read(tmp_path: Path) -> None:
    text = day_file(2, subject="Ça coûte 5 €").encode("cp1252")
    campaign = campaign_of(load(tmp_path, files={"days/02-day-2.md": text}))
    assert campaign.day_emails[1].subject == "Ça coûte 5 €"


def test_mistakes_in_every_file_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        settings={
            "start": "2027-02-30",
            "timezone": "Europe/Pari",
            "sender": {"email": "no-reply@b.example", "postal_address": None, "fax": "1"},
            "launch": {"deal": "insidr", "emails": {"launch": {"to": "everyone"}}},
            "skip": [4, 40],
        },
        files={"days/01-day-1.md": "Hello", "days/02-day-2.md": "---\nsubjct: x\n---\n"},
    )
    assert loaded.campaign is None
    found = [(p.place.file.rpartition("/")[2], p.code) for p in loaded.problems if p.place]
    assert sorted(found) == sorted(
        [
            ("campaign.yaml", ProblemCode.DATE),
            ("campaign.yaml", ProblemCode.TIMEZONE),
            ("campaign.yaml", ProblemCode.NO_REPLY),
            ("campaign.yaml", ProblemCode.MISSING_KEY),
            ("campaign.yaml", ProblemCode.UNKNOWN_KEY),
            ("campaign.yaml", ProblemCode.DEAL_NOT_FOUND),
            ("campaign.yaml", ProblemCode.WORD),
            ("campaign.yaml", ProblemCode.DAY_NUMBER),
            ("01-day-1.md", ProblemCode.FRONT_MATTER),
            ("02-day-2.md", ProblemCode.UNKNOWN_KEY),
            ("02-day-2.md", ProblemCode.MISSING_KEY),
        ]
    )
    lines = [p.place.line for p in loaded.problems if p.place and p.place.file == YAML]
    assert lines == sorted(line or 0 for line in lines)


Case = tuple[Mapping[str, Any], ProblemCode, str | None, str]

_EMAILS = ("launch", "emails")


def under(*path: str, **values: Any) -> dict[str, Any]:
    """``values`` nested under a path."""
    nested: dict[str, Any] = values
    for step in reversed(path):
        nested = {step: nested}
    return nested


RULES: list[Case] = [
    ({"settings": {"sendr": {}}}, ProblemCode.UNKNOWN_KEY, YAML, "did you mean sender?"),
    (
        {"settings": {"quiet_hours": "1:00-2:00"}},
        ProblemCode.UNKNOWN_KEY,
        YAML,
        "belongs under sending",
    ),
    ({"settings": {"version": 2}}, ProblemCode.VERSION, YAML, "version: 1"),
    ({"settings": {"name": None}}, ProblemCode.MISSING_KEY, YAML, "add name: Customer Love"),
    ({"settings": {"audience": "readers"}}, ProblemCode.WRONG_SHAPE, YAML, "indented"),
    ({"settings": {"skip": 4}}, ProblemCode.WRONG_SHAPE, YAML, "[one, two]"),
    ({"settings": {"late_joiners": "catchup"}}, ProblemCode.WORD, YAML, "did you mean catch-up?"),
    ({"settings": {"late_joiners": "catch-up"}}, ProblemCode.CATCH_UP, YAML, "must_have"),
    ({"settings": {"days": {28: {}}}}, ProblemCode.DAY_NUMBER, YAML, "launch.emails"),
    ({"settings": {"days": {2: {"pinned": "yes"}}}}, ProblemCode.TRUE_OR_FALSE, YAML, "write true"),
    ({"settings": {"days": {9: {"at": "10:00"}}}}, ProblemCode.DAY_SKIPPED, YAML, "9 from skip"),
    ({"settings": {"skip": [5]}}, ProblemCode.DAY_MISSING, YAML, "add 4 to skip"),
    ({"settings": {"sending": {"max_per_second": "fast"}}}, ProblemCode.NUMBER, YAML, "unlimited"),
    ({"settings": {"insiders": None}}, ProblemCode.NO_INSIDERS, YAML, "add insiders"),
    (
        {"settings": under("launch", deal="insidr")},
        ProblemCode.DEAL_NOT_FOUND,
        YAML,
        "mean insider?",
    ),
    ({"settings": under("launch", day=20)}, ProblemCode.NUMBER, YAML, ""),
    ({"settings": under("brand", logo="images/no.png")}, ProblemCode.FILE_NOT_FOUND, YAML, ""),
    ({"settings": under("brand", logo="../../../etc/passwd")}, ProblemCode.OUTSIDE, YAML, "copy"),
    (
        {"settings": under("defaults", template="leter")},
        ProblemCode.TEMPLATE_NOT_FOUND,
        YAML,
        "letter?",
    ),
    (
        {"settings": under("defaults", template="letter.mjml.j2")},
        ProblemCode.TEMPLATE_NOT_FOUND,
        YAML,
        "write letter",
    ),
    (
        {"settings": under("catch_up", must_have=[1, 9]), "late_joiners": "catch-up"},
        ProblemCode.MUST_HAVE,
        YAML,
        "from must_have",
    ),
    (
        {"settings": under("deals", "insider", closes="day 27 09:00")},
        ProblemCode.WINDOW,
        YAML,
        "later than opens",
    ),
    (
        {"settings": under(*_EMAILS, "early-access", at="day 28 10:00")},
        ProblemCode.EARLY_ACCESS,
        YAML,
        "before day 28 10:00",
    ),
    (
        {"settings": under(*_EMAILS, "last-call", at="day 40 10:00")},
        ProblemCode.AFTER_DEAL,
        YAML,
        "closes day 31 23:59",
    ),
    (
        {"settings": under(*_EMAILS, "launch", copy="launch/lunch.md")},
        ProblemCode.FILE_NOT_FOUND,
        YAML,
        "did you mean launch/launch.md?",
    ),
    (
        {"settings": under(*_EMAILS, "launch", copy="/etc/passwd")},
        ProblemCode.OUTSIDE,
        YAML,
        "copy",
    ),
    (
        {"settings": under(*_EMAILS, "thanks", to=["bought", "not-bought"])},
        ProblemCode.RECIPIENTS,
        YAML,
        "at once",
    ),
    ({"settings": under(*_EMAILS, welcome={})}, ProblemCode.RESERVED_KEY, YAML, "reminder"),
    ({"settings": under(*_EMAILS, **{"day-03": {}})}, ProblemCode.RESERVED_KEY, YAML, "reminder"),
    (
        {"settings": under("deals", "insider", charged_until="2027-01-01")},
        ProblemCode.OLD_PRICE,
        YAML,
        "keep one",
    ),
    ({"settings": under("deals", "insider", instead_of="9 EUR")}, ProblemCode.PRICES, YAML, ""),
    (
        {"settings": under("deals", "insider", codes="codes.csv")},
        ProblemCode.FILE_NOT_FOUND,
        YAML,
        "",
    ),
    ({"settings": under("deals", "insider", codes="genrate")}, ProblemCode.WORD, YAML, "generate"),
    ({"files": {"days/02-b.md": day_file(2)}}, ProblemCode.DAY_TWICE, "02-day-2.md", "keep one"),
    ({"files": {"days/09-x.md": day_file(9)}}, ProblemCode.DAY_SKIPPED, "09-x.md", "from skip"),
    ({"files": {"days/soil.md": day_file(3)}}, ProblemCode.DAY_FILE_NAME, "soil.md", "launch/"),
    ({"files": {"days/day3.md": day_file(3)}}, ProblemCode.DAY_FILE_NAME, "day3.md", "03-….md"),
    ({"files": {"campaign.yaml": None}}, ProblemCode.UNREADABLE_FILE, YAML, ""),
    ({"files": {"campaign.yaml": b"x" * 1_000_001}}, ProblemCode.FILE_TOO_LARGE, YAML, ""),
    ({"files": {"campaign.yaml": b""}}, ProblemCode.MISSING_KEY, YAML, "version: 1"),
    ({"files": {"campaign.yaml": b"- a\n- b\n"}}, ProblemCode.WRONG_SHAPE, YAML, "key: value"),
]


@pytest.mark.parametrize(("choices", "code", "file", "hint"), RULES)
def test_an_error_of_the_campaign_leaves_no_model(
    tmp_path: Path, choices: Mapping[str, Any], code: ProblemCode, file: str, hint: str
) -> None:
    loaded = load(tmp_path, **choices)
    problem = next(problem for problem in loaded.problems if problem.code == code)
    assert loaded.campaign is None
    assert problem.is_error
    assert problem.place is not None
    assert problem.place.file.endswith(file)
    assert hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("---\nsubject: Hi\nsubjet: Hi\n---\n", ProblemCode.UNKNOWN_KEY),
        ("---\npreheader: Hi\n---\nCopy\n", ProblemCode.MISSING_KEY),
        ("---\nsubject:\n---\nCopy\n", ProblemCode.EMPTY_VALUE),
        ("---\nsubject: Hi\nCopy\n", ProblemCode.FRONT_MATTER),
        ("Copy\n", ProblemCode.FRONT_MATTER),
        ("", ProblemCode.FRONT_MATTER),
        ("---\nsubject: Hi\ntemplate: lettr\n---\n", ProblemCode.TEMPLATE_NOT_FOUND),
        ("---\nsubject: Hi\nat: 9am\n---\n", ProblemCode.TIME_OF_DAY),
        ("---\nsubject: Hi\n---\nbell \x07\n", ProblemCode.UNPRINTABLE),
    ],
)
def test_an_error_of_one_email_breaks_that_email_only(
    tmp_path: Path, content: str, code: ProblemCode
) -> None:
    loaded = load(tmp_path, files={"days/02-day-2.md": content})
    assert [problem.code for problem in loaded.problems] == [code]
    assert loaded.campaign is not None
    broken = [email.key for email in loaded.campaign.emails if email.is_broken]
    assert broken == ["day-02"]


def test_the_same_setting_in_both_homes_is_an_error(tmp_path: Path) -> None:
    loaded = load(tmp_path, settings={"days": {2: {"kind": "ask"}}})
    (problem,) = loaded.problems
    assert problem.code == ProblemCode.SET_TWICE
    assert str(problem.place) == "campaigns/test-month/days/02-day-2.md:4:7"
    assert f"{YAML}, line" in problem.message


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"settings": under(*_EMAILS, "launch", at="day 26 10:00")}, ProblemCode.BEFORE_LAUNCH),
        ({"settings": under("deals", "insider", price_from=None)}, ProblemCode.OLD_PRICE),
        ({"settings": {"id": "desk"}}, ProblemCode.RESERVED_KEY),
        ({"settings": under("insiders", until="2027-01-01T10:00Z")}, ProblemCode.UNTIL),
        (
            {"files": {"days/02-day-2.md": "---\nsubject: A\nkind: guest\n---\nB"}},
            ProblemCode.GUEST,
        ),
    ],
)
def test_what_may_be_meant_is_a_warning(
    tmp_path: Path, choices: Mapping[str, Any], code: ProblemCode
) -> None:
    loaded = load(tmp_path, **choices)
    assert [(p.code, p.severity) for p in loaded.problems] == [(code, Severity.WARNING)]
    assert loaded.campaign is not None


def test_a_link_that_leads_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    folder = write_campaign(workspace, days=2, files={"launch/launch.md": None})
    (tmp_path / "secret.md").write_text("---\nsubject: x\n---\n")
    (folder / "launch" / "launch.md").symlink_to(tmp_path / "secret.md")
    loaded = load_campaign(folder, workspace)
    assert [problem.code for problem in loaded.problems] == [ProblemCode.OUTSIDE]


@pytest.mark.parametrize("linked", ["days/02-day-2.md", "welcome.md", "campaign.yaml", "."])
def test_no_file_of_a_campaign_is_a_link_out_of_the_workspace_and_none_shows_what_is_there(
    tmp_path: Path, linked: str
) -> None:
    workspace, outside = tmp_path / "work", tmp_path / "outside"
    folder = write_campaign(workspace, days=2)
    if linked == ".":
        folder.rename(outside)
    else:
        (folder / linked).unlink(missing_ok=True)
        outside.write_text("subject: {secret: {}")
    (folder / linked).symlink_to(outside)
    problems = load_campaign(folder, workspace).problems
    assert {problem.code for problem in problems} <= {ProblemCode.OUTSIDE, ProblemCode.DAY_MISSING}
    assert "leads out of the workspace" in problems[0].message
    assert "secret" not in repr(problems)


def test_a_link_within_the_workspace_is_followed(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=2)
    shared = tmp_path / "shared.md"
    (folder / "days" / "02-day-2.md").rename(shared)
    (folder / "days" / "02-day-2.md").symlink_to(shared)
    assert load_campaign(folder, tmp_path).problems == ()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"name": "Love for {{ first_name }}"}, "name: Love for {{ first_name }}"),
        ({"sender": {"name": "Ana {% x %}"}}, "  name: Ana {% x %}"),
        ({"sender": {"postal_address": "1 {# x #} Road"}}, "  postal_address: '1 {# x #} Road'"),
        ({"launch": {"offer": {"title": "{{ y }}"}}}, "    title: '{{ y }}'"),
        ({"deals": {"insider": {"title": "A {{ y }}"}}}, "    title: A {{ y }}"),
        ({"days": {"2": {"question": "Well, {{ first_name }}?"}}},
         "    question: Well, {{ first_name }}?"),
        ({"days": {"2": {"guest": {"name": "Mai", "role": "a {{ x }}"}}}},
         "      role: a {{ x }}"),
    ],
)  # fmt: skip
def test_a_merge_field_in_a_setting_that_is_printed_as_it_is_is_an_error_at_its_braces(
    tmp_path: Path, settings: Mapping[str, Any], line: str
) -> None:
    (problem,) = load(tmp_path, settings=settings).problems
    assert (problem.code, problem.severity) == (ProblemCode.MERGE_FIELD, Severity.ERROR)
    assert problem.excerpt == line
    assert problem.place
    assert problem.place.column == line.index("{") + 1
    assert "subject, preheader and copy" in (problem.hint or "")


def test_merge_fields_in_subject_and_preheader_are_filled_in_and_no_mistake(
    tmp_path: Path,
) -> None:
    front = 'subject: "{{ first_name }}, a test"\npreheader: For {{ first_name }}'
    loaded = load(tmp_path, files={"days/02-day-2.md": f"---\n{front}\n---\nHello.\n"})
    assert campaign_of(loaded).day_emails[1].preheader == "For {{ first_name }}"


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("[" * 60_000, ProblemCode.TOO_DEEP, "60,000 opening brackets"),
        ("![" * 3_000, ProblemCode.TOO_DEEP, "3,000 opening brackets"),
        ("{{" * 2_000, ProblemCode.TOO_DEEP, "4,000 opening brackets"),
        ("word " * 50_000, ProblemCode.FILE_TOO_LARGE, "and a letter at most 200,000"),
    ],
)
def test_a_copy_that_would_take_for_ever_is_refused_and_breaks_its_email_only(
    tmp_path: Path, body: str, code: ProblemCode, says: str
) -> None:
    loaded = load(tmp_path, files={"days/02-day-2.md": day_file(2, body=body)})
    (problem,) = loaded.problems
    assert problem.code == code
    assert says in problem.message
    assert loaded.campaign is not None
    assert [email.is_broken for email in loaded.campaign.day_emails] == [False, True, False]


def test_a_folder_where_the_file_should_be_is_a_problem(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=2, files={"campaign.yaml": None})
    (folder / "campaign.yaml").mkdir()
    (problem,) = load_campaign(folder, tmp_path).problems
    assert problem.code == ProblemCode.UNREADABLE_FILE


def test_a_mistake_far_inside_does_not_silence_the_rules_about_the_rest(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        settings={
            "deals": {"insider": {"price": "cheap", "closes": "day 26 10:00"}},
            "launch": {"emails": {"thanks": {"to": ["bought", "not-bought"]}}},
        },
    )
    assert {problem.code for problem in loaded.problems} == {
        ProblemCode.MONEY,
        ProblemCode.RECIPIENTS,
    }


def test_every_code_of_this_room_is_unique_and_says_what_it_means() -> None:
    values = [code.value for code in ProblemCode]
    assert len(set(values)) == len(values)
    assert all(value.startswith("LC0") and len(value) == 5 for value in values)
    assert all(code.meaning.endswith(".") for code in ProblemCode)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("title: A test", "did you mean subject?"),
        ("teaser: A test", "did you mean preheader?"),
        ("date: 2027-01-01", "delete it: the day's date follows from start"),
        ("draft: true", "to leave the day out"),
        ("description: Two minutes", "did you mean preheader?"),
        ("layout: letter", "did you mean template?"),
        ("tags: [soil]", "delete it"),
        ("categories: [soil]", "delete it"),
    ],
)
def test_front_matter_of_other_programs_gets_our_keys_as_hints(
    tmp_path: Path, line: str, hint: str
) -> None:
    written = day_file(2).replace("---\n", f"---\n{line}\n", 1)
    loaded = load(tmp_path, files={"days/02-day-2.md": written})
    found = [one for one in loaded.problems if one.code == ProblemCode.UNKNOWN_KEY.value]
    assert [(one.hint or "")[: len(hint)] for one in found] == [hint]
