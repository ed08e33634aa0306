"""The verb ``run``: sends each email when it is due, retries included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import processes_option, read_instant, read_name
from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.facts import email_checker
from lovecampaign.cli.resources.inbox import watching_inbox
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.reload import ReloadingCampaign
from lovecampaign.cli.resources.signals import StopRequest, stopping_on_signals
from lovecampaign.cli.send.report import (
    confirm_sending,
    exit_code_of,
    failures_of,
    find_pause,
    format_report,
    pause_problem,
    report_json,
    tell_left_out,
)
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.errors import ExitCode, Unreachable, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Engine
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.loop.dispatch import BatchDispatcher
from lovecampaign.delivery.loop.send import PassOptions, SendReport
from lovecampaign.delivery.prepare.readiness import Checker, EditPolicy
from lovecampaign.delivery.processes.pool import sending_processes
from lovecampaign.delivery.run import RunPlan, Sleep, sleep_until
from lovecampaign.delivery.run import run as run_passes
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import require_queue
from lovecampaign.store.reports.dry_run import dry_run_send

#: Problems that a run solves by trying again.
_TRIED_AGAIN = ("retry_later", "remaining")


@verb("run")
@click.argument("campaigns", type=read_name, nargs=-1, metavar="[CAMPAIGN]...")
@click.option("--until", type=read_instant, metavar="INSTANT", help="End then; default: never.")
@click.option("--yes", is_flag=True, help="Do not ask to retype the campaign's name.")
@processes_option
def run(
    invocation: Invocation,
    campaigns: tuple[str, ...],
    until: datetime | None,
    processes: int,
    *,
    yes: bool,
) -> Result:
    """Keep running and send each email when it is due.

    Failed deliveries are tried again, and edits of emails that have not been sent yet count at
    once. New mail in LOVECAMPAIGN_INBOX is read at the same time. Ctrl-C, SIGTERM or a closed
    terminal finishes deliveries in flight; nohup keeps it running without a terminal. With --now,
    time jumps from one email to the next, up to --until.
    """
    settings = invocation.settings()
    settings.require_secret_keys()
    readers = [ReloadingCampaign(invocation, name) for name in campaigns or (None,)]
    with (
        sending_processes(settings, processes) as pool,
        opened_database(invocation) as database,
        opened_provider(invocation, settings, database, processes) as provider,
        stopping_on_signals(invocation.output) as stop,
    ):
        dispatcher: BatchDispatcher | None = pool
        if settings.engine is Engine.PROCRASTINATE:
            dispatcher = _queue_dispatcher(database, processes)
        for reader in readers:
            emails = reader.campaign.scheduled_emails
            foreseen = dry_run_send(database, reader.campaign, emails, invocation.now)
            tell_left_out(invocation, reader.campaign, foreseen.late)
        if not yes:
            campaigns_read = [reader.campaign for reader in readers]
            describe = "From now on the emails of {}".format
            confirm_sending(invocation, campaigns_read, provider, describe)
        session = _RunSession(
            invocation=invocation,
            readers=readers,
            dispatcher=dispatcher,
            provider=provider,
            database=database,
            stop=stop,
            until=until,
        )
        with watching_inbox(invocation, settings, database):
            session.run()
    return session.result()


def _queue_dispatcher(database: Database, processes: int) -> BatchDispatcher:
    """Raises LovecampaignError where there is no queue."""
    from lovecampaign.delivery.engine.dispatch import QueueDispatcher

    require_queue(database)
    if processes > 1:
        raise UsageError(
            "--processes is for the engine in-process: here workers deliver",
            hint="leave it out, and start more workers: lovecampaign worker",
        )
    return QueueDispatcher()


@dataclass(slots=True, kw_only=True)
class _RunSession:
    """One run: prints the reports of its passes, and keeps the last of each campaign."""

    invocation: Invocation
    readers: Sequence[ReloadingCampaign]
    dispatcher: BatchDispatcher | None
    provider: Provider
    database: Database
    stop: StopRequest
    until: datetime | None
    last: dict[str, SendReport] = field(default_factory=dict)
    #: Why each campaign is paused, as reported.
    pauses: dict[str, str | None] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0

    def run(self) -> None:
        plan = RunPlan(
            campaigns=[reader.read for reader in self.readers],
            checker=self._checker,
            options=PassOptions(on_edit=EditPolicy(keeps_frozen=True), dispatcher=self.dispatcher),
            until=self._end,
            on_report=self._show_report,
            on_outage=self._show_fault,
        )
        run_passes(self._open_sender, plan, self._sleep)

    def result(self) -> Result:
        """The end of the run; its passes were reported before."""
        return Result(
            text=f"{self.sent:,} sent in total.",
            is_streamed=True,
            exit_code=self._exit_code(),
            next_command="lovecampaign status " + self.readers[0].campaign.slug,
        )

    @property
    def _end(self) -> datetime | None:
        """With ``--now`` and no ``--until``, time would jump on for ever: one pass is made."""
        return self.until or self.invocation.chosen_now

    @property
    def _sleep(self) -> Sleep:
        clock = self.invocation.clock
        return _jump(clock) if isinstance(clock, FixedClock) else sleep_until

    def _open_sender(self) -> AbstractContextManager[SendingProcess]:
        return open_sender(
            self.invocation.settings(),
            self.database,
            self.provider,
            self.invocation.clock,
            stop=self.stop.event,
        )

    def _checker(self, campaign: Campaign) -> Checker:
        usable = next(reader.usable for reader in self.readers if reader.campaign == campaign)
        return email_checker(usable, self.invocation, self.invocation.settings(), self.provider)

    def _show_report(self, report: SendReport) -> None:
        """Print the first pass always, later ones (every ten seconds) only if something changed."""
        last = self.last.get(report.campaign)
        self.last[report.campaign] = report
        self.sent += report.sent
        self.failed += report.failed
        campaign = next(r.campaign for r in self.readers if r.campaign.slug == report.campaign)
        paused = list(self._new_pause(campaign, report))
        if last is not None and not paused and not _is_news(report, last):
            return
        lines = [
            f"{local_time(report.now, campaign.timezone)}  {_words(report, campaign.timezone)}",
            *(f"{red(each.message)}\n  help: {each.hint}" for each in paused),
        ]
        failures = [*paused, *self._failures(report)]
        self.invocation.output.show_line(
            report_json(report), "\n".join(lines), report.problems, failures
        )

    def _new_pause(self, campaign: Campaign, report: SendReport) -> Iterator[Problem]:
        """A pause that was not reported yet, by the brake or by the operator."""
        reason = find_pause(self.database, campaign)
        if reason is not None and reason != self.pauses.get(campaign.slug):
            yield pause_problem(campaign, reason, blocks=report.remaining > 0)
        self.pauses[campaign.slug] = reason

    def _failures(self, report: SendReport) -> list[Problem]:
        """Without those that are tried again, unless the run ends here."""
        goes_on = not self.stop.event.is_set()
        return [each for each in failures_of(report) if not (goes_on and each.code in _TRIED_AGAIN)]

    def _show_fault(self, error: Unreachable) -> None:
        self.invocation.output.show_note(f"{red('waiting')}: {error.message}")

    def _exit_code(self) -> ExitCode:
        if self.stop.was_interrupted:
            return ExitCode.INTERRUPTED
        waiting = exit_code_of(list(self.last.values()))
        if waiting is ExitCode.DONE and self.failed:
            return ExitCode.PROBLEMS
        return waiting


def _is_news(report: SendReport, last: SendReport) -> bool:
    has_moved = report.sent or report.failed or report.skipped or report.in_doubt
    has_grown = bool(report.due) and report.due != last.due
    return bool(has_moved) or has_grown or report.problems != last.problems


def _words(report: SendReport, zone: str) -> str:
    if report.due or report.next_due is not None:
        return format_report(report, zone)
    return f"{report.campaign}: nothing more is due, unless a file or the list changes"


def _jump(clock: FixedClock) -> Sleep:
    """A sleep that moves the simulated clock of ``--now`` instead of waiting."""

    def jump(_sender: SendingProcess, until: datetime) -> None:
        clock.move_to(max(until, clock.now()))

    return jump
