"""The verb ``worker``: delivers the batches that ``run`` queues, on any number of machines."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import click

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import list_campaigns
from lovecampaign.cli.framework.bug_log import write_bug_log
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.output.format import local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.facts import email_checker
from lovecampaign.cli.resources.open import opened_database, opened_provider
from lovecampaign.cli.resources.reload import ReloadingCampaign
from lovecampaign.cli.resources.signals import StopRequest, stopping_on_signals
from lovecampaign.cli.send.report import (
    confirm_sending,
    counts_in_words,
    exit_code_of,
    failures_of,
)
from lovecampaign.core.errors import ExitCode, LovecampaignError, ProblemsFound, UsageError
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.engine.batch_job import BatchReport
from lovecampaign.delivery.engine.health import WorkerMetrics, serving_health
from lovecampaign.delivery.engine.slots import WorkerSlot, WorkerSlots
from lovecampaign.delivery.engine.watchdog import Watchdog
from lovecampaign.delivery.engine.worker import Worker, WorkerPlan
from lovecampaign.delivery.loop.recovery import RecoveredClaims
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.queue_schema import require_queue
from lovecampaign.store.sending.job_queue import QUEUED_AHEAD

_TRIED_AGAIN = ("retry_later", "remaining")


@verb("worker")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1, max=64),
    default=1,
    metavar="N",
    help="Batches delivered at once; default: 1.",
)
@click.option(
    "--once", is_flag=True, help="Deliver what is due now, and end; default: work until a signal."
)
@click.option(
    "--health",
    type=click.IntRange(min=1, max=65_535),
    metavar="PORT",
    help="Answer /healthz and /metrics on this port of 127.0.0.1.",
)
@click.option(
    "--health-host", metavar="HOST", default="127.0.0.1", help="0.0.0.0: from other machines too."
)
@click.option("--yes", is_flag=True, help="Do not ask to retype the campaigns' names.")
def worker(
    invocation: Invocation,
    concurrency: int,
    health: int | None,
    health_host: str,
    *,
    once: bool,
    yes: bool,
) -> Result:
    """Deliver what run queues, on as many machines as needed.

    Needs LOVECAMPAIGN_ENGINE=procrastinate where run runs, one PostgreSQL for all, and the
    campaigns' files on each machine. Ctrl-C or SIGTERM finishes deliveries in flight.
    """
    settings = invocation.settings()
    settings.require_secret_keys()
    with (
        opened_database(invocation) as database,
        stopping_on_signals(invocation.output) as stop,
    ):
        require_queue(database)
        session = _WorkerSession(
            invocation=invocation,
            database=database,
            stop=stop,
            concurrency=concurrency,
            health=(health_host, health) if health is not None else None,
        )
        session.confirm(is_confirmed=yes)
        session.run(once=once)
    return session.result()


class WorkspaceCampaigns:
    """The campaigns of a workspace, reloaded after an edit; thread-safe."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._lock = threading.Lock()
        self._readers: dict[str, ReloadingCampaign] = {}
        self._broken: set[str] = set()

    def list(self) -> Sequence[Campaign]:
        """Without those that have mistakes, which are shown once."""
        with self._lock:
            for folder in list_campaigns(self._invocation.find_workspace()):
                if folder.name not in self._readers:
                    self._add(folder.name)
            return [reader.read() for reader in self._readers.values()]

    def _add(self, name: str) -> None:
        try:
            self._readers[name] = ReloadingCampaign(self._invocation, name)
        except ProblemsFound as found:
            if name not in self._broken:
                self._invocation.output.show_error(found.message, found.problems, found.hint)
            self._broken.add(name)

    def find(self, campaign_key: str) -> Campaign | None:
        return next((each for each in self.list() if each.id == campaign_key), None)

    def checker(self, sender: SendingProcess, campaign: Campaign) -> Checker:
        usable = self._readers[campaign.slug].usable
        return email_checker(usable, self._invocation, sender.settings, sender.provider)


@dataclass(slots=True, kw_only=True)
class _WorkerSession:
    """One worker: prints the report of each batch."""

    invocation: Invocation
    database: Database
    stop: StopRequest
    concurrency: int
    #: Host and port of its health; None: not served.
    health: tuple[str, int] | None
    metrics: WorkerMetrics | None = None
    campaigns: WorkspaceCampaigns = field(init=False)
    #: The last report of each batch that is not finished.
    waiting: dict[int, BatchReport] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.campaigns = WorkspaceCampaigns(self.invocation)

    def confirm(self, *, is_confirmed: bool) -> None:
        """As ``run`` asks, where mail reaches people."""
        if is_confirmed:
            return
        describe = "From now on the emails of {}".format
        with opened_provider(self.invocation, self.invocation.settings()) as provider:
            confirm_sending(self.invocation, self.campaigns.list(), provider, describe)

    def run(self, *, once: bool) -> None:
        slots = WorkerSlots(
            all=[
                WorkerSlot(
                    open_sender=self._open_sender,
                    find_campaign=self.campaigns.find,
                    checker=self.campaigns.checker,
                )
                for _ in range(self.concurrency)
            ]
        )
        is_simulated = self.invocation.chosen_now is not None
        plan = WorkerPlan(
            database=self.database,
            slots=slots,
            clock=self.invocation.clock,
            stop=self.stop.event,
            campaigns=self.campaigns.list,
            on_report=self._show_report,
            on_outage=self._show_outage,
            on_recovered=self._show_recovered,
            on_alarm=self._show_alarm,
            on_bug=self._show_bug,
            ahead=timedelta(0) if is_simulated else QUEUED_AHEAD,
        )
        work = Worker(plan=plan)
        self.metrics = WorkerMetrics(work)
        try:
            if once:
                work.run_until_idle()
                return
            with (
                self._serving_health(self.metrics),
                Watchdog(worker=work, on_hung=self._show_alarm).watching(),
            ):
                work.run()
        except KeyboardInterrupt:  # the second one: the next worker recovers the claims
            os._exit(ExitCode.INTERRUPTED)

    def result(self) -> Result:
        """The end of the work; its batches were reported before."""
        return Result(
            text=f"{self.sent:,} sent in total.",
            is_streamed=True,
            exit_code=self._exit_code(),
            next_command="lovecampaign status",
        )

    @contextlib.contextmanager
    def _open_sender(self, on_progress: Callable[[int], None]) -> Iterator[SendingProcess]:
        settings = self.invocation.settings()
        with (
            opened_provider(self.invocation, settings, self.database) as provider,
            open_sender(
                settings,
                self.database,
                provider,
                self.invocation.clock,
                stop=self.stop.event,
                on_progress=on_progress,
            ) as sender,
        ):
            yield sender

    @contextlib.contextmanager
    def _serving_health(self, metrics: WorkerMetrics) -> Iterator[None]:
        if self.health is None:
            yield
            return
        host, port = self.health
        try:
            server = serving_health(metrics, host, port)
            server.__enter__()
        except OSError as error:
            raise UsageError(
                f"--health {port} cannot be used: {error.strerror}", hint="name another port"
            ) from error
        try:
            yield
        finally:
            server.__exit__(None, None, None)

    def _show_report(self, report: BatchReport) -> None:
        if self.metrics is not None:
            self.metrics.count(report)
        with self._lock:
            last = self.waiting.get(report.batch)
            self.sent += report.sent
            self.failed += report.failed
            if report.remaining or report.retry_later:
                self.waiting[report.batch] = report
            else:
                self.waiting.pop(report.batch, None)
            has_moved = report.sent or report.failed or report.skipped or report.in_doubt
            if not has_moved and last is not None and report.problems == last.problems:
                return
            zone = self._zone_of(report.campaign)
            words = f"{report.campaign} {report.key}, batch {report.batch}: " + counts_in_words(
                report
            )
            self.invocation.output.show_line(
                _as_json(report),
                f"{local_time(report.now, zone)}  {words}",
                report.problems,
                [each for each in failures_of(report) if each.code not in _TRIED_AGAIN],
            )

    def _zone_of(self, slug: str) -> str:
        found = (each.timezone for each in self.campaigns.list() if each.slug == slug)
        return next(found, "UTC")

    def _show_outage(self, error: LovecampaignError) -> None:
        self.invocation.output.show_note(f"{red('waiting')}: {error.message}")

    def _show_recovered(self, recovered: RecoveredClaims) -> None:
        self.invocation.output.show_note(recovered.in_words)

    def _show_alarm(self, words: str) -> None:
        self.invocation.output.show_note(f"{red('alarm')}: {words}")

    def _show_bug(self, error: BaseException) -> None:
        log = write_bug_log(error, [])
        self.invocation.output.show_note(
            f"{red('error')}: a batch failed, and is tried again; this is a bug in lovecampaign: "
            f"{log}"
        )

    def _exit_code(self) -> ExitCode:
        if self.stop.was_interrupted:
            return ExitCode.INTERRUPTED
        waiting = exit_code_of(list(self.waiting.values()))
        if waiting is ExitCode.DONE and self.failed:
            return ExitCode.PROBLEMS
        return waiting


def _as_json(report: BatchReport) -> Mapping[str, object]:
    return {
        "campaign": report.campaign,
        "key": report.key,
        "batch": report.batch,
        "epoch": report.epoch,
        "now": report.now,
        "due": report.due,
        "sent": report.sent,
        "failed": report.failed,
        "skipped": report.skipped,
        "in_doubt": report.in_doubt,
        "retry_later": report.retry_later,
        "remaining": report.remaining,
    }
