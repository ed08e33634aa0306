"""Registry of verbs and the help page, without importing any verb.

Start-up is part of the interface: not even click (three times a bare Python's start) or
``dataclasses`` (17 ms) are imported to show the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

PROGRAM = "lovecampaign"
PROMISE = "Run a Customer Love month: 27 days of giving, and a launch on day 28."
FIRST_STEP = f"Start with: {PROGRAM} new my-launch --start today"
COMMON_OPTIONS = {
    "--json": "One JSON object on stdout; never asks.",
    "--now INSTANT": "Use this time instead of the clock: 2027-02-01T09:00+01:00.",
    "--no-input": "Never ask; fail and name the option to use.",
    "--quiet": "No progress and no hints.",
    "-v": "Show each step on stderr; -vv shows everything.",
    "--no-color": "Plain text, as with NO_COLOR.",
    "-C DIR": "Work in this folder, or in the workspace around it.",
}
_OWN_OPTIONS = {
    "--version": "Show the version.",
    "-h, --help": "Show this page, or that of a command.",
}


class Section(StrEnum):
    """The headings of ``lovecampaign --help``, in this order."""

    WRITE = "Write"
    SEND = "Send"
    PEOPLE = "People"
    MAINTAIN = "Maintain"


class Verb(NamedTuple):
    """The facts about a verb that need no import of its module."""

    section: Section
    #: Below ``lovecampaign.cli``.
    path: str
    #: The first line of the command's own help is the same (a test compares them).
    summary: str

    @property
    def module(self) -> str:
        return f"lovecampaign.cli.{self.path}"


_W, _S, _P, _M = Section
#: Each module holds a click command of the verb's name.
VERBS = {
    "new": Verb(_W, "write.new", "Write a complete campaign that can be sent as it is."),
    "check": Verb(_W, "write.check", "Find every mistake at once, with file, line and hint."),
    "preview": Verb(_W, "write.preview", "Show the month in a browser, updated as you save."),
    "plan": Verb(_W, "write.plan", "Show who gets what and when, and who does not and why."),
    "schema": Verb(
        _W,
        "write.schema",
        "Print the JSON Schema of the settings, or words to translate.",
    ),
    "send": Verb(_S, "send.send", "Send all that is due now, or a test to yourself."),
    "run": Verb(_S, "send.run", "Keep running and send each email when it is due."),
    "worker": Verb(_S, "send.worker", "Deliver what run queues, on as many machines as needed."),
    "status": Verb(_S, "send.status", "Show how far each email is, and what comes next."),
    "explain": Verb(_S, "send.explain", "Explain why one person gets each email, or does not."),
    "pause": Verb(_S, "send.control", "Stop sending at once, until resume."),
    "resume": Verb(_S, "send.control", "Go on after a pause."),
    "cancel": Verb(_S, "send.control", "Cancel one email for everyone who does not have it yet."),
    "retry": Verb(_S, "send.control", "Make failed or late deliveries of an email due now."),
    "in-doubt": Verb(_S, "send.in_doubt", "List or settle deliveries with an unknown outcome."),
    "subscribers": Verb(
        _P, "subscribers.subscribers", "Import, add, show, export, unsubscribe or forget people."
    ),
    "imports": Verb(_P, "subscribers.imports", "List what each import did, or undo one."),
    "suppressions": Verb(
        _P,
        "subscribers.suppressions",
        "List the addresses that get no mail; lift those of bounces.",
    ),
    "inbox": Verb(
        _P, "subscribers.inbox", "Read the mail that came back: letters, bounces, complaints."
    ),
    "replies": Verb(
        _P, "desk.replies", "List letters that wait for an answer; take, answer or close one."
    ),
    "cases": Verb(_P, "desk.cases", "Lead a complaint through five steps, with owner and dates."),
    "advocate": Verb(_P, "desk.advocate", "Report exceptions: rules by people hurt and money."),
    "stories": Verb(
        _P, "heroes.stories", "Read, approve, publish or withdraw what readers answered."
    ),
    "today": Verb(_P, "heroes.today", "Name five people worth a personal line today, and why."),
    "note": Verb(_P, "heroes.note", "Add a personal line to one person's copy of an email."),
    "report": Verb(
        _P,
        "heroes.report",
        "Show what was given and asked, and the givers to thank.",
    ),
    "buyers": Verb(_P, "subscribers.buyers", "Record who has bought."),
    "serve": Verb(_P, "serve", "Serve the web pages: sign-up, preferences, deals and more."),
    "deals": Verb(
        _P, "subscribers.deals", "Show stock and codes of deals; give one person more time."
    ),
    "db": Verb(_M, "maintain.db", "Upgrade the database, back it up, or move to another."),
    "doctor": Verb(_M, "health.doctor", "Check settings, database, provider, clock and DNS."),
    "demo": Verb(_M, "maintain.demo", "Run the whole example month with made-up subscribers."),
}


def format_help() -> str:
    """The page of ``lovecampaign --help``, 80 columns wide at most."""
    blocks = [f"Usage: {PROGRAM} [OPTIONS] VERB ...", f"  {PROMISE}"]
    for section in Section:
        rows = {name: verb.summary for name, verb in VERBS.items() if verb.section is section}
        blocks.append(_block(f"{section}:", rows.items()))
    blocks += [_block("Every command:", (COMMON_OPTIONS | _OWN_OPTIONS).items()), FIRST_STEP]
    return "\n\n".join(blocks)


def _block(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([heading, *(f"  {name:<14}{meaning}" for name, meaning in rows)])
