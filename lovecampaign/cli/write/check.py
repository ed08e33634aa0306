"""The verb ``check``: every mistake of campaigns at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from lovecampaign.campaign.deals.code_file import read_codes
from lovecampaign.campaign.files.cached_load import load_campaign, load_campaign_cached
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import list_campaigns, pick_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.problem_cache import ProblemCache
from lovecampaign.checks.run import check_campaign
from lovecampaign.checks.two_processes import map_in_two_processes
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.excerpt import format_annotation, format_problem
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import green, red
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.facts import find_facts_leniently, with_people
from lovecampaign.core.errors import ExitCode, ProblemsFound, UsageError
from lovecampaign.core.problems import Problem, has_errors, in_file_order
from lovecampaign.core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCodeFile:
    """The codes of a deal's file, for the author to see that they are what was meant."""

    campaign: str
    deal: str
    file: str
    count: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The checked campaigns and their problems."""

    names: Sequence[str]
    files: int
    problems: Sequence[Problem]
    #: The code files of deals.
    codes: Sequence[CheckedCodeFile] = ()

    @property
    def has_errors(self) -> bool:
        return has_errors(self.problems)


@verb("check")
@campaign_argument
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: annotations on the lines of a pull request.",
)
@click.option("--no-cache", is_flag=True, help="Check every letter anew, and keep no results.")
@click.option("--explain", "code", metavar="CODE", help="What a code means, and how to fix it.")
def check(
    invocation: Invocation,
    campaign_name: str | None,
    form: str,
    code: str | None,
    *,
    strict: bool,
    no_cache: bool,
) -> Result:
    """Find every mistake at once, with file, line and hint.

    Without CAMPAIGN, every campaign of the workspace is checked.
    """
    if form == "json":
        invocation.output.as_json = True
    if code is not None:
        from lovecampaign.checks.explain import explain  # imports every rule

        return Result(data={"code": code.upper(), "text": explain(code)}, text=explain(code))
    checked = _check(invocation, campaign_name, uses_cache=not no_cache)
    write = _format_github if form == "github" else _format_text
    is_fine = not checked.problems if strict else not checked.has_errors
    following = f"plan {checked.names[0]}"
    if checked.problems:
        following = f"check --explain {checked.problems[0].code}"
    return Result(
        data={
            "campaigns": list(checked.names),
            "files": checked.files,
            "codes": [asdict(one) for one in checked.codes],
        },
        text="\n".join(write(checked, invocation)),
        json_problems=[*checked.problems, *([] if is_fine else _strict_problem(checked))],
        exit_code=ExitCode.DONE if is_fine else ExitCode.PROBLEMS,
        next_command=f"lovecampaign {following}",
    )


def _check(invocation: Invocation, name: str | None, *, uses_cache: bool) -> CheckReport:
    workspace = invocation.find_workspace()
    folders = [pick_campaign(workspace, name)] if name else list_campaigns(workspace)
    if not folders:
        raise UsageError("there is no campaign here yet", hint="type: lovecampaign new NAME")
    settings = invocation.settings()
    facts = find_facts_leniently(invocation, settings)
    cache = ProblemCache(workspace) if uses_cache else None
    reports = [_check_one(folder, workspace, facts, settings, cache) for folder in folders]
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    return CheckReport(
        names=[folder.name for folder in folders],
        files=sum(report.files for report in reports),
        problems=in_file_order(problems),
        codes=[one for report in reports for one in report.codes],
    )


def _check_one(
    folder: Path, workspace: Path, facts: Facts, settings: Settings, cache: ProblemCache | None
) -> CheckReport:
    load = load_campaign_cached if cache else load_campaign
    loaded = load(folder, workspace)
    if loaded.campaign is None:
        files = sum(path.suffix in {".yaml", ".md"} for path in folder.rglob("*"))
        return CheckReport(names=[folder.name], files=files, problems=loaded.problems)
    facts = with_people(facts, loaded.campaign, settings, uses_cache=cache is not None)
    return CheckReport(
        names=[folder.name],
        files=len(loaded.campaign.files),
        problems=[
            *loaded.problems,
            *check_campaign(loaded.campaign, facts, cache, map_in_two_processes),
            *_note_problems(loaded.campaign),
        ],
        codes=list(_code_files(loaded.campaign)),
    )


def _note_problems(campaign: Campaign) -> Iterable[Problem]:
    """A mistake in a file of notes stops its letter."""
    if not (campaign.folder / "notes").is_dir():
        return ()
    from lovecampaign.delivery.prepare.notes import find_note_problems

    return find_note_problems(campaign)


def _code_files(campaign: Campaign) -> Iterator[CheckedCodeFile]:
    for deal in campaign.deals.values():
        if deal.codes_file is None:
            continue
        try:
            codes = read_codes(campaign.folder / deal.codes_file, shown_as=deal.codes_file)
        except (ProblemsFound, UsageError):
            continue  # LC252 tells why
        if codes:
            yield CheckedCodeFile(
                campaign=campaign.slug,
                deal=deal.key,
                file=deal.codes_file,
                count=len(codes),
                first=codes[0],
                last=codes[-1],
            )


def _format_text(checked: CheckReport, invocation: Invocation) -> Iterator[str]:
    for problem in checked.problems:
        yield format_problem(problem, color=invocation.output.color) + "\n"
    for one in checked.codes:
        codes = f"{count_of(one.count, 'code')}, {one.first} to {one.last}"
        yield f"{one.file} (deal {one.deal} of {one.campaign}): {codes}"
    yield _summary(checked)


def _summary(checked: CheckReport) -> str:
    where = f"{', '.join(checked.names)}: {count_of(checked.files, 'file')}"
    if not checked.problems:
        return f"{where}, {green('no mistakes')}"
    errors = sum(problem.is_error for problem in checked.problems)
    parts = [count_of(errors, "error"), count_of(len(checked.problems) - errors, "warning")]
    return f"{where}, {red(' and '.join(parts)) if errors else parts[1]}"


def _strict_problem(checked: CheckReport) -> Iterator[Problem]:
    """The reason of a failure where there are only warnings."""
    if not checked.has_errors:
        yield Problem(
            code="strict",
            message=f"--strict counts {count_of(len(checked.problems), 'warning')} as errors",
            hint="fix what the warnings name, or leave --strict out",
        )


def _format_github(checked: CheckReport, _invocation: Invocation) -> Iterator[str]:
    for problem in checked.problems:
        yield format_annotation(problem)
