"""The verb ``doctor``: health checks, each with what to type or change."""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.maintain.health_checks import check_everything
from lovecampaign.cli.maintain.health_finding import HealthFinding, HealthState
from lovecampaign.cli.output import style
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.core.errors import ExitCode

_MARKS = {
    HealthState.GOOD: style.green("good"),
    HealthState.DOUBTFUL: "check",
    HealthState.WRONG: style.red("wrong"),
    HealthState.UNKNOWN: style.dim("unknown"),
}


@verb("doctor")
def doctor(invocation: Invocation) -> Result:
    """Check settings, database, provider, clock and DNS.

    Everything that is wrong is listed with what to type or change. It sends nothing.
    """
    findings = list(check_everything(invocation))
    return Result(
        data={"findings": findings},
        text="\n".join([*map(_line, findings), _summary(findings)]),
        json_problems=[finding.as_problem() for finding in findings if finding.is_problem],
        exit_code=_exit_code(findings),
        next_command="lovecampaign check",
    )


def _line(finding: HealthFinding) -> str:
    mark = _MARKS[finding.state]
    gap = " " * (8 - len(style.plain(mark)))
    line = f"{mark}{gap}{finding.name}: {finding.message}"
    return f"{line}\n        help: {finding.hint}" if finding.hint else line


def _summary(findings: Sequence[HealthFinding]) -> str:
    number = sum(finding.state is HealthState.WRONG for finding in findings)
    return f"{count_of(number, 'thing')} wrong." if number else "Nothing is wrong."


def _exit_code(findings: Sequence[HealthFinding]) -> ExitCode:
    if any(finding.is_unreachable for finding in findings):
        return ExitCode.UNREACHABLE
    if any(finding.state is HealthState.WRONG for finding in findings):
        return ExitCode.PROBLEMS
    return ExitCode.DONE
