"""The verb ``send``: sends all that is due, or a test."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import click

from lovecampaign.campaign.model.campaign import WELCOME, Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import processes_option, read_name
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.campaigns import (
    EVERY_EMAIL,
    UsableCampaign,
    campaign_argument,
    find_scheduled,
    load_usable,
)
from lovecampaign.cli.resources.facts import email_checker, warn_of_empty_audience
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.signals import StopRequest, stopping_on_signals
from lovecampaign.cli.send.report import (
    confirm_sending,
    exit_code_of,
    failures_of,
    find_pause,
    format_report,
    next_command_of,
    pause_problem,
    report_json,
    tell_left_out,
)
from lovecampaign.core.errors import ExitCode, Unreachable, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.dispatch import BatchDispatcher
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.delivery.prepare.readiness import EditPolicy
from lovecampaign.delivery.processes.pool import ProcessPool, sending_processes
from lovecampaign.delivery.transactional.welcome import check_welcome_edit
from lovecampaign.delivery.transactional.worker import send_transactional
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.dry_run import dry_run_send


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """The options of a real send."""

    usable: UsableCampaign
    day: str | None
    limit: int | None
    is_confirmed: bool
    accepts_edit: bool
    processes: int

    @property
    def campaign(self) -> Campaign:
        return self.usable.campaign

    @property
    def emails(self) -> Sequence[Email]:
        """Emails of the calendar; none for ``--day welcome``, which has no day."""
        if self.day is None:
            return self.campaign.scheduled_emails
        if self.day == WELCOME and self.accepts_edit and self.campaign.find_email(WELCOME):
            return ()
        return [find_scheduled(self.campaign, self.day)]

    @property
    def includes_welcome(self) -> bool:
        return self.day in (None, WELCOME)

    @property
    def accepted_by(self) -> str | None:
        """The user who accepts edits of emails that have been sent in part; None without."""
        return getpass.getuser() if self.accepts_edit else None

    def choices(self, dispatcher: BatchDispatcher | None) -> PassOptions:
        return PassOptions(
            keys=frozenset(email.key for email in self.emails) or frozenset({WELCOME}),
            limit=self.limit,
            on_edit=EditPolicy(accepted_by=self.accepted_by),
            dispatcher=dispatcher,
        )


@verb("send")
@campaign_argument
@click.option("--day", type=read_name, metavar="KEY", help="Only this email; for a test also: all.")
@click.option("--dry-run", is_flag=True, help="Count what is due; send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask to retype the campaign's name.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Try at most N deliveries.")
@processes_option
@click.option("--accept-edit", is_flag=True, help="Send the edited text to all who are left.")
@click.option("--to", "addresses", multiple=True, metavar="ADDRESS", help="A test to this address.")
@click.option("--as", "seen_as", metavar="EMAIL", help="The test as this subscriber would get it.")
def send(  # noqa: PLR0913 - one parameter for each option of the command
    invocation: Invocation,
    campaign_name: str | None,
    day: str | None,
    limit: int | None,
    addresses: tuple[str, ...],
    seen_as: str | None,
    *,
    processes: int,
    dry_run: bool,
    yes: bool,
    accept_edit: bool,
) -> Result:
    """Send all that is due now, or a test to yourself.

    The calendar and the ledger decide what is due: sending twice sends nothing twice, and --day
    sends nothing early. With --to, the email goes to that address at once, marked [Test], and
    is not recorded. Any provider but maildir: asks for confirmation first.
    """
    usable = load_usable(invocation, campaign_name)
    if addresses and dry_run:
        raise UsageError(
            "--dry-run counts what is due; a test is never due", hint="leave out --dry-run or --to"
        )
    if addresses:
        from lovecampaign.cli.send.test_send import send_tests

        return send_tests(invocation, usable.campaign, day, addresses, seen_as, is_confirmed=yes)
    if seen_as is not None:
        raise UsageError("--as is for tests", hint="add --to YOUR-ADDRESS")
    if day == EVERY_EMAIL:
        raise UsageError(
            "--day all is for tests",
            hint="add --to YOUR-ADDRESS; to send everything that is due, leave --day out",
        )
    options = SendOptions(
        usable=usable,
        day=day,
        limit=limit,
        is_confirmed=yes,
        accepts_edit=accept_edit,
        processes=processes,
    )
    if dry_run:
        from lovecampaign.cli.send.dry_run import count_due

        return count_due(invocation, usable, options.emails, accepts_edit=accept_edit)
    return _send(invocation, options)


def _send(invocation: Invocation, options: SendOptions) -> Result:
    settings = invocation.settings()
    settings.require_secret_keys()
    with (
        sending_processes(settings, options.processes) as pool,
        opened_database(invocation) as database,
        opened_provider(invocation, settings, database, options.processes) as provider,
    ):
        foreseen = dry_run_send(database, options.campaign, options.emails, invocation.now)
        due = foreseen.tried
        tell_left_out(invocation, options.campaign, foreseen.late)
        if not options.is_confirmed:
            confirm_sending(invocation, [options.campaign], provider, partial(_describe_due, due))
        report, stop = _run_pass(invocation, options, pool, provider, database, due)
        pause_reason = find_pause(database, options.campaign)
        warnings = warn_of_empty_audience(database, options.campaign, invocation.now)
        report = replace(report, problems=(*report.problems, *warnings))
    return _as_result(report, stop, options.campaign, pause_reason)


def _describe_due(due: int, campaign: str) -> str:
    """An upper limit: people who unsubscribed since planning are still counted."""
    if not due:
        return f"Nothing of {campaign} is due now; what becomes due meanwhile"
    return f"Up to {count_of(due, 'message')} of {campaign}"


def _run_pass(
    invocation: Invocation,
    options: SendOptions,
    pool: ProcessPool | None,
    provider: Provider,
    database: Database,
    due: int,
) -> tuple[SendReport, StopRequest]:
    settings = invocation.settings()
    check = email_checker(options.usable, invocation, settings, provider)
    with (
        stopping_on_signals(invocation.output) as stop,
        invocation.output.progress("Sending", due) as advance,
        open_sender(
            settings, database, provider, invocation.clock, stop=stop.event, on_progress=advance
        ) as sender,
    ):
        report = send_due(sender, options.campaign, options.choices(pool), check)
        if options.includes_welcome and not stop.event.is_set() and report.closed is None:
            problems = check_welcome_edit(sender, options.campaign, options.accepted_by, check)
            report = replace(report, problems=(*report.problems, *problems))
            try:
                send_transactional(sender, [options.campaign], lambda _campaign: check)
            except Unreachable as error:  # the pass is reported all the same
                report = replace(report, closed=error)
        return report, stop


def _as_result(
    report: SendReport, stop: StopRequest, campaign: Campaign, pause_reason: str | None
) -> Result:
    lines = [format_report(report, campaign.timezone)]
    next_command = next_command_of(report)
    if report.closed is not None:
        lines.append(red(report.closed.message))
        lines.append(f"  help: {report.closed.hint}")
    if pause_reason is not None:
        lines.append(red(f"Paused: {pause_reason}"))
        next_command = f"lovecampaign resume {campaign.slug}"
    return Result(
        data=report_json(report),
        text="\n".join(lines),
        problems=report.problems,
        json_problems=list(_failures(report, stop, campaign, pause_reason)),
        exit_code=ExitCode.INTERRUPTED if stop.was_interrupted else exit_code_of([report]),
        next_command=next_command,
    )


def _failures(
    report: SendReport, stop: StopRequest, campaign: Campaign, pause_reason: str | None
) -> Iterator[Problem]:
    if stop.was_interrupted:
        yield Problem(
            code="interrupted", message="Interrupted.", hint="run the same command again to go on"
        )
    if pause_reason is not None:
        yield pause_problem(campaign, pause_reason, blocks=report.remaining > 0)
    yield from failures_of(report)
