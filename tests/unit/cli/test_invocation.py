"""Facts about how a verb is called, and about the options that every verb takes."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from lovecampaign.cli.framework.invocation import Invocation, require_retyped, verb, verb_group
from lovecampaign.cli.framework.options import common_options
from lovecampaign.cli.output.output import Output, Streams
from lovecampaign.cli.output.result import Result
from lovecampaign.core.clock import FixedClock, SystemClock
from lovecampaign.core.errors import ConfirmationNeeded, ExitCode

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
seen: list[Invocation] = []


@click.group("lovecampaign")
@common_options
def program() -> None:
    """A small program of the same make."""


@verb_group("doubts", fallback="list")
def doubts() -> None:
    """Look at doubts, or settle them."""


@verb("list", doubts)
@click.argument("campaign", required=False)
def list_in_doubt_problems(invocation: Invocation, campaign: str | None) -> Result:
    """List them."""
    seen.append(invocation)
    return Result(data={"campaign": campaign}, text=f"doubts of {campaign}")


@verb("settle", doubts)
@click.argument("ids", nargs=-1)
def settle(invocation: Invocation, ids: tuple[str, ...]) -> Result:
    """Settle some."""
    seen.append(invocation)
    return Result(data={"ids": list(ids)}, exit_code=ExitCode.RUN_AGAIN)


program.add_command(doubts)


def call(*words: str) -> tuple[int, str]:
    """Run the program; its exit code and what it printed."""
    seen.clear()
    printed = io.StringIO()
    output = Output(Streams(io.StringIO(), printed, printed), as_json="--json" in words)
    code = program.main(list(words), "lovecampaign", standalone_mode=False, obj=output)
    return code, printed.getvalue()


@pytest.mark.parametrize(
    ("words", "schema", "data"),
    [
        ("doubts", "doubts", {"campaign": None}),
        ("doubts spring", "doubts", {"campaign": "spring"}),
        ("doubts list spring", "doubts", {"campaign": "spring"}),
        ("doubts settle 1 2", "doubts-settle", {"ids": ["1", "2"]}),
        ("doubts --quiet settle 1", "doubts-settle", {"ids": ["1"]}),
        ("doubts --quiet", "doubts", {"campaign": None}),
    ],
)
def test_a_verb_may_stand_alone_or_before_a_subcommand(
    words: str, schema: str, data: dict[str, object]
) -> None:
    _, printed = call(*words.split(), "--json")

    assert json.loads(printed)["schema"] == f"lovecampaign/{schema}@1"
    assert json.loads(printed)["data"] == data


def test_the_exit_code_is_the_result_s() -> None:
    assert call("doubts", "settle")[0] == ExitCode.RUN_AGAIN
    assert call("doubts", "spring") == (0, "doubts of spring\n")


@pytest.mark.parametrize(
    "words",
    [
        "--now 2027-02-01T12:00Z doubts settle",
        "doubts --now 2027-02-01T13:00+01:00 settle",
        "doubts settle --now 2027-02-01T12:00Z",
        "--now 2020-01-01T00:00Z doubts settle --now 2027-02-01T12:00Z",
    ],
)
def test_a_common_option_counts_wherever_it_stands_and_the_last_one_wins(words: str) -> None:
    call(*words.split())

    assert seen[0].chosen_now == seen[0].now == NOON
    assert isinstance(seen[0].clock, FixedClock)


def test_without_now_the_machine_tells_the_time() -> None:
    call("doubts")

    assert seen[0].chosen_now is None
    assert isinstance(seen[0].clock, SystemClock)


def test_the_folder_is_where_one_stands_or_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)

    call("doubts")
    assert seen[0].directory == tmp_path
    call("-C", "shop", "doubts")
    assert seen[0].directory == Path("shop")


def test_verbosity_adds_up() -> None:
    call("doubts", "settle", "-vv")

    assert seen[0].verbosity == 2


class Keyboard(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def asked(answer: str, *, may_ask: bool) -> Invocation:
    output = Output(Streams(Keyboard(answer), Keyboard(), Keyboard()))
    return Invocation(
        output=output,
        clock=FixedClock(NOON),
        chosen_now=None,
        directory=Path(),
        may_ask=may_ask,
        verbosity=0,
    )


def test_the_retyped_name_confirms() -> None:
    require_retyped(asked("spring\n", may_ask=True), "spring", "300 people get mail.")


@pytest.mark.parametrize("answer", ["yes\n", "\n", "", "Spring\n"])
def test_anything_else_declines(answer: str) -> None:
    with pytest.raises(ConfirmationNeeded, match="Nothing was done"):
        require_retyped(asked(answer, may_ask=True), "spring", "300 people get mail.")


def test_with_nobody_to_ask_the_option_is_named() -> None:
    with pytest.raises(ConfirmationNeeded) as caught:
        require_retyped(asked("spring\n", may_ask=False), "spring", "300 people get mail.")

    assert caught.value.exit_code == 4
    assert caught.value.hint == "add --yes"
