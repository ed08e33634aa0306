"""Facts about what reaches the screen."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

import pytest

from lovecampaign.cli.output.output import Output, Streams
from lovecampaign.cli.output.result import NOT_IN_JSON, Result
from lovecampaign.cli.output.style import green
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem, Severity

WARNING = Problem(code="w", message="careful", severity=Severity.WARNING)
ERROR = Problem(code="e", message="no")


class Terminal(io.StringIO):
    """A stream with a person in front of it."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Screen:
    """The streams of an output, to look at."""

    stdin: io.StringIO
    stdout: io.StringIO
    stderr: io.StringIO

    @property
    def streams(self) -> Streams:
        return Streams(self.stdin, self.stdout, self.stderr)


@pytest.fixture
def pipe() -> Screen:
    return Screen(io.StringIO(), io.StringIO(), io.StringIO())


@pytest.fixture
def terminal() -> Screen:
    return Screen(Terminal("spring\n"), Terminal(), Terminal())


@contextmanager
def pipe_that_nobody_reads() -> Iterator[TextIO]:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


def test_data_goes_to_stdout_and_hints_go_to_stderr(pipe: Screen) -> None:
    Output(pipe.streams).show(Result(text="day-01", next_command="lovecampaign send"))

    assert pipe.stdout.getvalue() == "day-01\n"
    assert pipe.stderr.getvalue() == "Next: lovecampaign send\n"


def test_quiet_leaves_data_and_problems_alone_and_drops_hints(pipe: Screen) -> None:
    Output(pipe.streams, is_quiet=True).show(
        Result(text="day-01", problems=[WARNING], next_command="lovecampaign send")
    )

    assert pipe.stdout.getvalue() == "day-01\n"
    assert "careful" in pipe.stderr.getvalue()
    assert "lovecampaign send" not in pipe.stderr.getvalue()


def test_json_is_one_object_with_the_whole_envelope(pipe: Screen) -> None:
    output = Output(pipe.streams, as_json=True)
    output.command = "check"
    output.show(Result(data={"files": 2}, text="2 files", problems=[WARNING, ERROR]))

    assert json.loads(pipe.stdout.getvalue()) == {
        "schema": "lovecampaign/check@1",
        "ok": True,
        "data": {"files": 2},
        "warnings": [dict(WARNING.as_json())],
        "errors": [dict(ERROR.as_json())],
    }
    assert pipe.stderr.getvalue() == ""


def test_ok_means_exit_code_0(pipe: Screen) -> None:
    Output(pipe.streams, as_json=True).show(Result(exit_code=ExitCode.RUN_AGAIN))

    assert json.loads(pipe.stdout.getvalue())["ok"] is False


def test_a_command_that_stays_prints_one_object_per_line(pipe: Screen) -> None:
    output = Output(pipe.streams, as_json=True)
    for number in range(3):
        output.show_line({"sent": number}, "")

    lines = pipe.stdout.getvalue().splitlines()
    assert [json.loads(line)["data"]["sent"] for line in lines] == [0, 1, 2]


def test_json_is_ascii_so_that_every_pipe_carries_it(pipe: Screen) -> None:
    Output(pipe.streams, as_json=True).show(Result(data={"name": "Zoë 👩‍🌾"}))

    assert pipe.stdout.getvalue().isascii()
    assert json.loads(pipe.stdout.getvalue())["data"] == {"name": "Zoë 👩‍🌾"}


@pytest.mark.parametrize("wants_color", [True, False])
def test_colours_are_for_terminals_that_want_them(
    pipe: Screen, terminal: Screen, wants_color: bool
) -> None:
    text = green("sent")
    for screen in (pipe, terminal):
        Output(screen.streams, wants_color=wants_color).show(Result(text=text))

    assert pipe.stdout.getvalue() == "sent\n"
    assert terminal.stdout.getvalue() == ("\x1b[32msent\x1b[0m" if wants_color else "sent") + "\n"


def test_there_is_somebody_to_ask_only_at_a_terminal(pipe: Screen, terminal: Screen) -> None:
    assert Output(terminal.streams).can_ask
    assert not Output(pipe.streams).can_ask
    assert not Output(terminal.streams, as_json=True).can_ask
    assert not Output(Streams(terminal.stdin, terminal.stdout, pipe.stderr)).can_ask


def test_a_question_goes_to_stderr_and_the_answer_comes_back(terminal: Screen) -> None:
    assert Output(terminal.streams).ask("Which campaign?") == "spring"
    assert terminal.stderr.getvalue() == "Which campaign? "
    assert terminal.stdout.getvalue() == ""


def test_the_end_of_input_is_no_answer_and_ends_the_line(terminal: Screen) -> None:
    streams = Streams(Terminal(""), terminal.stdout, terminal.stderr)

    assert Output(streams).ask("Which campaign?") is None
    assert terminal.stderr.getvalue() == "Which campaign? \n"


def test_a_progress_bar_shows_on_a_terminal_only(pipe: Screen, terminal: Screen) -> None:
    for screen in (pipe, terminal):
        with Output(screen.streams).progress("Sending", total=2) as advance:
            advance(1)
            advance(1)

    assert pipe.stderr.getvalue() == ""
    assert "Sending" in terminal.stderr.getvalue()
    assert terminal.stdout.getvalue() == ""


def test_a_reader_who_has_seen_enough_is_no_failure(pipe: Screen) -> None:
    with pipe_that_nobody_reads() as stdout:
        output = Output(Streams(pipe.stdin, stdout, pipe.stderr))
        output.show(Result(text="one"))
        output.show(Result(text="two"))

    assert pipe.stderr.getvalue() == ""


def test_a_terminal_of_another_encoding_gets_escapes() -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    Output(Streams(io.StringIO(), stdout, io.StringIO())).show(Result(text="Zoë"))

    assert raw.getvalue() == b"Zo\\xeb\n"


@pytest.mark.parametrize(
    ("words", "as_json", "is_quiet"),
    [
        (["check"], False, False),
        (["--json", "check"], True, False),
        (["check", "--json", "--quiet"], True, True),
        (["check", "--", "--json"], False, False),
    ],
)
def test_the_form_is_known_before_the_command_line_is_understood(
    words: list[str], as_json: bool, is_quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Output.for_command_line(words)
    output.show(Result(text="text", next_command="more"))
    captured = capsys.readouterr()

    assert captured.out.startswith("{") is as_json
    assert (captured.err == "") is (is_quiet or as_json)
    assert sys.stdout is not None


class Color(Enum):
    """An enum with values that are not strings."""

    RED = 1


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A dataclass with a field that JSON leaves out."""

    at: datetime
    color: Color
    path: Path
    labels: Mapping[str, int]
    secret: str = field(default="", metadata=NOT_IN_JSON)


def test_json_writes_dataclasses_by_their_fields_and_instants_in_utc(pipe: Screen) -> None:
    at = datetime(2027, 2, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    fact = Fact(at=at, color=Color.RED, path=Path("a/b"), labels=MappingProxyType({"x": 1}))
    Output(pipe.streams, as_json=True).show(Result(data={"facts": (fact,), "next": None}))

    assert json.loads(pipe.stdout.getvalue())["data"] == {
        "facts": [
            {"at": "2027-02-01T09:00:00Z", "color": 1, "path": "a/b", "labels": {"x": 1}},
        ],
        "next": None,
    }


def test_json_refuses_what_it_has_no_form_for(pipe: Screen) -> None:
    with pytest.raises(TypeError, match="set has no form in JSON"):
        Output(pipe.streams, as_json=True).show(Result(data={"names": {"ana"}}))
