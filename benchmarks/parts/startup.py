"""Time of ``--help``, of the example month, and of what an author types all day.

``BASELINE=FOLDER make bench`` names a checkout of an earlier build to compare with. npm's mjml
comes from ``make bench-setup``.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure, Measured, Ratio
from benchmarks.letter import address_of
from benchmarks.rounds import Contender, Stats, ratio_to, run_rounds
from benchmarks.sinks import TOOLS
from benchmarks.workspace import fill_ledger, make_workspace
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
_ROOT = str(Path(__file__).resolve().parents[2])
#: Run by each build with its own modules, for its own schema.
_FILL = (
    "import sys; from pathlib import Path; from benchmarks.workspace import *; "
    "folder = Path(sys.argv[1]); make_workspace(folder); "
    "[add_subscribers(each, int(sys.argv[2])) for each in [open_database(settings_of(folder))]]"
)


def measure(rounds: int) -> Measured:
    return [
        _help(3 * rounds),
        _demo(),
        *_everyday(rounds),
        _preview(rounds),
        _plan_of_many(rounds),
        _explain(rounds),
        _processor_time(rounds),
    ]


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
    words = ("demo", "--subscribers", str(people))
    with tempfile.TemporaryDirectory() as folder:
        stats = run_rounds(_builds(lambda root: _command(Path(folder), root, *words)), 1)
    seconds = 1 / stats[OURS].median
    ratios = [ratio_to(stats, OURS, BASELINE, 1 / 0.3)] if BASELINE in stats else []
    return Figure(
        part=PART,
        name=f"make demo, {people:,} subscribers",
        value=seconds,
        unit="s",
        target=60.0,
        is_less_better=True,
        ratios=ratios,
    )


def _preview(rounds: int) -> Figure:
    """From the start of the process to the page of the month."""
    with tempfile.TemporaryDirectory() as name:

        def contender(root: str | None) -> Contender:
            workspace = Path(name) / ("baseline" if root else "ours")
            for part in (CAMPAIGNS, "templates"):
                shutil.copytree(Path(root or find_example()) / part, workspace / part)
            return lambda: 1 / _seconds_to_month(workspace, root)

        stats = run_rounds(_builds(contender), rounds)
    return _figure("preview, start to the month's page", stats, BASELINE, 2.5)


def _seconds_to_month(workspace: Path, root: str | None) -> float:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lovecampaign", "preview", "--no-open", "--port", str(port)]
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=workspace,
        env=_environment(root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            while server.poll() is None:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
                        page.read()
                    return time.perf_counter() - start
                except urllib.error.URLError:
                    time.sleep(0.01)
            raise RuntimeError(f"preview ended with exit code {server.returncode}")
        finally:
            server.terminate()


def _plan_of_many(rounds: int) -> Figure:
    people = 30_000 if os.environ.get("QUICK") else 1_000_000
    with tempfile.TemporaryDirectory() as name:

        def contender(root: str | None) -> Contender:
            workspace = Path(name) / ("baseline" if root else "ours")
            _fill(workspace, root, people)
            return _command(workspace, root, "plan")

        stats = run_rounds(_builds(contender), rounds)
    return _figure(f"plan, {people:,} subscribers", stats, BASELINE, 2.0)


def _explain(rounds: int) -> Figure:
    few, many = 10_000, 300_000 if os.environ.get("QUICK") else 10_000_000
    with tempfile.TemporaryDirectory() as name:
        contenders = {}
        for rows in (few, many):
            workspace = Path(name) / str(rows)
            make_workspace(workspace)
            fill_ledger(workspace, rows)
            words = ("explain", address_of(few // 2))
            contenders[f"{rows:,} rows"] = _command(workspace, None, *words)
        stats = run_rounds(contenders, rounds)
    return Figure(
        part=PART,
        name=f"explain, {many:,} rows of the ledger, times {few:,}",
        value=stats[f"{few:,} rows"].times(stats[f"{many:,} rows"]),
        unit="×",
        target=1.5,
        is_less_better=True,
        floor=1.8,
    )


def _processor_time(rounds: int) -> Figure:
    """Planning, claims, rendering, journal and settling in one process, without a network."""
    people = 2_000

    def contender(root: str | None) -> Contender:
        def send() -> float:
            with tempfile.TemporaryDirectory() as name:
                _fill(Path(name), root, people)
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.parts.one_send", name],
                    cwd=root or _ROOT,
                    env=_environment(root),
                    capture_output=True,
                    check=True,
                )
            costs = json.loads(done.stdout)
            return float(costs["sent"] / costs["cpu_seconds"])

        return send

    stats = run_rounds(_builds(contender), rounds)
    ratios = [ratio_to(stats, OURS, BASELINE, 1 / 0.9)] if BASELINE in stats else []
    return Figure(
        part=PART,
        name="messages a second of processor time, one process",
        value=stats[OURS].median,
        unit="messages/s",
        ratios=ratios,
        note=f"{people:,} subscribers, without start-up and network",
    )


def _fill(workspace: Path, root: str | None, people: int) -> None:
    command = [sys.executable, "-c", _FILL, str(workspace), str(people)]
    _seconds(command, Path(root or _ROOT), _environment(root))


def _builds(contender: Callable[[str | None], Contender]) -> dict[str, Contender]:
    """A contender of this build, and one of the earlier build where there is one."""
    contenders = {OURS: contender(None)}
    if baseline := os.environ.get("BASELINE"):
        contenders[BASELINE] = contender(baseline)
    return contenders


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
    command = [sys.executable, "-m", "lovecampaign", *words]
    command += () if "demo" in words else _NOW
    return lambda: 1 / _seconds(command, workspace, _environment(baseline))


def _environment(baseline: str | None) -> Mapping[str, str]:
    """Of a build's commands, which keep their compiled modules as everywhere."""
    environment = {**os.environ, "PYTHONPATH": baseline or _ROOT}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**environment, "LOVECAMPAIGN_SECRET_KEY": "5e" * 32}


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
