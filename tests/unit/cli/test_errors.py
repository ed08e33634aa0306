"""Facts about what a failure says, and about the file that holds its details."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import pytest

import lovecampaign as program
from lovecampaign.cli.app import run
from lovecampaign.cli.framework.bug_log import redact, secrets
from lovecampaign.cli.framework.errors import describe_failure, report_failure
from lovecampaign.cli.output.output import Output, Streams
from lovecampaign.core.errors import ExitCode, ProblemsFound, Unreachable
from lovecampaign.core.problems import Place, Problem

SECRET = "SG.correct-horse-battery"
PROBLEM = Problem(code="dup", message="twice", place=Place(file="campaign.yaml", line=3, column=1))


class Ends:
    """The streams of a process in memory."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()

    def output(self, *, as_json: bool = False) -> Output:
        return Output(Streams(io.StringIO(), self.out, self.err), as_json=as_json)


@pytest.fixture
def ends() -> Ends:
    return Ends()


def failing() -> ValueError:
    """An unexpected exception, with a traceback and a secret in it."""
    with pytest.raises(ValueError, match="cannot reach") as caught:
        int(f"cannot reach smtp://ana:{SECRET}@mail.example for zoe@readers.example")
    return caught.value


def test_an_error_of_ours_says_what_happened_and_what_to_type(ends: Ends) -> None:
    error = Unreachable("the database does not answer", hint="type: lovecampaign doctor")

    assert report_failure(error, ends.output(), ["plan"]) == ExitCode.UNREACHABLE
    assert ends.err.getvalue() == (
        "error: the database does not answer\n  help: type: lovecampaign doctor\n"
    )
    assert ends.out.getvalue() == ""


def test_problems_stand_in_the_envelope_one_by_one(ends: Ends) -> None:
    error = ProblemsFound("the campaign has mistakes", [PROBLEM])

    assert report_failure(error, ends.output(as_json=True), ["plan"]) == ExitCode.PROBLEMS
    assert json.loads(ends.out.getvalue())["errors"] == [dict(PROBLEM.as_json())]


def test_problems_are_shown_before_what_they_mean(ends: Ends) -> None:
    report_failure(ProblemsFound("the campaign has mistakes", [PROBLEM]), ends.output(), ["plan"])

    shown = ends.err.getvalue()
    assert "campaign.yaml:3:1" in shown
    assert shown.endswith("error: the campaign has mistakes\n")


def test_a_mistake_of_ours_names_a_file_and_shows_no_traceback(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "campaigns").mkdir()
    monkeypatch.chdir(tmp_path)

    assert report_failure(failing(), ends.output(), ["plan"]) == ExitCode.BUG
    assert "Traceback" not in ends.err.getvalue()
    (log,) = (tmp_path / ".lovecampaign").iterdir()
    assert str(log) in ends.err.getvalue()
    assert "ValueError: invalid literal" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_the_details_go_to_the_workspace_that_was_named(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop" / "campaigns").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    report_failure(failing(), ends.output(), ["plan", "-C", "shop"])

    assert list((tmp_path / "shop" / ".lovecampaign").iterdir())


def test_outside_a_workspace_the_details_go_to_the_folder_for_temporary_files(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report_failure(failing(), ends.output(), ["plan"])

    path = Path(ends.err.getvalue().split("Details: ")[1].splitlines()[0])
    assert path.is_file()
    assert tmp_path not in path.parents
    path.unlink()


def test_the_details_hold_no_secret_and_no_address(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / ".env").write_text(f"SENDGRID_API_KEY={SECRET}\n")
    monkeypatch.chdir(tmp_path)

    report_failure(failing(), ends.output(), ["explain", "zoe@readers.example"])

    text = next((tmp_path / ".lovecampaign").iterdir()).read_text()
    assert SECRET not in text
    assert "zoe@" not in text
    assert "readers.example" in text


def test_secrets_are_found_in_the_environment_and_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("LOVECAMPAIGN_SECRET_KEY=first-key,second-key\n")
    monkeypatch.setenv("LOVECAMPAIGN_DATABASE_URL", "postgresql://ana:pw@db/love")
    monkeypatch.setenv("LOVECAMPAIGN_PUBLIC_URL", "https://love.example")

    found = secrets(tmp_path)

    assert {"first-key", "second-key", "postgresql://ana:pw@db/love"} <= found
    assert "https://love.example" not in found


def test_a_password_in_a_url_is_hidden_even_where_it_is_no_setting() -> None:
    assert redact("postgresql://ana:hunter2@db/love", ()) == "postgresql://***@db/love"


def test_a_file_of_ours_that_is_not_there_is_a_mistake_of_ours() -> None:
    missing = str(Path(program.__file__).parent / "nowhere.json")

    assert describe_failure(OSError(errno.ENOENT, "No such file", missing)) is None
    assert describe_failure(OSError(errno.ENOENT, "No such file")) is None


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT, errno.ENAMETOOLONG]
)
def test_a_full_or_closed_disk_is_no_mistake_of_ours(number: int) -> None:
    failure = describe_failure(OSError(number, os.strerror(number), "outbox/new"))

    assert failure is not None
    assert failure.exit_code is ExitCode.PROBLEMS
    assert "outbox/new" in failure.message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "--now", "noon"], "--now: 'noon' is not an instant like"),
        (["plan", "--now", "9999-12-31T23:59-12:00"], "--now: "),
        (["plan", "--now", "0001-01-01T00:00Z"], "is not between 1970 and 2199"),
        (["send", "--day", ""], "--day: it is empty"),
        (["plan", "--ics", "/nowhere/x.ics"], "--ics: there is no folder /nowhere"),
        (["explain"], "EMAIL is missing\n"),
        (["retry", "day-01"], "--state is missing: failed or late\n"),
        (["send", "--limit", "0"], "--limit: write a whole number from 1 on\n"),
        (["send", "--limit", "few"], "--limit: write a whole number from 1 on\n"),
        (["serve", "--port", "70000"], "--port: write a whole number from 0 to 65,535\n"),
        (["in-doubt", "resolve", "x"], "ID: write a whole number\n"),
        (["subscribers", "export", "/"], "FILE: / is a folder\n"),
        (["plan", "--ics", ""], "--ics: it is empty\n"),
        (["subscribers", "import", ""], "FILE: it is empty\n"),
        (["buyers", "import", ""], "FILE: it is empty\n"),
        (["buyers", "add", ""], "EMAIL|CODE: it is empty\n"),
        (["pause", "--why", ""], "--why: it is empty\n"),
        (["plan", "--now", "2027-02-01T10:00"], "write 2027-02-01T10:00Z, or an offset such as"),
    ],
)
def test_wrong_usage_says_what_is_wrong_first(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_an_interruption_is_130(ends: Ends) -> None:
    assert report_failure(KeyboardInterrupt(), ends.output(), ["run"]) == ExitCode.INTERRUPTED
    assert "Traceback" not in ends.err.getvalue()


def test_a_closed_pipe_is_silent(ends: Ends) -> None:
    assert report_failure(BrokenPipeError(), ends.output(), ["plan"]) == 141
    assert ends.err.getvalue() == ""


def test_run_returns_the_exit_code_of_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["no-such-verb"]) == ExitCode.USAGE
    assert "no-such-verb" in capsys.readouterr().err
