"""What is wrong with the house, and what to type? The verb ``doctor``."""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.maintain.checks import look_at_everything
from lovecampaign.cli.maintain.findings import Finding, State
from lovecampaign.cli.output import style
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.words import count_of
from lovecampaign.core.errors import ExitCode

_MARKS = {
    State.GOOD: style.good("good"),
    State.DOUBTFUL: "look",
    State.WRONG: style.trouble("wrong"),
    State.UNKNOWN: style.faint("unknown"),
}


@verb("doctor")
def doctor(invocation: Invocation) -> Result:
    """Look at settings, database, provider, clock and DNS.

    Everything that is wrong is listed with what to type or change. It sends nothing.
    """
    findings = list(look_at_everything(invocation))
    return Result(
        data={"findings": [finding.as_json() for finding in findings]},
        text="\n".join([*map(_line, findings), _summary(findings)]),
        told=[finding.as_problem() for finding in findings if finding.is_problem],
        exit_code=_exit_code(findings),
        next_command="lovecampaign check",
    )


def _line(finding: Finding) -> str:
    mark = _MARKS[finding.state]
    gap = " " * (8 - len(style.plain(mark)))
    line = f"{mark}{gap}{finding.name}: {finding.message}"
    return f"{line}\n        help: {finding.hint}" if finding.hint else line


def _summary(findings: Sequence[Finding]) -> str:
    number = sum(finding.state is State.WRONG for finding in findings)
    return f"{count_of(number, 'thing')} wrong." if number else "Nothing is wrong."


def _exit_code(findings: Sequence[Finding]) -> ExitCode:
    if any(finding.is_unreachable for finding in findings):
        return ExitCode.UNREACHABLE
    if any(finding.state is State.WRONG for finding in findings):
        return ExitCode.PROBLEMS
    return ExitCode.DONE
