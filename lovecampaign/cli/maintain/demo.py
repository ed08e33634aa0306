"""How does a whole month look? The verb ``demo``."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click

from lovecampaign.audience.address import normalise
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_email
from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.program import typed_program
from lovecampaign.cli.maintain.demo_people import (
    ZONES,
    Deed,
    Happening,
    make_players,
    write_csv,
    write_script,
)
from lovecampaign.cli.maintain.demo_report import format_month, month_json, save_one_letter
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import load_folder
from lovecampaign.core.clock import FixedClock, format_instant
from lovecampaign.core.settings import Settings, read_settings
from lovecampaign.delivery.base.sender import SendingProcess, open_sender
from lovecampaign.delivery.loop.run import RunPlan, run
from lovecampaign.delivery.loop.send import PassOptions
from lovecampaign.delivery.prepare.readiness import Checker
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.checkout.buyers import add_buyer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.imports.apply import Enrolment
from lovecampaign.store.imports.importer import import_subscribers
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.subscribers.suppressions import unsubscribe

NAME = "customer-love"
START = date(2027, 2, 1)
SUBSCRIBERS = 300
#: Mornings that are close to each other are sent together, as by a sender that slept a while. After
#: a longer sleep evening letters would come at night, or take the next day's place; going from
#: moment to moment would take three times as long.
STEP = timedelta(hours=2)


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
def demo(invocation: Invocation, number: int) -> Result:
    """Play the whole example month with made-up subscribers.

    It runs on a simulated clock in a temporary folder, and the mail stays in that folder.
    """
    workspace = Path(tempfile.mkdtemp(prefix="lovecampaign-demo-"))
    stage = _set_up(workspace, invocation)
    with contextlib.closing(open_database(stage.settings)) as database:
        _play(stage, database, number, invocation)
        report = report_campaign(database, stage.campaign, stage.clock.now())
    outbox = workspace / "outbox"
    letter = save_one_letter(outbox, workspace / "launch.html")
    clock = format_instant(stage.clock.now())
    status = f"{typed_program()} status -C {workspace} --now {clock}"
    return Result(
        data=month_json(stage.campaign, report, workspace, outbox, letter),
        text=format_month(report, number, len(ZONES), outbox, letter),
        next_command=status,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Where the month is played."""

    campaign: Campaign
    settings: Settings
    clock: FixedClock


def _set_up(workspace: Path, invocation: Invocation) -> _Stage:
    new_campaign(workspace, NAME, start=START)
    campaign = load_folder(workspace / "campaigns" / NAME, workspace).campaign
    invocation.output.hint(f"Playing {campaign.name} in {workspace} …")
    begin = datetime.combine(START, time(), UTC)
    return _Stage(
        campaign=campaign,
        settings=read_settings(workspace, {}),
        clock=FixedClock(begin - timedelta(days=7)),
    )


def _play(stage: _Stage, database: Database, number: int, invocation: Invocation) -> None:
    script = write_script(stage.campaign, make_players(number))
    actor = _Actor(stage=stage, database=database, script=script)
    plan = RunPlan(
        campaigns=[lambda: stage.campaign],
        checker=lambda campaign: _checker(campaign, stage),
        options=PassOptions(),
        until=stage.campaign.launch_emails[-1].instant,
        on_report=lambda _report: None,
        on_outage=lambda _error: None,
    )
    emails = len(stage.campaign.day_emails) + 1
    with invocation.output.progress("Sending", number * emails) as advance:
        run(lambda: actor.open_sender(advance), plan, actor.act_until)


def end_of_step(instant: datetime) -> datetime:
    """When what falls due at an instant is sent."""
    begun = (instant - datetime(1970, 1, 1, tzinfo=UTC)) % STEP
    return instant if not begun else instant + STEP - begun


def _checker(campaign: Campaign, stage: _Stage) -> Checker:
    facts = Facts(now=stage.clock.now(), public_url=stage.settings.public_url)
    return lambda email: check_email(campaign, email, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Actor:
    """Lets time pass and players act in it."""

    stage: _Stage
    database: Database
    #: What is still to happen, in order of time.
    script: list[Happening]

    def open_sender(
        self, advance: Callable[[int], None]
    ) -> contextlib.AbstractContextManager[SendingProcess]:
        provider = open_provider(self.stage.settings)
        return open_sender(
            self.stage.settings, self.database, provider, self.stage.clock, on_progress=advance
        )

    def act_until(self, _sender: SendingProcess, until: datetime) -> None:
        """Move the clock to the next thing that happens, and let it happen."""
        if self.script and self.script[0].at <= until:
            happening = self.script.pop(0)
            self.stage.clock.move_to(happening.at)
            self._act(happening)
        else:
            self.stage.clock.move_to(max(end_of_step(until), self.stage.clock.now()))

    def _act(self, happening: Happening) -> None:
        campaign = self.stage.campaign
        match happening.deed:
            case Deed.JOIN:
                self._enrol(happening, campaign.audience.list)
            case Deed.BECOME_INSIDER:
                self._enrol(happening, campaign.insiders.list if campaign.insiders else "")
            case Deed.LEAVE:
                for player in happening.players:
                    key = normalise(player.email)
                    unsubscribe(self.database, key, happening.at, lists=campaign.lists)
            case Deed.BUY:
                record = record_campaign(self.database, campaign)
                for player in happening.players:
                    add_buyer(self.database, record.id, player.email, happening.at)

    def _enrol(self, happening: Happening, list_name: str) -> None:
        file = self.stage.settings.workspace / f"{list_name}-{happening.at:%Y-%m-%d}.csv"
        write_csv(file, happening.players, happening.at)
        enrolment = Enrolment(list_name=list_name, now=happening.at)
        import_subscribers(self.database, file, enrolment, apply=True)
