"""The verb ``demo``: the whole example month on a simulated clock."""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click

from lovecampaign.audience.address import normalise
from lovecampaign.campaign.model.campaign import (
    DEFAULT_DAYS,
    FEWEST_DAYS,
    MOST_DAYS,
    Campaign,
)
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.registry import PROGRAM
from lovecampaign.cli.maintain.demo_subscribers import (
    ZONES,
    DemoAction,
    DemoEvent,
    due_times,
    make_subscribers,
    plan_events,
    write_csv,
)
from lovecampaign.cli.output.format import count_of, format_reasons
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.resources.campaigns import load_folder
from lovecampaign.core.clock import FixedClock, format_instant
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import has_errors
from lovecampaign.core.settings import Settings, read_settings
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.loop.send import PassOptions, SendPass
from lovecampaign.providers.base.maildir import MaildirProvider
from lovecampaign.store.checkout.buyers import add_buyer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.reports.campaign_report import CampaignReport, EmailReport, report_campaign
from lovecampaign.store.subscribers.imports.apply import ImportTarget
from lovecampaign.store.subscribers.imports.importer import import_subscribers
from lovecampaign.store.subscribers.preferences import note_yes_of_members
from lovecampaign.store.subscribers.suppressions import unsubscribe
from lovecampaign.store.tables import DeliveryState

NAME = "customer-love"
START = date(2027, 2, 1)
SUBSCRIBERS = 300
OUTBOX = "outbox"


@verb("demo")
@click.option(
    "--subscribers",
    "number",
    type=click.IntRange(1, 100_000),
    default=SUBSCRIBERS,
    show_default=True,
    metavar="N",
    help="How many made-up people take part.",
)
@click.option(
    "--days",
    type=click.IntRange(FEWEST_DAYS, MOST_DAYS),
    default=DEFAULT_DAYS,
    show_default=True,
    metavar="N",
    help="The length of the month.",
)
def demo(invocation: Invocation, number: int, days: int) -> Result:
    """Run the whole example month with made-up subscribers.

    It uses a simulated clock and a temporary folder, and the mail stays in that folder.
    """
    workspace = Path(tempfile.mkdtemp(prefix="lovecampaign-demo-"))
    month = _set_up(workspace, days, invocation)
    with contextlib.closing(open_database(month.settings)) as database:
        _simulate(month, database, number, invocation)
        report = report_campaign(database, month.campaign, month.clock.now())
    outbox = workspace / OUTBOX
    letter = _save_one_letter(outbox, workspace / "launch.html")
    clock = format_instant(month.clock.now())
    status = f"{_program_name()} status -C {workspace} --now {clock}"
    return Result(
        data=_month_json(month.campaign, report, workspace, outbox, letter),
        text=_format_month(report, number, min(number, len(ZONES)), outbox, letter),
        next_command=status,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _DemoMonth:
    """The campaign of the demo, with its settings and clock."""

    campaign: Campaign
    settings: Settings
    clock: FixedClock


def _set_up(workspace: Path, days: int, invocation: Invocation) -> _DemoMonth:
    new_campaign(workspace, NAME, start=START, days=days)
    usable = load_folder(workspace / "campaigns" / NAME, workspace)
    campaign = usable.campaign
    if has_errors(usable.problems):
        raise ProblemsFound("the example has mistakes", usable.problems)
    invocation.output.show_hint(f"Running {campaign.name} in {workspace} …")
    begin = datetime.combine(START, time(), UTC)
    return _DemoMonth(
        campaign=campaign,
        settings=read_settings(workspace, {}),
        clock=FixedClock(begin - timedelta(days=7)),
    )


def _simulate(month: _DemoMonth, database: Database, number: int, invocation: Invocation) -> None:
    events = plan_events(month.campaign, make_subscribers(number))
    emails = len(month.campaign.day_emails) + 1
    # Without fsync, which would take a third of the time: ledger and mail are only looked at.
    database.skip_fsync()
    provider = MaildirProvider(month.settings.workspace / OUTBOX, is_durable=False)
    with (
        invocation.output.progress("Sending", number * emails) as advance,
        open_sender(month.settings, database, provider, month.clock, on_progress=advance) as sender,
    ):
        _Simulation(month=month, sender=sender, events=events).play()


@dataclass(slots=True, kw_only=True)
class _Simulation:
    """Moves the clock from one moment to the next, and lets subscribers act on the way."""

    month: _DemoMonth
    sender: SendingProcess
    #: In order of time.
    events: Sequence[DemoEvent]
    #: Keeps what is ready to send; a new one begins with the first claim.
    send_pass: SendPass | None = None

    def play(self) -> None:
        """At each moment apply its events, then send the emails that are due."""
        campaign, clock = self.month.campaign, self.month.clock
        dues = due_times(campaign, self.events)
        for moment in sorted({*dues, *(event.at for event in self.events)}):
            clock.move_to(moment)
            for event in self.events:
                if event.at == moment:
                    self._apply(event)
            self._send(dues.get(moment, ()))
        self._send([email.key for email in campaign.scheduled_emails])

    def _send(self, keys: Collection[str]) -> None:
        """Plan and deliver these emails; there is no other process of which to recover claims."""
        campaign, now = self.month.campaign, self.month.clock.now()
        emails = [email for email in campaign.scheduled_emails if email.key in keys]
        record = record_campaign(self.sender.database, campaign)
        plan_due(self.sender.database, campaign, record, emails, now)
        if self.send_pass is None or self.send_pass.record != record:
            self.send_pass = SendPass(
                sender=self.sender,
                campaign=campaign,
                options=PassOptions(),
                check=lambda _email: (),  # our tests check the example
                record=record,
                recovery=RecoveryTimer(self.sender),
                began_at=now,
            )
        self.send_pass.deliver_due(keys)
        if self.send_pass.tally.closed is not None:
            raise self.send_pass.tally.closed

    def _apply(self, event: DemoEvent) -> None:
        campaign = self.month.campaign
        match event.action:
            case DemoAction.JOIN:
                self._enrol(event, campaign.audience.list)
            case DemoAction.BECOME_INSIDER:
                self._enrol(event, campaign.insiders.list if campaign.insiders else "")
            case DemoAction.UNSUBSCRIBE:
                for subscriber in event.subscribers:
                    key = normalise(subscriber.email)
                    unsubscribe(self.sender.database, key, event.at, lists=campaign.lists)
            case DemoAction.BUY:
                record = record_campaign(self.sender.database, campaign)
                for subscriber in event.subscribers:
                    add_buyer(self.sender.database, record.id, subscriber.email, event.at)

    def _enrol(self, event: DemoEvent, list_name: str) -> None:
        file = self.month.settings.workspace / f"{list_name}-{event.at:%Y-%m-%d}.csv"
        write_csv(file, event.subscribers, event.at)
        enrolment = ImportTarget(list_name=list_name, now=event.at)
        import_subscribers(self.sender.database, file, enrolment, apply=True)
        if list_name == self.month.campaign.audience.list:
            record = record_campaign(self.sender.database, self.month.campaign)
            with self.sender.database.write() as connection:  # as by the month's own form
                note_yes_of_members(connection, record.id, list_name)


def _program_name() -> str:
    """``lovecampaign`` where the shell finds it, else its path: ``.venv/bin/lovecampaign``.

    ``make demo`` calls the program by its path, and the next command must work in a shell without
    an active environment too.
    """
    called = Path(sys.argv[0])
    if shutil.which(PROGRAM) is not None or called.name != PROGRAM or not called.is_file():
        return PROGRAM
    return shlex.quote(min(str(called), os.path.relpath(called), key=len))


def _format_month(
    report: CampaignReport, people: int, zones: int, outbox: Path, letter: Path | None
) -> str:
    """A table of the emails, and the paths of the mail."""
    rows = [
        (one.key, one.recipients, _sent(one), format_reasons(one.skipped)) for one in report.emails
    ]
    sent = sum(map(_sent, report.emails))
    lines = [
        format_table(("email", "planned", "sent", "skipped"), rows),
        "",
        f"{count_of(sent, 'message')} to {count_of(people, 'person')} in {zones} time zones.",
        f"Outbox:     {outbox}",
    ]
    if letter is not None:
        lines.append(f"One letter: {letter}")
    return "\n".join(lines)


def _month_json(
    campaign: Campaign, report: CampaignReport, workspace: Path, outbox: Path, letter: Path | None
) -> Mapping[str, object]:
    return {
        "campaign": campaign.slug,
        "workspace": workspace,
        "outbox": outbox,
        "letter": letter,
        "emails": [
            {"key": one.key, "planned": one.recipients, "sent": _sent(one), "skipped": one.skipped}
            for one in report.emails
        ],
    }


def _save_one_letter(outbox: Path, file: Path) -> Path | None:
    """The HTML of the newest message, for a browser; None where nothing was sent."""
    messages = sorted((outbox / "new").glob("*"))
    if not messages:
        return None
    parsed = email.message_from_bytes(messages[-1].read_bytes(), policy=email.policy.default)
    body = parsed.get_body(("html",))
    if body is None:
        return None
    file.write_text(body.get_content(), encoding="utf-8")
    return file


def _sent(report: EmailReport) -> int:
    return report.counts.get(DeliveryState.SENT, 0)
