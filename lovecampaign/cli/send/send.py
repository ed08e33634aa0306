"""What goes out now? The verb ``send``: all that is due, or a test."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import click

from lovecampaign.campaign.model.campaign import WELCOME, Campaign, Email
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import trouble
from lovecampaign.cli.output.words import count_of
from lovecampaign.cli.resources.campaigns import (
    EVERY_EMAIL,
    Usable,
    campaign_argument,
    find_scheduled,
    load_usable,
)
from lovecampaign.cli.resources.checking import email_checker
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.signals import Stop, stopping_on_signals
from lovecampaign.cli.send.report import (
    confirm_sending,
    exit_code_of,
    failures_of,
    find_pause,
    format_report,
    next_command_of,
    pause_problem,
    report_json,
)
from lovecampaign.core.errors import ExitCode, Unreachable, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.send import PassOptions, SendReport, send_due
from lovecampaign.delivery.prepare.readiness import EditPolicy
from lovecampaign.delivery.transactional.welcome import check_welcome_edit
from lovecampaign.delivery.transactional.worker import send_transactional
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.dry_run import foresee


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the options ask of a real send."""

    usable: Usable
    day: str | None
    limit: int | None
    is_confirmed: bool
    accepts_edit: bool

    @property
    def campaign(self) -> Campaign:
        return self.usable.campaign

    @property
    def emails(self) -> Sequence[Email]:
        """Of the calendar; none where only the welcome is meant, which has no day."""
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
        """Who means the edits of emails that went out already, if anybody does."""
        return getpass.getuser() if self.accepts_edit else None

    @property
    def choices(self) -> PassOptions:
        return PassOptions(
            keys=frozenset(email.key for email in self.emails) or frozenset({WELCOME}),
            limit=self.limit,
            on_edit=EditPolicy(accepted_by=self.accepted_by),
        )


@verb("send")
@campaign_argument
@click.option("--day", type=read_name, metavar="KEY", help="Only this email; for a test also: all.")
@click.option("--dry-run", is_flag=True, help="Count what is due; send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask to retype the campaign's name.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Try N deliveries at most.")
@click.option("--accept-edit", is_flag=True, help="Send the edited text to those who are left.")
@click.option("--to", "addresses", multiple=True, metavar="ADDRESS", help="A test to this address.")
@click.option("--as", "seen_as", metavar="EMAIL", help="The test as this subscriber sees it.")
def send(  # noqa: PLR0913 - one parameter for each option of the command
    invocation: Invocation,
    campaign: str | None,
    day: str | None,
    limit: int | None,
    addresses: tuple[str, ...],
    seen_as: str | None,
    *,
    dry_run: bool,
    yes: bool,
    accept_edit: bool,
) -> Result:
    """Send all that is due now, or a test to yourself.

    What is due is decided by the calendar and the ledger: sending twice sends nothing twice,
    and --day sends nothing early. With --to, the email goes to that address at once, marked
    [Test], and the ledger does not hear of it. Anything but maildir: asks before.
    """
    usable = load_usable(invocation, campaign)
    if addresses and dry_run:
        raise UsageError(
            "--dry-run counts what is due, and a test is not",
            hint="leave one of --dry-run and --to out",
        )
    if addresses:
        from lovecampaign.cli.send.test_send import send_tests

        return send_tests(invocation, usable.campaign, day, addresses, seen_as, is_confirmed=yes)
    if seen_as is not None:
        raise UsageError("--as shows a test as somebody sees it", hint="add --to YOUR-ADDRESS")
    if day == EVERY_EMAIL:
        raise UsageError(
            "--day all is for tests",
            hint="add --to YOUR-ADDRESS; without --day, everything that is due goes out",
        )
    wishes = Wishes(usable=usable, day=day, limit=limit, is_confirmed=yes, accepts_edit=accept_edit)
    if dry_run:
        from lovecampaign.cli.send.dry_run import count_due

        return count_due(invocation, usable, wishes.emails, accepts_edit=accept_edit)
    return _send(invocation, wishes)


def _send(invocation: Invocation, wishes: Wishes) -> Result:
    settings = invocation.settings()
    settings.require_secret_keys()
    with (
        opened_provider(invocation, settings) as provider,
        opened_database(invocation) as database,
    ):
        due = foresee(database, wishes.campaign, wishes.emails, invocation.now).tried
        if not wishes.is_confirmed:
            confirm_sending(invocation, [wishes.campaign], provider, partial(_say_how_many, due))
        report, stop = _run_pass(invocation, wishes, provider, database, due)
        pause_reason = find_pause(database, wishes.campaign)
    return _as_result(report, stop, wishes.campaign, pause_reason)


def _say_how_many(due: int, campaign: str) -> str:
    """Those who have left since the letter was planned are counted still."""
    if not due:
        return f"Nothing of {campaign} is due now; what falls due meanwhile"
    return f"Up to {count_of(due, 'message')} of {campaign}"


def _run_pass(
    invocation: Invocation, wishes: Wishes, provider: Provider, database: Database, due: int
) -> tuple[SendReport, Stop]:
    settings = invocation.settings()
    check = email_checker(wishes.usable, invocation, settings, provider)
    with (
        stopping_on_signals(invocation.output) as stop,
        invocation.output.progress("Sending", due) as advance,
        open_sender(
            settings,
            database,
            provider,
            invocation.clock,
            stop=stop.event,
            on_progress=advance,
        ) as sender,
    ):
        report = send_due(sender, wishes.campaign, wishes.choices, check)
        if wishes.includes_welcome and not stop.event.is_set() and report.closed is None:
            told = check_welcome_edit(sender, wishes.campaign, wishes.accepted_by, check)
            report = replace(report, problems=(*report.problems, *told))
            try:
                send_transactional(sender, [wishes.campaign], lambda _campaign: check)
            except Unreachable as error:  # what the pass did is told all the same
                report = replace(report, closed=error)
        return report, stop


def _as_result(
    report: SendReport, stop: Stop, campaign: Campaign, pause_reason: str | None
) -> Result:
    lines = [format_report(report, campaign.timezone)]
    next_command = next_command_of(report)
    if report.closed is not None:
        lines.append(trouble(report.closed.message))
        lines.append(f"  help: {report.closed.hint}")
    if pause_reason is not None:
        lines.append(trouble(f"Paused: {pause_reason}"))
        next_command = f"lovecampaign resume {campaign.slug}"
    return Result(
        data=report_json(report),
        text="\n".join(lines),
        problems=report.problems,
        told=list(_failures(report, stop, campaign, pause_reason)),
        exit_code=ExitCode.INTERRUPTED if stop.was_interrupted else exit_code_of([report]),
        next_command=next_command,
    )


def _failures(
    report: SendReport, stop: Stop, campaign: Campaign, pause_reason: str | None
) -> Iterator[Problem]:
    if stop.was_interrupted:
        yield Problem(
            code="interrupted",
            message="Interrupted.",
            hint="run the same command again: it goes on where this ended",
        )
    if pause_reason is not None:
        yield pause_problem(campaign, pause_reason, holds_up=report.remaining > 0)
    yield from failures_of(report)
