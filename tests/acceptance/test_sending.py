"""send, run, status, explain and what holds and redoes, as an operator types them."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time

import pytest

from lovecampaign.core.errors import ExitCode
from lovecampaign.testing.faults import BehindDot, Say, SmtpFault, Step, StoreThenClose
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop, text_of

BEFORE = "2027-01-31T12:00Z"
#: Morning is over in Paris and London, and has not come in New York.
DAY_1 = "2027-02-01T11:00Z"
EVENING = "2027-02-01T18:00Z"
COUNTS = ("due", "sent", "failed", "skipped", "in_doubt", "retry_later", "remaining")


def counts(data: dict[str, object]) -> dict[str, object]:
    """The counts that are not zero."""
    assert isinstance(data["due"], int)
    assert data["due"] == sum(data[name] for name in COUNTS[1:])  # type: ignore[misc]  # ints
    return {name: data[name] for name in COUNTS if data[name]}


def test_send_sends_what_is_due_and_the_same_again_sends_nothing(shop: Shop) -> None:
    first = shop.data("send", "--now", DAY_1)
    again = shop.data("send", "--now", DAY_1)

    assert counts(first) == {"due": 2, "sent": 2}
    assert first["campaign"] == "test-month"
    assert first["now"] == "2027-02-01T11:00:00Z"
    assert first["next_due"] == "2027-02-01T14:00:00Z"
    assert counts(again) == {}
    assert shop.addressees == ["ana@readers.example", "ben@readers.example"]


def test_a_dry_run_counts_and_sends_nothing(shop: Shop) -> None:
    dry = shop.data("send", "--dry-run", "--now", DAY_1)

    assert counts(dry) == {"due": 2, "remaining": 2}
    assert shop.letters == []
    text = shop.type("send", "--dry-run", "--now", DAY_1).done().out
    assert "day-01: 2 people" in text
    assert "Nothing was sent." in text


def test_day_filters_and_never_sends_early(shop: Shop) -> None:
    assert counts(shop.data("send", "--day", "day-02", "--now", DAY_1)) == {}
    assert counts(shop.data("send", "--day", "1", "--now", DAY_1)) == {"due": 2, "sent": 2}
    unknown = shop.type("send", "--day", "day-1", "--now", DAY_1)
    assert unknown.code == 2
    assert "did you mean day-01?" in unknown.err
    assert "did you mean" not in shop.type("send", "--day", "day-31", "--now", DAY_1).err
    assert shop.type("send", "--day", "welcome", "--now", DAY_1).code == 2
    assert shop.data("send", "--day", "welcome", "--accept-edit", "--now", DAY_1)["due"] == 0


def test_a_limit_leaves_the_rest_for_the_next_time(shop: Shop) -> None:
    said = shop.type("send", "--limit", "1", "--now", DAY_1, "--json")

    assert said.code == 6
    assert counts(said.data) == {"due": 2, "sent": 1, "remaining": 1}
    assert counts(shop.data("send", "--now", DAY_1)) == {"due": 1, "sent": 1}


def test_status_counts_each_state(shop: Shop) -> None:
    shop.type("send", "--now", DAY_1).done()

    status = shop.data("status", "--now", DAY_1)
    assert status["campaign"] == "test-month"
    assert (status["paused"], status["pause_reason"]) == (False, None)
    assert status["emails"][0] == {
        "key": "day-01",
        "subject": "Day 1: a small thing for you",
        "removed": False,
        "first_due": "2027-02-01T08:00:00Z",
        "last_due": "2027-02-01T14:00:00Z",
        "planned": 1,
        "claimed": 0,
        "sent": 2,
        "failed": 0,
        "skipped": 1,
        "in_doubt": 0,
        "cancelled": 0,
    }
    text = shop.type("status", "--now", DAY_1).done()
    assert "Next due: Mon  1 Feb 2027 15:00 (Europe/Paris)" in text.out


def test_explain_says_what_was_what_will_be_and_what_never(shop: Shop) -> None:
    shop.type("send", "--now", DAY_1).done()

    told = shop.data("explain", "ana@readers.example", "--now", DAY_1)
    states = {entry["key"]: (entry["state"], entry["reason"]) for entry in told["timeline"]}
    assert states["day-01"] == ("sent", None)
    assert states["day-02"] == ("planned", None)
    assert states["thanks"] == (None, None)
    assert [entry["what"] for entry in told["history"]] == ["consented", "joined"]
    text = shop.type("explain", "staff@bloom.example", "--now", DAY_1).done().out
    assert "skipped" in text
    assert "tag" in text


def test_a_test_goes_out_at_once_marked_and_outside_the_ledger(shop: Shop) -> None:
    words = ("send", "--day", "launch", "--to", "me@bloom.example", "--to", "you@bloom.example")
    data = shop.data(*words, "--now", BEFORE)

    assert data["sent"] == 2
    assert shop.addressees == ["me@bloom.example", "you@bloom.example"]
    letter = shop.letters[0]
    assert letter["Subject"] == "[Test] Bloom for life: launch"
    assert "/u/test" in letter["List-Unsubscribe"]
    assert all(email["sent"] == 0 for email in shop.data("status", "--now", BEFORE)["emails"])


def test_a_test_can_be_seen_with_a_subscriber_s_eyes(shop: Shop) -> None:
    words = ("send", "--day", "1", "--to", "me@bloom.example", "--now", BEFORE)
    shop.type(*words, "--as", "chloe@readers.example").done()

    (letter,) = shop.letters
    assert "Hi Chloé," in text_of(letter)
    assert shop.type(*words, "--as", "nobody@readers.example").code == 2


def test_every_email_can_be_tested_in_one_go(shop: Shop) -> None:
    data = shop.data("send", "--day", "all", "--to", "me@bloom.example", "--now", BEFORE)

    keys = [message["key"] for message in data["messages"]]
    assert {"day-01", "early-access", "launch", "welcome", "confirm"} <= set(keys)
    assert data["sent"] == len(keys) == len(shop.letters)


@pytest.mark.parametrize(
    "words",
    [
        "--to me@bloom.example",
        "--day 1 --to nobody",
        "--as a@b.example",
        "--day all",
        "--day 1 --to me@bloom.example --dry-run",
    ],
)
def test_a_test_needs_an_email_and_an_address(shop: Shop, words: str) -> None:
    assert shop.type("send", *words.split(), "--now", BEFORE).code == 2
    assert shop.letters == []


def test_pause_holds_and_resume_lets_go_and_both_can_be_typed_twice(shop: Shop) -> None:
    assert shop.data("pause", "--why", "a wrong price")["changed"] is True
    assert shop.data("pause", "--why", "another word")["changed"] is False
    held = shop.type("send", "--now", DAY_1)
    assert held.code == 6
    assert "Paused: a wrong price" in held.out
    assert "lovecampaign resume test-month" in held.err
    status = shop.data("status", "--now", DAY_1)
    assert (status["paused"], status["pause_reason"]) == (True, "a wrong price")
    assert shop.data("resume")["changed"] is True
    assert shop.data("resume")["changed"] is False
    assert shop.data("send", "--now", DAY_1)["sent"] == 2


def test_a_cancelled_email_goes_to_nobody_who_does_not_have_it(shop: Shop) -> None:
    shop.type("send", "--limit", "1", "--now", DAY_1)
    shop.type("cancel", "day-01", "--now", DAY_1).done()
    again = shop.data("cancel", "1", "--now", DAY_1)

    assert again["cancelled"] == 0
    assert counts(shop.data("send", "--now", EVENING)).get("sent", 0) == 0
    first = shop.data("status", "--now", EVENING)["emails"][0]
    assert (first["sent"], first["planned"]) == (1, 0)
    assert first["cancelled"] >= 2


def test_cancel_says_how_many_will_not_get_it(shop: Shop) -> None:
    told = shop.type("cancel", "day-02", "--now", BEFORE).done().out
    assert "day-02 is cancelled; 3 people will not get it." in told
    again = shop.type("cancel", "day-02", "--now", BEFORE).done().out
    assert "day-02 was cancelled already." in again
    assert shop.data("cancel", "3", "--now", BEFORE)["cancelled"] == 3
    assert "planned for no one" in shop.type("cancel", "thanks", "--now", BEFORE).done().out


def test_a_cancellation_is_undone_until_the_email_is_due(shop: Shop) -> None:
    said = shop.type("cancel", "day-02", "--now", BEFORE).done()
    assert "lovecampaign cancel day-02 --undo --campaign test-month" in said.out
    undone = shop.data("cancel", "day-02", "--undo", "--now", BEFORE)
    assert (undone["planned"], undone["changed"]) == (3, True)
    assert shop.data("cancel", "day-02", "--undo", "--now", BEFORE)["changed"] is False
    second = shop.data("status", "--now", BEFORE)["emails"][1]
    assert (second["planned"], second["cancelled"]) == (3, 0)


def test_what_fell_due_stays_cancelled(shop: Shop) -> None:
    shop.type("cancel", "day-01", "--now", DAY_1).done()
    shop.type("send", "--now", DAY_1)
    undone = shop.data("cancel", "day-01", "--undo", "--now", DAY_1)
    assert undone["planned"] == 1  # in New York it is 6 in the morning
    assert counts(shop.data("send", "--now", EVENING))["sent"] == 1

    shop.type("cancel", "day-01", "--now", EVENING).done()
    refused = shop.type("cancel", "day-01", "--undo", "--now", EVENING)
    assert refused.code == 2
    assert "day-01 stays cancelled: it was due for everyone" in refused.err


def test_status_keeps_a_day_that_was_sent_and_then_removed(shop: Shop) -> None:
    shop.type("send", "--now", DAY_1)
    settings = shop.folder / "campaigns/test-month/campaign.yaml"
    settings.write_text(settings.read_text().replace("skip:", "skip:\n- 1", 1))
    (settings.parent / "days/01-day-1.md").unlink()
    emails = shop.data("status", "--now", EVENING)["emails"]
    kept = [each for each in emails if each["removed"]]
    assert [(each["key"], each["sent"], each["planned"]) for each in kept] == [("day-01", 2, 0)]
    assert kept[0]["first_due"] == "2027-02-01T08:00:00Z"
    assert "day-01 (removed)" in shop.type("status", "--now", EVENING).done().out


def test_what_was_too_late_can_be_sent_after_all(shop: Shop) -> None:
    too_late = shop.data("send", "--day", "1", "--now", "2027-02-02T20:00Z")
    assert counts(too_late) == {"due": 3, "skipped": 3}
    assert shop.data("retry", "1", "--state", "late", "--now", "2027-02-02T20:00Z")["retried"] == 3
    sent = shop.data("send", "--day", "1", "--now", "2027-02-02T20:01Z")
    assert counts(sent) == {"due": 3, "sent": 3}


@pytest.mark.parametrize(
    "command", [("send", "--dry-run"), ("send",), ("run", "--until", "2027-02-03T07:00Z")]
)
def test_what_is_too_late_is_told_before_anything_is_sent(
    shop: Shop, command: tuple[str, ...]
) -> None:
    told = shop.type(*command, "--now", "2027-02-03T06:00Z").err
    words = "too late: test-month leaves out day-01 (3), day-02 (2): nothing was sent in time."
    assert told.startswith(words)
    assert "lovecampaign retry KEY --state late" in told
    in_time = shop.type(*command, "--now", "2027-01-31T06:00Z").err
    assert "too late" not in in_time


def smtp(server: SmtpServer) -> dict[str, str]:
    url = f"smtp://{server.host}:{server.port}?connections=1"
    return {"LOVECAMPAIGN_PROVIDER": url}


@pytest.mark.parametrize("behaviour", [BehindDot.REFUSE, BehindDot.SWALLOW])
def test_a_server_that_does_not_take_commands_ahead_is_asked_once(
    shop: Shop, behaviour: BehindDot
) -> None:
    with SmtpServer(SmtpServerOptions(behind_dot=behaviour)) as server:
        url = f"smtp://{server.host}:{server.port}?connections=1&timeout=1&ahead=yes"
        patient = {"LOVECAMPAIGN_PROVIDER": url}
        assert shop.data("send", "--yes", "--now", DAY_1, **patient)["sent"] == 2
        connections = len(server.commands)
        assert shop.data("send", "--yes", "--now", "2027-02-02T11:00Z", **patient)["sent"] > 1
        assert len(server.commands) == connections + 1
        assert set(server.counts.values()) == {1}


def test_mail_that_leaves_asks_for_the_campaign_s_name(shop: Shop) -> None:
    with SmtpServer() as server:
        asked = shop.type("send", "--now", DAY_1, **smtp(server))
        assert asked.code == 4
        assert "--yes" in asked.err
        assert shop.type("run", "--until", DAY_1, "--now", DAY_1, **smtp(server)).code == 4
        as_json = shop.type("send", "--now", DAY_1, "--json", **smtp(server))
        assert as_json.codes == ["confirmation"]
        assert server.received == []
        assert shop.data("send", "--yes", "--now", DAY_1, **smtp(server))["sent"] == 2
        assert len(server.received) == 2


def test_what_will_go_out_is_said_also_where_nothing_is_due(shop: Shop) -> None:
    with SmtpServer() as server:
        asked = shop.type("send", "--now", BEFORE, **smtp(server))
    assert asked.code == 4
    assert "Nothing of test-month is due now; what becomes due meanwhile will go out" in asked.err


def test_a_test_that_leaves_asks_too(shop: Shop) -> None:
    test = ("send", "--day", "1", "--to", "me@bloom.example", "--now", BEFORE)
    with SmtpServer() as server:
        asked = shop.type(*test, **smtp(server))
        assert asked.code == 4
        assert "1 test message of test-month to me@bloom.example will go out" in asked.err
        assert server.received == []
        assert shop.data(*test, "--yes", **smtp(server))["sent"] == 1
        assert len(server.received) == 1


def test_the_name_of_a_provider_is_part_of_a_sentence(shop: Shop) -> None:
    settings = {"LOVECAMPAIGN_PROVIDER": "sendgrid:", "SENDGRID_API_KEY": "SG.x"}

    assert "go out by sendgrid. Please confirm" in shop.type("send", **settings).err
    assert "mail by sendgrid reaches" in shop.type("send", "--now", DAY_1, **settings).err


def test_a_made_up_time_is_refused_where_mail_reaches_people(shop: Shop) -> None:
    elsewhere = {"LOVECAMPAIGN_PROVIDER": "smtp://mail.example:587"}

    for words in ("send --yes", "run --yes", "send --day 1 --to a@b.example"):
        said = shop.type(*words.split(), "--now", DAY_1, **elsewhere)
        assert said.code == 2
        assert "--now" in said.err
        assert "::" not in said.err


def test_what_fails_for_good_is_1_and_can_be_tried_again(shop: Shop) -> None:
    with SmtpServer() as server:
        refuse = Say(line="550 5.7.1 no")
        server.faults.add(SmtpFault(step=Step.DATA, act=refuse, times=1))
        failed = shop.type("send", "--yes", "--json", "--now", DAY_1, **smtp(server))
        assert failed.code == 1
        assert counts(failed.data) == {"due": 2, "sent": 1, "failed": 1}
        again = shop.data("retry", "day-01", "--state", "failed", "--now", DAY_1)
        assert again["retried"] == 1
        assert shop.data("send", "--yes", "--now", DAY_1, **smtp(server))["sent"] == 1


def test_what_nobody_knows_is_listed_and_settled(shop: Shop) -> None:
    with SmtpServer() as server:
        server.faults.add(SmtpFault(step=Step.DOT, act=StoreThenClose(), times=2))
        doubtful = shop.type("send", "--yes", "--json", "--now", DAY_1, **smtp(server))
        assert doubtful.code == 6
        assert doubtful.data["in_doubt"] == 2
        listed = shop.data("in-doubt", "--now", DAY_1)["deliveries"]
        assert {each["key"] for each in listed} == {"day-01"}
        assert {each["claimed_at"] for each in listed} == {"2027-02-01T11:00:00Z"}
        first, second = (each["id"] for each in listed)
        young = shop.type("in-doubt", "resolve", "--as", "resend", "--now", "2027-02-01T11:05Z")
        assert young.code == 6
        assert "10 minutes" in young.err
        assert shop.data("in-doubt", "resolve", "--as", "sent", str(first))["resolved"] == 1
        later = ("--now", "2027-02-01T11:15Z")
        assert shop.data("in-doubt", "resolve", "--as", "resend", *later)["resolved"] == 1
        assert shop.data("in-doubt")["deliveries"] == []
        assert shop.data("send", "--yes", *later, **smtp(server))["sent"] == 1
    assert shop.type("in-doubt", "resolve", "--as", "sent", str(second)).code == 2
    assert shop.type("in-doubt", "resolve").code == 2


def test_a_provider_that_is_not_there_is_7_and_loses_nothing(shop: Shop) -> None:
    with SmtpServer() as server:
        gone = smtp(server)
    said = shop.type("send", "--yes", "--json", "--now", DAY_1, **gone)

    assert said.code == 7
    assert said.codes == ["unreachable"]
    assert shop.data("send", "--now", DAY_1)["sent"] == 2


def test_a_database_that_is_not_there_is_7_and_shows_no_password(shop: Shop) -> None:
    url = "postgresql://ana:hunter2@127.0.0.1:1/love"
    said = shop.type("plan", LOVECAMPAIGN_DATABASE_URL=url)

    assert said.code == 7
    assert "hunter2" not in said.err + said.out
    assert "postgresql://" in said.err


def test_an_email_with_a_mistake_blocks_itself_and_nothing_else(shop: Shop) -> None:
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    good = day.read_text()
    day.write_text(good.replace("Hi {{ first_name", "Hi {{ fist_name"))

    said = shop.type("send", "--json", "--now", DAY_1)
    assert said.code == 1
    assert counts(said.data) == {"due": 2, "remaining": 2}
    assert "fist_name" in said.json["errors"][0]["message"]
    day.write_text(good)
    assert shop.data("send", "--now", DAY_1)["sent"] == 2


def test_a_dry_run_says_that_a_pause_holds_everything_up(shop: Shop) -> None:
    shop.type("send", "--limit", "1", "--now", DAY_1)
    shop.type("pause", "--now", DAY_1).done()
    said = shop.type("send", "--dry-run", "--json", "--now", DAY_1)

    assert (said.code, said.data["remaining"]) == (0, 1)
    insiders, paused = said.json["warnings"]
    assert insiders["message"] == "no subscriber is on the list insiders"
    assert paused["code"] == "paused"
    assert "Paused: by the operator" in shop.type("send", "--dry-run", "--now", DAY_1).out


def test_who_waits_in_the_ledger_is_judged_by_todays_rules_too(shop: Shop) -> None:
    """After a limit, a pause or a crash: plan, status, explain and --dry-run say what send does."""
    shop.type("send", "--limit", "1", "--now", DAY_1)
    [left] = {"ana@readers.example", "ben@readers.example"} - set(shop.addressees)
    shop.type("subscribers", "unsubscribe", left, "--now", DAY_1).done()

    [planned] = [e for e in shop.data("plan", "--now", DAY_1)["emails"] if e["key"] == "day-01"]
    [status] = [e for e in shop.data("status", "--now", DAY_1)["emails"] if e["key"] == "day-01"]
    timeline = shop.data("explain", left, "--now", DAY_1)["timeline"]
    foreseen = counts(shop.data("send", "--dry-run", "--now", DAY_1))
    assert (status["planned"], status["sent"]) == (1, 1)  # the third reader's time is to come
    assert (planned["recipients"], planned["skipped"]["suppressed"]) == (2, 1)
    assert (timeline[0]["state"], timeline[0]["reason"]) == ("skipped", "suppressed")
    assert foreseen == {"due": 1, "skipped": 1}
    assert counts(shop.data("send", "--now", DAY_1)) == foreseen


def test_an_edit_after_the_first_copies_must_be_meant(shop: Shop) -> None:
    shop.type("send", "--limit", "1", "--now", DAY_1)
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    day.write_text(day.read_text().replace("This is the gift", "This is the better gift"))

    held = shop.type("send", "--json", "--now", DAY_1)
    assert held.code == 1
    assert "--accept-edit" in held.json["errors"][0]["hint"]
    rehearsed = shop.type("send", "--dry-run", "--json", "--now", DAY_1)
    assert (rehearsed.code, rehearsed.json["errors"][:1]) == (1, held.json["errors"][:1])
    assert shop.type("send", "--dry-run", "--accept-edit", "--now", DAY_1).code == 0
    assert shop.data("send", "--accept-edit", "--now", DAY_1)["sent"] == 1
    texts = [text_of(letter) for letter in shop.letters]
    assert sum("better gift" in text for text in texts) == 1


def test_run_plays_a_made_up_time_to_its_end(shop: Shop) -> None:
    said = shop.type("run", "--json", "--now", BEFORE, "--until", "2027-02-03T23:00Z").done()

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert {line["schema"] for line in lines} == {"lovecampaign/run@1"}
    assert sum(line["data"]["sent"] for line in lines) == 9
    moments = [line["data"]["now"] for line in lines if line["data"]["sent"]]
    assert moments == sorted(moments)
    assert moments[0] == "2027-02-01T08:00:00Z"


def test_run_says_at_once_what_it_waits_for(shop: Shop) -> None:
    until = ("--now", BEFORE, "--until", BEFORE)
    told = shop.type("run", *until).done().out
    assert "nothing is due" in told
    assert "Next due: Mon  1 Feb 2027 09:00 (Europe/Paris)" in told
    (line,) = shop.type("run", "--json", *until).done().out.splitlines()
    assert json.loads(line)["data"]["next_due"] == "2027-02-01T08:00:00Z"


def test_run_tells_nothing_twice(shop: Shop) -> None:
    said = shop.type("run", "--json", "--now", BEFORE, "--until", "2027-02-01T23:00Z").done()
    lines = [json.loads(line)["data"]["sent"] for line in said.out.splitlines()]
    assert lines == [0, 1, 1, 1]


def test_run_after_the_month_says_that_nothing_more_is_due(shop: Shop) -> None:
    shop.type("send", "--now", "2028-01-01T12:00Z").done()
    late = ("--now", "2028-01-01T13:00Z")
    assert "nothing more is due" in shop.type("run", *late).done().out


def test_run_tries_again_what_could_not_be_taken_at_once(shop: Shop) -> None:
    with SmtpServer() as server:
        server.faults.add(SmtpFault(step=Step.RCPT, act=Say(line="450 4.2.1 later"), times=1))
        until = ("--until", "2027-02-01T12:00Z", "--now", "2027-02-01T07:59Z")
        said = shop.type("run", "--yes", *until, **smtp(server)).done()
    assert "1 to retry" in said.out
    assert "2 sent in total" in said.out


def put_off(shop: Shop) -> None:
    """The month comes in seventy years: whatever the day is, a run waits for it."""
    file = shop.folder / "campaigns" / "test-month" / "campaign.yaml"
    file.write_text(file.read_text().replace("2027-", "2097-"))


def test_sigterm_ends_a_run_in_order(shop: Shop) -> None:
    put_off(shop)
    process = subprocess.Popen(
        [sys.executable, "-m", "lovecampaign", "run", "--yes"],
        cwd=shop.folder,
        env=CLEAN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    journals = shop.folder / ".lovecampaign"
    deadline = time.monotonic() + 30
    while not list(journals.glob("*.journal")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 0, err
    assert "0 sent in total" in out
    assert "Traceback" not in err
    assert list(journals.glob("*.journal")) == []


def take_terminal() -> None:
    """Make stdin the terminal of this session, without nohup."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_terminal_that_is_closed_ends_a_send_in_order(shop: Shop) -> None:
    """Deliveries in flight are finished when the terminal's connection breaks; none is in doubt."""
    with SmtpServer(SmtpServerOptions(latency_seconds=0.5)) as server:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "lovecampaign", "send", "--yes", "--now", DAY_1],
            cwd=shop.folder,
            env=CLEAN_ENVIRONMENT | smtp(server),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=take_terminal,  # noqa: PLW1509 - it takes no lock
        )
        os.close(theirs)
        while not any("DATA" in commands for commands in server.commands):
            assert process.poll() is None
            time.sleep(0.01)
        os.close(ours)
        assert process.wait(timeout=30) == ExitCode.RUN_AGAIN
        assert len(server.received) == 1
    [day_1] = [one for one in shop.data("status", "--now", DAY_1)["emails"] if one["sent"]]
    assert (day_1["sent"], day_1["claimed"], day_1["in_doubt"]) == (1, 0, 0)


def test_ctrl_c_is_130(shop: Shop) -> None:
    put_off(shop)
    process = subprocess.Popen(
        [sys.executable, "-m", "lovecampaign", "run", "--yes"],
        cwd=shop.folder,
        env=CLEAN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    journals = shop.folder / ".lovecampaign"
    while not list(journals.glob("*.journal")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in err
