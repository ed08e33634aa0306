"""Confirmation before a pass of ``send`` or ``run``, and the report after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, require_retyped
from lovecampaign.cli.output.format import count_of, time_and_zone
from lovecampaign.cli.output.style import green, red
from lovecampaign.core.errors import ExitCode, Unreachable
from lovecampaign.core.problems import Problem, Severity, has_errors
from lovecampaign.delivery.loop.send import SendReport
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign

#: Providers that reach no mailbox.
_HARMLESS = ("maildir:", "memory:")
#: Counts of unfinished deliveries, in words, with what to type.
_FAILURES = {
    "failed": (
        "failed for good",
        "fix the cause, then type: lovecampaign retry KEY --state failed",
    ),
    "in_doubt": (
        "in doubt: it is unknown whether they arrived",
        "type: lovecampaign in-doubt {campaign}",
    ),
    "retry_later": ("to try again later", "type later: lovecampaign send {campaign}"),
    "remaining": (
        "due and not tried",
        "type: lovecampaign send {campaign}; what quiet hours delay is sent at their end",
    ),
}
_COUNTS = ("sent", "failed", "skipped", "in_doubt", "retry_later", "remaining")


def confirm_sending(
    invocation: Invocation,
    campaigns: Sequence[Campaign],
    provider: Provider,
    describe: Callable[[str], str],
) -> None:
    """Ask to retype each campaign's name, unless mail stays in a folder.

    ``describe`` gives the subject of the question: what of a campaign will be sent.

    Raises ConfirmationNeeded where the answer differs, or where asking is not possible.
    """
    if provider.name.startswith(_HARMLESS):
        return
    for campaign in campaigns:
        question = f"{describe(campaign.slug)} will go out by {provider.name.rstrip(':')}."
        require_retyped(invocation, campaign.slug, question)


def tell_left_out(invocation: Invocation, campaign: Campaign, late: Mapping[str, int]) -> None:
    """Say before sending which emails a pass leaves out, because they are too late."""
    if not late:
        return
    told = ", ".join(f"{key} ({number:,})" for key, number in late.items())
    invocation.output.show_note(
        f"{red('too late')}: {campaign.slug} leaves out {told}: nothing was sent in time.\n"
        f"  help: for an email that must go out all the same, type afterwards: "
        f"lovecampaign retry KEY --state late"
    )


def report_json(report: SendReport) -> Mapping[str, object]:
    """The shape of docs/reference.md ("JSON")."""
    return {
        "campaign": report.campaign,
        "now": report.now,
        "due": report.due,
        **{name: getattr(report, name) for name in _COUNTS},
        "next_due": report.next_due,
    }


class Counted(Protocol):
    """The counts of a pass or of a batch."""

    @property
    def campaign(self) -> str: ...
    @property
    def sent(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def skipped(self) -> int: ...
    @property
    def in_doubt(self) -> int: ...
    @property
    def retry_later(self) -> int: ...
    @property
    def remaining(self) -> int: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def closed(self) -> Unreachable | None: ...


def counts_in_words(report: Counted) -> str:
    return ", ".join(_counts(report)) or "nothing is due"


def format_report(report: SendReport, zone: str) -> str:
    """One line of counts, and the next due time."""
    line = f"{report.campaign}: {counts_in_words(report)}"
    if report.next_due is not None:
        line += f"\nNext due: {time_and_zone(report.next_due, zone)}"
    return line


def failures_of(report: Counted) -> Iterator[Problem]:
    """The problems of a pass for JSON; people read them in the counts."""
    if report.closed is not None:
        code = report.closed.exit_code.name.lower()
        yield Problem(code=code, message=report.closed.message, hint=report.closed.hint)
    for name, (words, hint) in _FAILURES.items():
        number = getattr(report, name)
        if number:
            yield Problem(
                code=name,
                message=f"{count_of(number, 'delivery')} {words}",
                hint=hint.format(campaign=report.campaign),
            )


def find_pause(database: Database, campaign: Campaign) -> str | None:
    """Why the campaign is paused; None if it is not."""
    record = find_campaign(database, campaign)
    return record.pause_reason if record and record.is_paused else None


def pause_problem(campaign: Campaign, reason: str, *, blocks: bool) -> Problem:
    """An error if the pause ``blocks`` due deliveries, else a warning."""
    return Problem(
        code="paused",
        message=f"{campaign.slug} is paused: {reason}",
        hint=f"type: lovecampaign resume {campaign.slug}",
        severity=Severity.ERROR if blocks else Severity.WARNING,
    )


def exit_code_of(reports: Sequence[Counted]) -> ExitCode:
    """Exit code of one or several passes.

    An unreachable provider comes first, then mistakes, which running again does not fix, then
    deliveries that running again takes.
    """
    if any(report.closed for report in reports):
        return ExitCode.UNREACHABLE
    if any(has_errors(report.problems) for report in reports):
        return ExitCode.PROBLEMS
    if any(report.in_doubt + report.retry_later + report.remaining for report in reports):
        return ExitCode.RUN_AGAIN
    if any(report.failed for report in reports):
        return ExitCode.PROBLEMS
    return ExitCode.DONE


def next_command_of(report: SendReport) -> str:
    if report.in_doubt:
        return f"lovecampaign in-doubt {report.campaign}"
    if has_errors(report.problems):  # sending again would end the same way
        return f"lovecampaign status {report.campaign}"
    if report.remaining or report.retry_later:
        return f"lovecampaign send {report.campaign}"
    return f"lovecampaign status {report.campaign}"


def _counts(report: Counted) -> Iterator[str]:
    if report.sent:
        yield green(f"{report.sent:,} sent")
    if report.failed:
        yield red(f"{report.failed:,} failed")
    if report.skipped:
        yield f"{report.skipped:,} skipped"
    if report.in_doubt:
        yield red(f"{report.in_doubt:,} in doubt")
    if report.retry_later:
        yield f"{report.retry_later:,} to retry"
    if report.remaining:
        yield f"{count_of(report.remaining, 'delivery')} remaining"
