"""Whatever fails says what is wrong, in the errors of its one object too."""

from __future__ import annotations

import json

import pytest

from lovecampaign.testing.faults import Say, SmtpFault, Step
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import Said, Shop

DAY_1 = ("--now", "2027-02-01T11:00Z")
BROKEN = "campaigns/test-month/campaign.yaml"
KEYS = {"code", "severity", "message", "file", "line", "column", "hint"}
#: Commands that fail, and their exit codes.
FAILING = {
    "new": (2, "new test-month"),
    "new without a name": (2, "new"),
    "new with a wrong start": (2, "new autumn --start soon"),
    "check of what is not there": (2, "check summer"),
    "check --explain of no code": (2, "check --explain LC0066"),
    "plan of what is not there": (2, "plan summer"),
    "plan for nobody": (2, "plan --for nobody@readers.example"),
    "plan into a file that is there": (2, "plan --ics people.csv"),
    "schema of what has none": (2, "schema summer"),
    "send of no email": (2, "send --day day-99"),
    "send with a negative limit": (2, "send --limit -1"),
    "send with a limit": (6, "send --limit 1 --now 2027-02-01T11:00Z"),
    "send with a time without an offset": (2, "send --now 2027-02-01T11:00"),
    "send that nobody confirmed": (4, "send --now 2027-02-01T11:00Z"),
    "a test of no email": (2, "send --to me@bloom.example"),
    "run of what is not there": (2, "run summer"),
    "status of what is not there": (2, "status summer"),
    "explain of a stranger": (2, "explain nobody@readers.example"),
    "pause of what is not there": (2, "pause summer"),
    "resume of what is not there": (2, "resume summer"),
    "cancel of no email": (2, "cancel day-99"),
    "retry of no email": (2, "retry day-99 --state failed"),
    "retry of no state": (2, "retry day-01 --state sent"),
    "in-doubt without an answer": (2, "in-doubt resolve"),
    "in-doubt of what is not": (2, "in-doubt resolve --as sent 77"),
    "import of what is not there": (2, "subscribers import nowhere.csv"),
    "import of a folder": (2, "subscribers import campaigns"),
    "import with a row that is none": (1, "subscribers import bad.csv"),
    "add of who left": (1, "subscribers add ben@readers.example"),
    "add of no address": (2, "subscribers add ben"),
    "add with a wrong zone": (2, "subscribers add eva@readers.example --timezone Paris"),
    "show of a stranger": (2, "subscribers show nobody@readers.example"),
    "export over a file": (2, "subscribers export people.csv"),
    "buyers of what is not there": (2, "buyers import nowhere.csv"),
    "buyers with a row that is none": (1, "buyers import bad.csv"),
    "buyers of no code": (2, "buyers add NO-SUCH-CODE"),
    "deals of what is not there": (2, "deals summer"),
    "a code that nobody has": (2, "deals redeem NO-SUCH-CODE"),
    "more time for nobody": (2, "deals extend nobody@readers.example --until 2027-03-01 --why x"),
    "a backup over a file": (2, "db backup people.csv"),
    "a copy of nothing": (2, "db copy sqlite:///none.db sqlite:///new.db"),
    "an id that no database holds": (2, f"in-doubt resolve --as sent {2**70}"),
    "a calendar where no file can be": (1, "plan --ics /proc/month.ics"),
    "a name that no disk takes": (1, f"subscribers export {'long' * 99}.csv"),
    "bytes that are no text": (2, "deals redeem \udcff"),
    "a tag that is no text": (2, "subscribers add eva@readers.example --tag \udcff"),
    "no command": (2, "frobnicate"),
}
ELSEWHERE = {"send that nobody confirmed": {"LOVECAMPAIGN_PROVIDER": "smtp://127.0.0.1:1"}}


def assert_says_what_is_wrong(said: Said, code: int) -> None:
    assert (said.code, said.err) == (code, "")
    for problem in said.json["errors"]:
        assert set(problem) == KEYS
        assert problem["severity"] == "error"
        assert problem["code"]
        assert problem["message"]


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_says_what_is_wrong(shop: Shop, name: str) -> None:
    code, words = FAILING[name]
    (shop.folder / "bad.csv").write_text("email\nnobody\n")
    if "of who left" in name:
        shop.type("subscribers", "unsubscribe", "ben@readers.example").done()

    said = shop.type(*words.split(), "--json", **ELSEWHERE.get(name, {}))

    assert_says_what_is_wrong(said, code)


def test_a_folder_in_the_place_of_the_database_is_told(shop: Shop) -> None:
    (shop.folder / "lovecampaign.db").unlink()
    (shop.folder / "lovecampaign.db").mkdir()

    assert_says_what_is_wrong(shop.type("status", "--json"), 7)


def test_the_doctor_says_in_errors_what_is_wrong_and_what_to_type(shop: Shop) -> None:
    (shop.folder / ".env").chmod(0o644)
    said = shop.type("doctor", "--json")

    assert_says_what_is_wrong(said, 1)
    (problem,) = said.json["errors"]
    assert problem["code"] == "settings"
    assert "chmod 600" in problem["hint"]
    (shop.folder / ".env").chmod(0o600)
    weak = shop.type("doctor", "--json", LOVECAMPAIGN_SECRET_KEY="hunter2")
    assert "settings" in [warning["code"] for warning in weak.json["warnings"]]


def test_a_pause_that_keeps_mail_back_is_named(shop: Shop) -> None:
    shop.type("pause", "--why", "lunch").done()
    said = shop.type("send", "--json", *DAY_1)

    assert_says_what_is_wrong(said, 6)
    assert said.codes == ["paused", "remaining", "LC222"]
    assert "lunch" in said.json["errors"][0]["message"]


def test_what_failed_for_good_is_an_error_of_send_of_run_and_of_a_test(shop: Shop) -> None:
    with SmtpServer() as server:
        settings = {"LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{server.port}"}
        refuse = Say(line="550 5.7.1 no")
        server.faults.add(SmtpFault(step=Step.DATA, act=refuse, times=3))
        words = ("send", "--yes", "--json")
        trial = shop.type(*words, "--day", "day-01", "--to", "me@bloom.example", **settings)
        assert_says_what_is_wrong(trial, 1)
        assert trial.codes == ["not_sent"]
        said = shop.type(*words, "--limit", "1", *DAY_1, **settings)
        assert said.codes[:2] == ["failed", "remaining"]
        run = shop.type("run", "--yes", "--json", *DAY_1, **settings)
    assert run.code == 1
    (line,) = [json.loads(line) for line in run.out.splitlines()]
    assert (line["ok"], line["errors"][0]["code"]) == (False, "failed")


@pytest.mark.parametrize("form", ["text", "json"])
def test_run_reports_a_pause_once_and_quotes_the_server(shop: Shop, form: str) -> None:
    flags = ("--json",) if form == "json" else ()
    with SmtpServer() as server:
        server.faults.add(SmtpFault(step=Step.DATA, act=Say(line="554 5.7.1 spam, says ana@b.de")))
        settings = {"LOVECAMPAIGN_PROVIDER": f"smtp://127.0.0.1:{server.port}"}
        until = ("--now", "2027-02-01T07:59Z", "--until", "2027-02-05T12:00Z")
        run = shop.type("run", "--yes", *flags, *until, **settings)
    if form == "text":
        (line,) = [each for each in run.out.splitlines() if "is paused" in each]
        assert "last words: 554 5.7.1 spam, says (address)" in line
        return
    lines = [json.loads(line) for line in run.out.splitlines()]
    reported = [each for line in lines for each in (*line["errors"], *line["warnings"])]
    (pause,) = [each for each in reported if each["code"] == "paused"]
    assert "last words: 554 5.7.1 spam, says (address)" in pause["message"]
    assert pause["hint"] == "type: lovecampaign resume test-month"


def test_run_reports_a_pause_of_the_operator(shop: Shop) -> None:
    shop.type("pause", "--why", "lunch").done()
    run = shop.type("run", "--yes", "--json", *DAY_1)
    (line,) = [json.loads(line) for line in run.out.splitlines()]
    assert "lunch" in line["errors"][0]["message"]


def test_strict_says_that_warnings_count(shop: Shop) -> None:
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    day.write_text(day.read_text().replace("This is the gift", "This is the ==gift=="))
    said = shop.type("check", "--strict", "--json")

    assert_says_what_is_wrong(said, 1)
    assert said.json["warnings"]
    assert said.json["errors"][0]["code"] == "strict"


def test_broken_settings_are_told_by_every_command_that_reads_them(shop: Shop) -> None:
    (shop.folder / BROKEN).write_bytes(b"version: 1\nid: [\xff\n")

    for words in (
        "check",
        "plan",
        "send",
        "status",
        "pause",
        "in-doubt",
        "deals",
        "buyers add x@y.z",
    ):
        said = shop.type(*words.split(), "--json")
        assert_says_what_is_wrong(said, 1)
        assert said.json["errors"][0]["file"] == BROKEN


def test_the_doctor_asks_the_mail_server_about_both_addresses_and_sends_nothing(shop: Shop) -> None:
    with SmtpServer() as server:
        server.faults.add(
            SmtpFault(step=Step.RCPT, act=Say(line="550 5.7.1 Relaying denied"), times=1)
        )
        provider = f"smtp://127.0.0.1:{server.port}"
        refused = shop.type("doctor", "--json", LOVECAMPAIGN_PROVIDER=provider)
        taken = shop.type("doctor", "--json", LOVECAMPAIGN_PROVIDER=provider)
        commands = [command for connection in server.commands for command in connection]
    (problem,) = refused.json["errors"]
    assert problem["code"] == "addresses"
    assert "Relaying denied" in problem["message"]
    assert "reply_to" in problem["hint"]
    assert taken.json["errors"] == []
    assert "RSET" in commands
    assert "DATA" not in commands


def test_the_doctor_says_that_a_login_is_offered_and_no_user_is_set(shop: Shop) -> None:
    with SmtpServer(SmtpServerOptions(users={"ana": "s3cret"})) as server:
        provider = f"smtp://127.0.0.1:{server.port}"
        said = shop.type("doctor", "--json", LOVECAMPAIGN_PROVIDER=provider)
    (problem,) = said.json["errors"]
    assert "offers a login, and LOVECAMPAIGN_PROVIDER has no user" in problem["message"]
