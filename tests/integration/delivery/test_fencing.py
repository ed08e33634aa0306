"""A sender whose claims were taken over writes nothing more, and a pace holds for all senders."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.fence import FencedJournal
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.delivery.prepare.readiness import EditPolicy, prepare_email
from lovecampaign.delivery.processes import protocol as messages
from lovecampaign.delivery.processes.fork_server import ForkServer
from lovecampaign.delivery.processes.pool import TAKEN_OVER, ProcessPool
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.due import list_due_batches
from lovecampaign.store.sending.fence import raise_epoch
from lovecampaign.store.sending.flight_journal import read_flight
from lovecampaign.store.sending.pace import BURST_SECONDS, take_permits
from lovecampaign.store.sending.senders import close_owner
from tests.chaos.commands import Commands
from tests.chaos.servers import Kind, running_server
from tests.chaos.workspace import opened_shop
from tests.support.stage import DAY_1, Stage


class Fenced(Exception):
    """In place of the end of the test process."""


class TakenOver(ForkServer):
    """Its processes lose their batch to a worker, one after the other, except the last."""

    def __init__(self, times: int) -> None:
        self.times = times

    def fork(self) -> tuple[int, Connection]:
        ours, theirs = Pipe()
        theirs.send(messages.Fenced() if self.times > 0 else messages.Done(Tally(), 1))
        self.times -= 1
        self.theirs = theirs  # stays open, as that of a process
        return os.getpid(), ours


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    made = Stage(settings, database, days=1)
    made.add_readers(4)
    return made


def test_nothing_is_claimed_under_an_older_epoch(stage: Stage) -> None:
    with stage.sender() as sender:
        job, batch = _due_batch(stage, sender)
        with stage.database.write() as connection:
            epoch = raise_epoch(connection, batch.id)
        assert epoch == batch.epoch + 1
        assert deliver_batch(sender, job, batch).tried == 0
        newer = dataclasses.replace(batch, epoch=epoch)
        assert deliver_batch(sender, job, newer).sent == 4


def test_processes_that_workers_take_over_from_are_no_accident(stage: Stage) -> None:
    pool = ProcessPool(server=TakenOver(times=12), count=1)
    with stage.sender() as sender:
        report = send_due(sender, stage.campaign, PassOptions(dispatcher=pool), lambda _email: ())
    assert {each.code for each in report.problems} == {TAKEN_OVER}, "they did not die"
    assert len(report.problems) == 12
    assert report.remaining == 4


def test_a_sender_that_was_recovered_as_dead_claims_nothing(stage: Stage) -> None:
    with stage.sender() as sender:
        job, batch = _due_batch(stage, sender)
        with stage.database.write() as connection:
            close_owner(connection, sender.owner.id, DAY_1)
        assert deliver_batch(sender, job, batch).tried == 0


@pytest.mark.parametrize("cause", ["epoch", "owner"])
def test_a_look_at_a_lost_token_ends_the_sender_before_it_writes(stage: Stage, cause: str) -> None:
    with stage.sender() as sender:
        fenced_sender = dataclasses.replace(sender, on_fenced=_raise_fenced)
        _, batch = _due_batch(stage, sender)
        flight = FencedJournal(fenced_sender, batch, seconds_between_looks=0)
        flight.writing("first")
        with stage.database.write() as connection:
            if cause == "epoch":
                raise_epoch(connection, batch.id)
            else:
                close_owner(connection, sender.owner.id, DAY_1)
        with pytest.raises(Fenced):
            flight.writing("second")
        written = read_flight(sender.owner.journal.path)
        assert written is not None
        assert written.written == {"first"}


def test_transactional_mail_is_fenced_by_its_owner(stage: Stage) -> None:
    with stage.sender() as sender:
        fenced_sender = dataclasses.replace(sender, on_fenced=_raise_fenced)
        flight = FencedJournal(fenced_sender, seconds_between_looks=0)
        flight.check()
        with stage.database.write() as connection:
            close_owner(connection, sender.owner.id, DAY_1)
        with pytest.raises(Fenced):
            flight.check()


def test_a_suspended_process_that_lost_its_batch_ends_as_soon_as_it_wakes(
    tmp_path: Path, commands: Commands
) -> None:
    url = "sqlite:///lovecampaign.db"
    with (
        running_server(Kind.SMTP, tmp_path / "server.log") as server,
        opened_shop(
            tmp_path / "shop", commands, url, server, readers=60, max_per_second=10
        ) as shop,
    ):
        sender = shop.start_send()
        sender.wait_until(lambda: server.size > 0)
        sender.signal(signal.SIGSTOP)
        with shop.stage.database.write() as connection:
            [batch_id] = connection.scalars(sa.select(tables.batch.c.id))
            raise_epoch(connection, batch_id)
        time.sleep(5.2)
        before = server.size
        os.kill(sender.pid, signal.SIGCONT)
        said = sender.end()
        assert said.code == 75
        assert "others took over its deliveries" in said.err
        # At most what the process had begun to write when it was stopped.
        assert server.size <= before + 1


def test_permits_of_all_senders_follow_one_another_at_the_pace(database: Database) -> None:
    started = time.monotonic()
    waits = [_take(database, "smtp://here", 1) for _ in range(3)]
    passed = time.monotonic() - started
    assert waits[0] == pytest.approx(0, abs=0.01)
    # Ten permits at two a second, and the second taker waits for the end of the first ones.
    assert 5 - passed <= waits[1] <= 5.01
    assert 10 - passed <= waits[2] <= 10.01


def test_each_campaign_has_a_pace_at_each_provider(database: Database) -> None:
    firsts = [("smtp://here", 1), ("smtp://here", 2), ("smtp://there", 1)]
    waits = [_take(database, provider, campaign_id) for provider, campaign_id in firsts]
    assert waits == pytest.approx([0, 0, 0], abs=0.01)


def test_unused_time_is_made_up_for_a_moment_only(database: Database) -> None:
    with database.write() as connection:
        take_permits(connection, "smtp://here", 1, 1, 1_000)
    time.sleep(2 * BURST_SECONDS)
    with database.write() as connection:
        wait = take_permits(connection, "smtp://here", 1, 1, 1_000)
    assert wait == pytest.approx(-BURST_SECONDS, abs=0.002)


def _take(database: Database, provider: str, campaign_id: int) -> float:
    with database.write() as connection:
        return take_permits(connection, provider, campaign_id, 10, 2)


def _raise_fenced() -> NoReturn:
    raise Fenced


def _due_batch(stage: Stage, sender: SendingProcess) -> tuple[EmailJob, BatchHandle]:
    record = record_campaign(stage.database, stage.campaign)
    email = stage.campaign.day_emails[0]
    plan_due(stage.database, stage.campaign, record, [email], DAY_1)
    with stage.database.read() as connection:
        [batch] = list_due_batches(connection, stage.campaign, record, {email.key}, DAY_1)
    ready = prepare_email(sender, stage.campaign, record, email, EditPolicy(), lambda _email: ())
    assert ready.job is not None
    return ready.job, BatchHandle(id=batch.id, epoch=batch.epoch)
