"""What a person at a terminal sees and is asked."""

from __future__ import annotations

import os
import pty
import time
from pathlib import Path

import pytest

from lovecampaign.testing.smtp_server import SmtpServer
from tests.acceptance.program import Shop
from tests.chaos.commands import shared_commands

DAY_1 = ("--now", "2027-02-01T11:00Z")


def at_a_terminal(folder: Path, *words: str, typed: str = "", **settings: str) -> tuple[int, str]:
    """Run a command with a terminal on all three ends; exit code and what the screen showed."""
    ours, theirs = pty.openpty()
    command = shared_commands().start(
        *words,
        folder=folder,
        settings={"TERM": "xterm", "COLUMNS": "100"} | settings,
        terminal=os.ttyname(theirs),
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed: EIO on Linux
            break
    os.close(ours)
    return command.end(10).code, shown.decode()


@pytest.mark.parametrize(
    ("typed", "code", "received"), [("test-month\n", 0, 2), ("yes\n", 4, 0), ("\x04", 4, 0)]
)
def test_mail_that_leaves_waits_for_the_retyped_name(
    shop: Shop, typed: str, code: int, received: int
) -> None:
    with SmtpServer() as server:
        provider = f"smtp://{server.host}:{server.port}"
        done, shown = at_a_terminal(
            shop.folder, "send", *DAY_1, typed=typed, LOVECAMPAIGN_PROVIDER=provider
        )
        assert 'Type "test-month" to go on:' in shown
        assert "Up to 2 messages of test-month will go out" in shown
        assert done == code
        assert len(server.received) == received


@pytest.mark.parametrize(
    ("typed", "words"),
    [("yes\n", "what you typed is not test-month"), ("\x04", "you typed no name")],
)
def test_a_name_that_was_not_retyped_is_told_in_words(shop: Shop, typed: str, words: str) -> None:
    with SmtpServer() as server:
        provider = f"smtp://{server.host}:{server.port}"
        _, shown = at_a_terminal(
            shop.folder, "send", *DAY_1, typed=typed, LOVECAMPAIGN_PROVIDER=provider
        )
    assert words in shown


@pytest.mark.parametrize(("typed", "code"), [("day-02\n", 0), ("yes\n", 4)])
def test_a_cancellation_waits_for_the_retyped_key(shop: Shop, typed: str, code: int) -> None:
    done, shown = at_a_terminal(shop.folder, "cancel", "day-02", *DAY_1, typed=typed)
    assert '3 people will not get day-02. Type "day-02" to go on:' in shown
    assert done == code
    undone = shop.data("cancel", "day-02", "--undo", *DAY_1)
    assert undone["changed"] is (code == 0)


def test_no_input_never_asks(shop: Shop) -> None:
    with SmtpServer() as server:
        provider = f"smtp://{server.host}:{server.port}"
        words = ("send", "--no-input", *DAY_1)
        code, shown = at_a_terminal(shop.folder, *words, LOVECAMPAIGN_PROVIDER=provider)
    assert code == 4
    assert "--yes" in shown
    assert "Type" not in shown


@pytest.mark.parametrize(
    ("typed", "code", "is_known"),
    [("ben@readers.example\n", 0, False), ("yes\n", 4, True), ("\x04", 4, True)],
)
def test_to_forget_somebody_asks_for_their_address(
    shop: Shop, typed: str, code: int, is_known: bool
) -> None:
    words = ("subscribers", "forget", "ben@readers.example")
    done, shown = at_a_terminal(shop.folder, *words, typed=typed)

    assert done == code
    assert "erased for good" in shown
    assert "Kept are a keyed hash" in shown
    known = shop.type("subscribers", "show", "ben@readers.example", "--json").data
    assert bool(known["subscriber"]) is is_known


@pytest.mark.parametrize("word", ["--yes", "--no-input"])
def test_to_forget_asks_nothing_of_who_means_it(shop: Shop, word: str) -> None:
    words = ("subscribers", "forget", "ben@readers.example")
    done, shown = at_a_terminal(shop.folder, *words, word)

    assert done == 0
    assert "Type" not in shown
    assert "was forgotten already" in at_a_terminal(shop.folder, *words)[1]


def test_colours_and_a_bar_are_for_people(shop: Shop) -> None:
    code, shown = at_a_terminal(shop.folder, "send", *DAY_1)

    assert code == 0
    assert "Sending" in shown
    assert "\x1b[32m2 sent\x1b[0m" in shown


@pytest.mark.parametrize("plain", ["--no-color", "NO_COLOR"])
def test_who_wants_no_colours_gets_none(shop: Shop, plain: str) -> None:
    words = ("status", *DAY_1) + ((plain,) if plain.startswith("--") else ())
    settings = {} if plain.startswith("--") else {plain: "1"}
    code, shown = at_a_terminal(shop.folder, *words, **settings)

    assert code == 0
    assert "\x1b" not in shown
    assert "\x1b[" in at_a_terminal(shop.folder, "status", *DAY_1)[1]
