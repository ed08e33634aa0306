"""How does a month go out by itself? The verb ``run`` sends each email as it falls due."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import read_instant, read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import trouble
from lovecampaign.cli.output.words import local_time
from lovecampaign.cli.resources.checking import email_checker
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.reload import Rereader
from lovecampaign.cli.resources.signals import Stop, stopping_on_signals
from lovecampaign.cli.send.report import (
    confirm_sending,
    exit_code_of,
    failures_of,
    format_report,
    report_json,
)
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.errors import ExitCode, Unreachable
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.loop.run import RunPlan, Sleep, sleep_until
from lovecampaign.delivery.loop.run import run as run_passes
from lovecampaign.delivery.loop.send import PassOptions, SendReport
from lovecampaign.delivery.prepare.readiness import Checker, EditPolicy
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database

#: What a run sees to by itself is no failure of it.
_TRIED_AGAIN = ("retry_later", "remaining")


@verb("run")
@click.argument("campaigns", type=read_name, nargs=-1, metavar="[CAMPAIGN]...")
@click.option("--until", type=read_instant, metavar="INSTANT", help="End then; default: never.")
@click.option("--yes", is_flag=True, help="Do not ask to retype the campaign's name.")
def run(
    invocation: Invocation, campaigns: tuple[str, ...], until: datetime | None, *, yes: bool
) -> Result:
    """Stay, and send each email as it falls due.

    Failed deliveries are tried again, and edits of what has not gone out yet count at once.
    Ctrl-C, SIGTERM or a terminal that is closed finishes what is in flight; nohup keeps it
    running. With --now, time jumps from one email to the next, and --until says where it ends.
    """
    settings = invocation.settings()
    settings.require_secret_keys()
    readers = [Rereader(invocation, name) for name in campaigns or (None,)]
    with (
        opened_provider(invocation, settings) as provider,
        opened_database(invocation) as database,
        stopping_on_signals(invocation.output) as stop,
    ):
        if not yes:
            found = [reader.campaign for reader in readers]
            confirm_sending(invocation, found, provider, "From now on the emails of {}".format)
        running = _Running(
            invocation=invocation,
            readers=readers,
            provider=provider,
            database=database,
            stop=stop,
            until=until,
        )
        running.run()
    return running.result()


@dataclass(slots=True, kw_only=True)
class _Running:
    """One run: the reports of its passes, told as they come. Keeps the last of each campaign."""

    invocation: Invocation
    readers: Sequence[Rereader]
    provider: Provider
    database: Database
    stop: Stop
    until: datetime | None
    last: dict[str, SendReport] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0

    def run(self) -> None:
        plan = RunPlan(
            campaigns=[reader.read for reader in self.readers],
            checker=self._checker,
            options=PassOptions(on_edit=EditPolicy(keeps_frozen=True)),
            until=self._end,
            on_report=self._tell,
            on_outage=self._tell_trouble,
        )
        run_passes(self._open_sender, plan, self._sleep)

    def result(self) -> Result:
        """What there is to say at the end; everything else was said on the way."""
        return Result(
            text=f"{self.sent:,} sent in all.",
            is_told=True,
            exit_code=self._exit_code(),
            next_command="lovecampaign status " + self.readers[0].campaign.slug,
        )

    @property
    def _end(self) -> datetime | None:
        """A made-up time that nobody ends would jump on for ever: then one pass is enough."""
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

    def _tell(self, report: SendReport) -> None:
        """The first pass always says what it waits for; a later one only what has changed: it
        comes every ten seconds.
        """
        last = self.last.get(report.campaign)
        self.last[report.campaign] = report
        self.sent += report.sent
        self.failed += report.failed
        if last is not None and not _is_news(report, last):
            return
        zone = next(r.campaign for r in self.readers if r.campaign.slug == report.campaign).timezone
        self.invocation.output.line(
            report_json(report),
            f"{local_time(report.now, zone)}  {_words(report, zone)}",
            report.problems,
            self._failures(report),
        )

    def _failures(self, report: SendReport) -> list[Problem]:
        """What is tried again is none, unless this run ends here."""
        goes_on = not self.stop.event.is_set()
        return [each for each in failures_of(report) if not (goes_on and each.code in _TRIED_AGAIN)]

    def _tell_trouble(self, error: Unreachable) -> None:
        self.invocation.output.show_aside(f"{trouble('waiting')}: {error.message}")

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
    return f"{report.campaign}: nothing more is due; an edit or a new reader may change that"


def _jump(clock: FixedClock) -> Sleep:
    """Sleep without waiting: ``--now`` made the time up."""

    def jump(_sender: SendingProcess, until: datetime) -> None:
        clock.move_to(max(until, clock.now()))

    return jump
