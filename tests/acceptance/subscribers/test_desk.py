"""From a reader's letter to the last message of a case, as people of the team type it."""

from __future__ import annotations

import email
import os
import signal
import subprocess
import sys
import time
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from lovecampaign.testing.faults import SmtpFault, Stall, Step, StoreThenClose
from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop
from tests.acceptance.test_sending import smtp

DAY_1 = "2027-02-01T11:00Z"
NOON = ("--now", "2027-02-01T12:00Z")
#: 10:00 in Paris, day 28: the doors open.
LAUNCH = "2027-02-28T09:00Z"
ANA = "ana@readers.example"


def mails(server: SmtpServer, to: str = ANA) -> list[EmailMessage]:
    found = []
    for one in server.received:
        mail = email.message_from_bytes(one.content, policy=policy.default)
        if to in str(mail["To"]):
            found.append(mail)
    return found


def write_letter(shop: Shop, answers: EmailMessage, text: str, at: str) -> Path:
    """A reader's mail program answers a mail of ours."""
    known = f"{answers['References'] or ''} {answers['Message-ID']}".strip()
    file = shop.folder / "letter.eml"
    file.write_text(
        f"From: Ana Arnaud <{ANA}>\nTo: hello@bloom.example\nSubject: Re: {answers['Subject']}\n"
        f"Date: {at}\nMessage-ID: <{abs(hash(text))}@mail.example>\n"
        f"In-Reply-To: {answers['Message-ID']}\nReferences: {known}\n\n{text}\n",
        encoding="utf-8",
    )
    return file


def hear(shop: Shop, server: SmtpServer, text: str = "It arrived broken.") -> int:
    """Send day 1, and take in Ana's answer to it; returns the letter's id."""
    shop.data("send", "--yes", "--now", DAY_1, **smtp(server))
    [first] = mails(server)
    letter = write_letter(shop, first, text, "Mon, 1 Feb 2027 11:30:00 +0000")
    shop.data("inbox", "sort", letter, "--apply", *NOON)
    [waiting] = shop.data("replies", *NOON)["replies"]
    assert (waiting["email"], waiting["key"], waiting["state"]) == (ANA, "day-01", "waiting")
    return int(waiting["id"])


def write_text(shop: Shop, text: str) -> Path:
    file = shop.folder / "text.txt"
    file.write_text(text, encoding="utf-8")
    return file


def test_from_a_letter_to_the_follow_through_and_the_launch_comes_afterwards(shop: Shop) -> None:
    with SmtpServer() as server:
        id_ = str(hear(shop, server))
        shop.type("replies", "take", id_, "--as", "Lucie", *NOON).done()
        text = write_text(shop, "Dear Ana,\n\na new one is on its way.\n\nLucie")
        said = shop.data("replies", "answer", id_, "--file", text, *NOON, **smtp(server))
        assert said["state"] == "sent"
        _, answer = mails(server)
        assert answer["From"].addresses[0].display_name == "Lucie"
        assert "List-Unsubscribe" not in answer

        # The thread holds in both directions.
        write_letter(shop, answer, "Thank you! But it is the wrong colour.", str(answer["Date"]))
        later = ("--now", "2027-02-02T11:30Z")
        shop.data("inbox", "sort", "letter.eml", "--apply", *later)
        [again] = shop.data("replies", *later)["replies"]
        assert again["email"] == ANA

        case = shop.data("cases", "open", str(again["id"]), "--about", "Wrong colour", *later)
        shop.type("replies", "close", str(again["id"]), "--why", "a case", *later).done()
        assert [step["step"] for step in case["steps"]] == [
            *("greet", "listen", "next", "thank", "follow_through"),
        ]
        at_launch = ("--now", LAUNCH)
        shop.data("send", "--yes", *at_launch, **smtp(server))
        held = {mail["Subject"] for mail in mails(server)}
        timeline = shop.data("plan", "--for", ANA, *at_launch)["timeline"]
        [launch] = [each for each in timeline if each["key"] == "launch"]
        assert launch["reason"] == "waiting_for_answer"
        status = shop.type("status", "--json", *at_launch)
        assert status.data["desk"] == {"letters": 0, "cases": 1, "overdue": 1}
        assert "overdue" in status.codes

        for step in ("greet", "listen", "next", "thank"):
            shop.type("cases", "step", str(case["id"]), step, *at_launch).done()
        text = write_text(shop, "Did the green one arrive, Ana?")
        closing = ("cases", "follow-through", str(case["id"]), "--file", text)
        assert shop.data(*closing, *at_launch, **smtp(server))["state"] == "sent"
        assert shop.data("cases", *at_launch)["cases"] == []

        # The next one is solved by telephone; it closes by its last message, too.
        told = shop.data("cases", "open", ANA, "--about", "A stem is short", *at_launch)
        close = ("cases", "close", str(told["id"]), "--why", "by telephone", *at_launch)
        assert shop.type(*close).code == 2
        assert [one["closed_at"] for one in shop.data("cases", *at_launch)["cases"]] == [None]
        text = write_text(shop, "As I said on the telephone: a longer one is on its way.")
        assert shop.data(*close, "--file", text, **smtp(server))["state"] == "sent"
        closed = shop.data("cases", "show", str(told["id"]), *at_launch)
        assert closed["closed_at"]
        assert [step["note"] for step in closed["steps"]] == [*["by telephone"] * 4, ""]

        shop.data("send", "--yes", "--now", "2027-02-28T10:00Z", **smtp(server))
        assert {mail["Subject"] for mail in mails(server)} - held >= {timeline_subject(shop)}


def timeline_subject(shop: Shop) -> str:
    emails = shop.data("status", "--now", LAUNCH)["emails"]
    return str(next(each["subject"] for each in emails if each["key"] == "launch"))


def test_a_text_for_another_person_and_a_bad_phrase_are_refused(shop: Shop) -> None:
    with SmtpServer() as server:
        id_ = str(hear(shop, server))
        phrase = write_text(shop, "That's not my problem.")
        flagged = shop.type("replies", "answer", id_, "--file", phrase, *NOON, "--json")
        assert (flagged.code, flagged.codes) == (4, ["confirmation"])
        assert shop.type("replies", "answer", id_, *NOON).code == 2
        empty = write_text(shop, "  \n")
        assert shop.type("replies", "answer", id_, "--file", empty, *NOON).code == 2
        assert len(mails(server)) == 1


@pytest.mark.parametrize(("step", "is_stored"), [(Step.MAIL, False), (Step.DOT, True)])
def test_an_answer_is_sent_once_after_kill_9(shop: Shop, step: Step, *, is_stored: bool) -> None:
    with SmtpServer() as server:
        id_ = hear(shop, server)
        server.faults.add(SmtpFault(step=step, act=Stall(), times=1))
        text = write_text(shop, "A new one is on its way.")
        words = ("replies", "answer", str(id_), "--file", str(text), *NOON)
        command = [sys.executable, "-m", "lovecampaign", *words]
        process = subprocess.Popen(
            command,
            cwd=shop.folder,
            env=CLEAN_ENVIRONMENT | smtp(server),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wanted = "MAIL FROM" if step is Step.MAIL else "DATA"
        until = time.monotonic() + 60
        while not any(wanted in line for line in server.commands[-1]) or len(server.commands) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        again = ("send", "--yes", "--now", "2027-02-01T12:10Z")
        shop.type(*again, **smtp(server))
        shop.type(*again, **smtp(server))
        [letter] = shop.data("replies", "--all", *NOON)["replies"]
        assert letter["state"] == ("in_doubt" if is_stored else "answered")
        assert len(mails(server)) == (1 if is_stored else 2)


def test_an_answer_in_doubt_is_said_and_not_sent_again(shop: Shop) -> None:
    with SmtpServer() as server:
        id_ = str(hear(shop, server))
        server.faults.add(SmtpFault(step=Step.DOT, act=StoreThenClose(), times=1))
        text = write_text(shop, "A new one is on its way.")
        said = shop.type("replies", "answer", id_, "--file", text, *NOON, "--json", **smtp(server))
        assert (said.code, said.data["state"], said.codes) == (6, "in_doubt", ["in_doubt"])
        shop.data("send", "--yes", "--now", "2027-02-01T12:10Z", **smtp(server))
        assert len(mails(server)) == 2


def test_without_a_server_the_answer_waits_in_the_queue(shop: Shop) -> None:
    with SmtpServer() as server:
        id_ = str(hear(shop, server))
        gone = smtp(server)
    text = write_text(shop, "A new one is on its way.")
    said = shop.type("replies", "answer", id_, "--file", text, *NOON, "--json", **gone)
    assert (said.code, said.data["state"], said.codes) == (0, "queued", ["queued"])
    with SmtpServer() as server:
        shop.data("send", "--yes", "--now", "2027-02-01T12:10Z", **smtp(server))
        assert len(mails(server)) == 1


def test_exceptions_keep_to_the_budget_and_the_report_ranks_the_rules(shop: Shop) -> None:
    yaml = shop.folder / "campaigns" / "test-month" / "campaign.yaml"
    advocate = "advocate: {name: Lucie, email: lucie@bloom.example, budget: 50 EUR}\n"
    yaml.write_text(yaml.read_text() + advocate)
    opened = [
        shop.data("cases", "open", who, "--about", "Broken", *NOON)["id"]
        for who in (ANA, "ben@readers.example")
    ]
    returns, post = "No returns after 14 days", "Postage is not paid back"

    def bend(case: int, rule: str, *cost: str) -> int:
        words = ("--rule", rule, "--because", "it was our fault", "--as", "Lucie")
        return shop.type("cases", "bend", str(case), *words, *cost, *NOON).code

    assert bend(opened[0], returns, "--cost", "20 EUR") == 0
    assert bend(opened[1], returns.upper()) == 0
    assert bend(opened[1], post, "--cost", "29,90 EUR") == 0
    assert bend(opened[1], post, "--cost", "0.20 EUR") == 2
    assert bend(opened[1], post, "--cost", "5 USD") == 2
    until = ("--until", "2027-03-05T18:00+01:00", "--why", "was in hospital")
    assert shop.type("deals", "extend", ANA, *until, *NOON).code == 2  # no insider

    report = shop.data("advocate", "report", *NOON)
    assert report["spent"] == "49.9 EUR"
    assert [(one["rule"], one["people"], one["spent"]) for one in report["rules"]] == [
        (returns, 2, "20 EUR"),
        (post, 1, "29.9 EUR"),
    ]
    assert report["colleagues"] == [{"name": "Lucie", "exceptions": 3, "people": 2}]
