"""Time of ``--help``, of the example month, and of what an author types all day.

``BASELINE=FOLDER make bench`` names a checkout of an earlier build to compare with. npm's mjml
comes from ``make bench-setup``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure, Measured, Ratio
from benchmarks.rounds import Contender, Stats, ratio_to, run_rounds
from benchmarks.sinks import TOOLS
from lovecampaign.campaign.workspace.find import CAMPAIGNS, EXAMPLE_CAMPAIGN, find_example

PART = "Start"
HELP, BARE = "lovecampaign --help", "python -c pass"
MOST_TIMES_BARE, MOST_TIMES_WITH_SLACK = 3.5, 4.5
_PROGRAM = str(Path(sys.executable).with_name("lovecampaign"))
OURS, MJML, BASELINE = "lovecampaign", "npm mjml on one small file", "the earlier build"
_MJML = TOOLS / "node" / "node_modules" / ".bin" / "mjml"
_SMALL = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>"
    "</mj-body></mjml>"
)
_NOW = ("--now", "2027-01-20T12:00Z")
#: What an earlier build is compared with, and how many times faster ours shall be.
_COMMANDS: Mapping[str, tuple[Sequence[str], float]] = {
    "check, one letter edited": (("check",), 1 / 0.12),
    "plan": (("plan",), 2.5),
    "status": (("status",), 2.5),
    "send with nothing due": (("send",), 2.5),
}


def measure(rounds: int) -> Measured:
    return [_help(3 * rounds), _demo(), *_everyday(rounds)]


def _help(rounds: int) -> Figure:
    stats = run_rounds(
        {
            HELP: lambda: 1 / _seconds([_PROGRAM, "--help"]),
            BARE: lambda: 1 / _seconds([sys.executable, "-c", "pass"]),
        },
        rounds,
    )
    return Figure(
        part=PART,
        name=f"{HELP}, times {BARE}",
        value=stats[BARE].times(stats[HELP]),
        unit="×",
        target=MOST_TIMES_BARE,
        is_less_better=True,
        floor=MOST_TIMES_WITH_SLACK,
        note=f"{1000 / stats[HELP].median:.0f} ms and {1000 / stats[BARE].median:.0f} ms",
    )


def _demo() -> Figure:
    people = 300 if os.environ.get("QUICK") else 1_000
    return Figure(
        part=PART,
        name=f"make demo, {people:,} subscribers",
        value=_seconds([_PROGRAM, "demo", "--subscribers", str(people)]),
        unit="s",
        target=60.0,
        is_less_better=True,
    )


def _everyday(rounds: int) -> Measured:
    # The earlier build knows its own example, and so does ours.
    example = Path(os.environ.get("BASELINE") or find_example())
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "ours"
        # One workspace for each build: they differ in the schema of the database.
        for build in (workspace, workspace.with_name("baseline")):
            for name in (CAMPAIGNS, "templates"):
                shutil.copytree(example / name, build / name)
        (workspace / "small.mjml").write_text(_SMALL)
        cold = _cold(workspace, rounds)
        # ``plan`` makes the database, which the checks above do without.
        return [cold, *(_command_of_day(workspace, name, rounds) for name in _COMMANDS)]


def _cold(workspace: Path, rounds: int) -> Figure:
    contenders = {OURS: _command(workspace, None, "check", "--no-cache")}
    if _MJML.exists():
        mjml = ["node", str(_MJML), "small.mjml", "-o", "small.html"]
        contenders[MJML] = lambda: 1 / _seconds(mjml, workspace)
    stats = run_rounds(contenders, rounds)
    return _figure("check of the example, nothing cached", stats, MJML, 1.0)


def _command_of_day(workspace: Path, name: str, rounds: int) -> Figure:
    words, target = _COMMANDS[name]
    edits = count()

    def contender(workspace: Path, baseline: str | None) -> Contender:
        letter = next((workspace / EXAMPLE_CAMPAIGN / "days").glob("05*.md"))
        run = _command(workspace, baseline, *words)

        def edit_and_run() -> float:
            if "edited" in name:
                letter.write_text(f"{letter.read_text()}\nThank you, {next(edits)} times.\n")
            return run()

        return edit_and_run

    contenders = {OURS: contender(workspace, None)}
    if baseline := os.environ.get("BASELINE"):
        contenders[BASELINE] = contender(workspace.with_name("baseline"), baseline)
    return _figure(name, run_rounds(contenders, rounds), BASELINE, target)


def _command(workspace: Path, baseline: str | None, *words: str) -> Contender:
    command = [sys.executable, "-m", "lovecampaign", *words, *_NOW]
    root = baseline or str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "LOVECAMPAIGN_SECRET_KEY": "5e" * 32}
    return lambda: 1 / _seconds(command, workspace, environment)


def _figure(name: str, stats: Mapping[str, Stats], peer: str, target: float) -> Figure:
    ratios: list[Ratio] = [ratio_to(stats, OURS, peer, target)] if peer in stats else []
    return Figure(
        part=PART,
        name=name,
        value=stats[OURS].median,
        unit="runs/s",
        ratios=ratios,
        note="a new process each time, on a SQLite database",
    )


def _seconds(
    command: Sequence[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - start
