"""What holds for every command, as a person types it."""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lovecampaign import __version__
from lovecampaign.cli.framework.registry import COMMON_OPTIONS, VERBS
from lovecampaign.testing.campaigns import write_campaign
from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop
from tests.acceptance.program import lovecampaign as fresh_lovecampaign
from tests.chaos.commands import fork_command as lovecampaign

HEAVY = {"sqlalchemy", "pydantic", "sendgrid", "jinja2", "babel", "starlette", "rich", "yaml"}
MODULES_OF_CHECK = """
import sys
sys.argv = ["lovecampaign", "check"]
from lovecampaign.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
RENDERERS = {"jinja2", "markdown_it", "mjml", "lovecampaign.render.renderer"}
LOADED_BY_HELP = """
import sys
sys.argv = ["lovecampaign", *{words!r}]
from lovecampaign.cli import main
try:
    main()
finally:
    print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def test_help_names_every_verb_and_every_common_option(tmp_path: Path) -> None:
    page = fresh_lovecampaign("--help", cwd=tmp_path).done().out

    for name, verb in VERBS.items():
        assert f"  {name} " in page
        assert verb.summary in page
    for option in COMMON_OPTIONS:
        assert option in page
    assert max(map(len, page.splitlines())) <= 80
    assert page.endswith("lovecampaign new my-launch --start today\n")


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--json", "--help"], ["--version"]])
def test_help_loads_none_of_the_heavy_libraries(tmp_path: Path, words: list[str]) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", LOADED_BY_HELP.format(words=words)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(finished.stderr.split())
    assert "lovecampaign" in loaded
    assert loaded & HEAVY == set()


def test_plan_and_status_load_no_renderer_and_one_dialect() -> None:
    code = (
        "import sys, lovecampaign.cli.write.plan, lovecampaign.cli.send.status; print(*sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    loaded = set(finished.stdout.split())
    assert "lovecampaign.store.reports.campaign_report" in loaded
    assert loaded & RENDERERS == set()
    assert [name for name in loaded if name.startswith("sqlalchemy.dialects.postgresql")] == []


#: What a verb loads of the big libraries, where the campaign is known and nothing is due.
LOADED_BY_VERB = {
    "check": {"jinja2", "sqlalchemy"},  # to find what templates include, and to count people
    "plan": {"sqlalchemy"},
    "status": {"sqlalchemy"},
    "send": {"sqlalchemy"},
    "explain": {"sqlalchemy"},
}
BIG = HEAVY | RENDERERS | {"alembic", "email_validator", "smtplib", "urllib3"}


def test_each_verb_loads_what_it_needs(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2, length=5)
    settings = {**os.environ, "LOVECAMPAIGN_SECRET_KEY": "5e" * 32}
    loaded = {}
    for verb in ("check", "plan", *LOADED_BY_VERB):  # the first two fill cache and tables
        words = [verb, "ana@bloom.example"] if verb == "explain" else [verb]
        finished = subprocess.run(
            [sys.executable, "-c", LOADED_BY_HELP.format(words=words)],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        loaded[verb] = set(finished.stderr.split()) & BIG

    assert loaded == LOADED_BY_VERB


def test_check_loads_a_renderer_only_where_a_letter_was_edited(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2, length=5)
    loaded = []
    for _ in range(2):
        finished = subprocess.run(
            [sys.executable, "-c", MODULES_OF_CHECK],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        loaded.append(set(finished.stderr.split()))

    assert loaded[0] >= {"markdown_it", "mjml", "lovecampaign.render.renderer"}
    unneeded = {"sqlalchemy", "smtplib", "asyncio", "lovecampaign.checks.registry"}
    assert loaded[1] & (unneeded | RENDERERS - {"jinja2"}) == set()


def test_help_is_there_within_three_and_a_half_bare_starts_of_python() -> None:
    bare = cpu_seconds([sys.executable, "-c", ""])
    shown = cpu_seconds([sys.executable, "-m", "lovecampaign", "--help"])

    assert shown <= 3.5 * bare


def cpu_seconds(command: list[str]) -> float:
    """The least of ten runs: what the work costs, not what the machine did beside it."""
    return min(_one_run(command) for _ in range(10))


def _one_run(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_the_short_and_the_roundabout_help_are_the_same_page(tmp_path: Path) -> None:
    pages = [lovecampaign(*words, cwd=tmp_path).out for words in (["--help"], ["--quiet", "-h"])]

    assert pages[0] == pages[1] != ""


def test_without_a_verb_the_help_goes_to_stderr_and_the_code_is_2(tmp_path: Path) -> None:
    said = lovecampaign(cwd=tmp_path)

    assert (said.code, said.out) == (2, "")
    assert "lovecampaign new" in said.err


def test_version(tmp_path: Path) -> None:
    assert lovecampaign("--version", cwd=tmp_path).done().out == f"lovecampaign {__version__}\n"


@pytest.mark.parametrize(("typed", "meant"), [("chek", "check"), ("shcema", "schema")])
def test_an_unknown_command_is_answered_with_the_one_that_was_meant(
    tmp_path: Path, typed: str, meant: str
) -> None:
    said = lovecampaign(typed, cwd=tmp_path)

    assert (said.code, said.out) == (2, "")
    assert f'no command "{typed}". Did you mean "{meant}"?' in said.err


@pytest.mark.parametrize(
    "words", [["--json", "chek"], ["chek", "--json"], ["check", "--json", "-x"]]
)
def test_wrong_usage_is_told_in_json_too(tmp_path: Path, words: list[str]) -> None:
    said = lovecampaign(*words, cwd=tmp_path)

    assert (said.code, said.err) == (2, "")
    assert said.codes == ["usage"]
    assert said.json["errors"][0]["hint"].startswith("type: lovecampaign")


def test_the_envelope_names_the_command_that_failed(tmp_path: Path) -> None:
    said = lovecampaign("check", "--strct", "--json", cwd=tmp_path)

    assert said.json["schema"] == "lovecampaign/check@1"
    assert "Did you mean --strict?" in said.json["errors"][0]["message"]


def test_an_option_without_its_value_is_told_of_its_command(tmp_path: Path) -> None:
    said = lovecampaign("send", "--json", "--day", cwd=tmp_path)

    assert said.json["schema"] == "lovecampaign/send@1"
    (problem,) = said.json["errors"]
    assert "--day" in problem["message"]
    assert problem["hint"] == "type: lovecampaign send --help"


def test_the_envelope_of_no_command_names_none(tmp_path: Path) -> None:
    for words in (["frobnicate", "--json"], ["--json"]):
        assert lovecampaign(*words, cwd=tmp_path).json["schema"] == "lovecampaign/usage@1"


@pytest.mark.parametrize("words", ["list", "launch", "send --xyz", "send --dy 1 --as"])
def test_what_is_far_from_every_word_is_answered_with_none(tmp_path: Path, words: str) -> None:
    said = lovecampaign(*words.split(), cwd=tmp_path)

    assert said.code == 2
    assert said.err.count("Did you mean") == ("--dy" in words)


@pytest.mark.parametrize(
    "instant", ["today", "2027-02-01", "2027-02-01T09:00", "2027-02-31T09:00Z"]
)
def test_now_needs_an_instant_with_its_offset(tmp_path: Path, instant: str) -> None:
    said = lovecampaign("check", "--now", instant, cwd=tmp_path)

    assert said.code == 2
    assert instant in said.err
    assert "--now" in said.err


def test_a_shell_completes_verbs_without_importing_them(tmp_path: Path) -> None:
    said = fresh_lovecampaign(
        cwd=tmp_path,
        _LOVECAMPAIGN_COMPLETE="bash_complete",
        COMP_WORDS="lovecampaign sch",
        COMP_CWORD="1",
    )

    assert said.out == "plain,schema\n"


def test_a_folder_that_is_no_workspace_says_what_to_type(tmp_path: Path) -> None:
    said = lovecampaign("check", cwd=tmp_path)

    assert said.code == 2
    assert "lovecampaign new" in said.err


def test_a_folder_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert lovecampaign("check", "-C", "nowhere", cwd=tmp_path).code == 2


def test_a_reader_who_has_seen_enough_ends_no_command(tmp_path: Path) -> None:
    finished = subprocess.run(
        f"set -o pipefail; '{sys.executable}' -m lovecampaign schema --quiet | head -c 1",
        shell=True,
        executable="/bin/bash",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (finished.returncode, finished.stderr) == (0, "")


def test_json_output_is_ascii_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    said = fresh_lovecampaign("check", "Zoë", "--json", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert said.out.isascii()
    assert json.loads(said.out)["ok"] is False


def in_a_shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line as a shell runs it, with ends that Python's own subprocess never makes."""
    program = f"{shlex.quote(sys.executable)} -m lovecampaign"
    finished = subprocess.run(
        ["sh", "-c", line.replace("lovecampaign", program)],
        cwd=cwd,
        env=CLEAN_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in finished.stderr
    return finished


@pytest.mark.parametrize("words", ["status", "status --json", "status --help", "--help"])
def test_a_full_disk_behind_stdout_is_told_on_stderr(shop: Shop, words: str) -> None:
    said = in_a_shell(f"lovecampaign {words} >/dev/full", shop.folder)

    assert said.returncode == 1
    assert "No space left" in said.stderr


def test_a_full_disk_behind_both_ends_leaves_the_exit_code(shop: Shop) -> None:
    assert (
        in_a_shell("lovecampaign status nowhere 2>/dev/full >/dev/full", shop.folder).returncode
        == 2
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_end_stops_no_command_and_is_no_way_into_the_database(
    shop: Shop, closed: str
) -> None:
    for words in ("status", "status --json", "subscribers add eva@readers.example"):
        assert in_a_shell(f"lovecampaign {words} {closed}", shop.folder).returncode == 0
    assert shop.type("subscribers", "show", "eva@readers.example").code == 0


def test_a_folder_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    said = in_a_shell("rmdir ../gone && lovecampaign status", here)

    assert said.returncode == 2, said.stderr
    assert "is gone" in said.stderr
