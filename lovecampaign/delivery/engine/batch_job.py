"""The job of one batch: take it under a new epoch, prepare its email, deliver, count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.core.zones import TZ_DATABASE, UPGRADE_COMMAND
from lovecampaign.delivery.base.holds import find_quota
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.base.tally import Tally, failure_problems, limit_problems
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.loop.send import PassOptions, SendPass
from lovecampaign.delivery.prepare.readiness import Checker, EditPolicy
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.sending.due import DueBatch, WaitingCounts, count_waiting_in_batch
from lovecampaign.store.sending.fence import raise_epoch
from lovecampaign.store.sending.job_queue import TakenBatch, find_batch

OLD_TZ = "old_time_zones"
NOT_HERE = "no_such_campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """The counts of one job; ``remaining`` and ``retry_later`` are those of its batch."""

    batch: int
    campaign: str
    key: str
    now: datetime
    epoch: int
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    retry_later: int = 0
    remaining: int = 0
    problems: Sequence[Problem] = field(default_factory=tuple)
    #: Why it ended early: the provider rejects us, or cannot be reached.
    closed: Unreachable | None = None

    @property
    def due(self) -> int:
        done = self.sent + self.failed + self.skipped + self.in_doubt
        return done + self.retry_later + self.remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """Delivers queued batches through one sender."""

    sender: SendingProcess
    recovery: RecoveryTimer
    #: By the campaign's id in the ledger; None where this workspace does not have it.
    find_campaign: Callable[[str], Campaign | None]
    checker: Callable[[Campaign], Checker]
    tz_version: str = TZ_DATABASE.version

    def run(self, batch_id: int) -> BatchReport | None:
        """Deliver what is due of a batch; None where there is no such batch any more."""
        self.recovery.run_if_due()
        with self.sender.database.read() as connection:
            batch = find_batch(connection, batch_id)
        if batch is None:
            return None
        campaign = self.find_campaign(batch.campaign_key)
        if campaign is None:
            return self._left(batch, batch.campaign_key, self._not_here(batch))
        if problem := self._find_older_tz(campaign, batch):
            return self._left(batch, campaign.slug, problem)
        return self._deliver(batch, campaign)

    def _deliver(self, batch: TakenBatch, campaign: Campaign) -> BatchReport:
        sender = self.sender
        with sender.database.write() as connection:
            epoch = raise_epoch(connection, batch.id)
        send_pass = SendPass(
            sender=sender,
            campaign=campaign,
            options=PassOptions(on_edit=EditPolicy(keeps_frozen=True)),
            check=self.checker(campaign),
            record=record_campaign(sender.database, campaign),
            recovery=self.recovery,
            began_at=sender.clock.now(),
        )
        if quota := find_quota(sender):
            send_pass.tally += Tally(quota=quota)
        elif campaign.find_email(batch.email_key) is not None:
            send_pass.deliver(DueBatch(id=batch.id, epoch=epoch, email_key=batch.email_key))
            send_pass.put_back_where_nothing_was_taken()
        tally, waiting = send_pass.tally, self._count_waiting(batch)
        return BatchReport(
            batch=batch.id,
            campaign=campaign.slug,
            key=batch.email_key,
            now=sender.clock.now(),
            epoch=epoch,
            sent=tally.sent,
            failed=tally.failed,
            skipped=tally.skipped,
            in_doubt=tally.in_doubt,
            retry_later=waiting.retry_later,
            remaining=waiting.remaining,
            closed=tally.closed,
            problems=(
                *send_pass.problems,
                *limit_problems(tally),
                *failure_problems(campaign, tally.failures),
            ),
        )

    def _count_waiting(self, batch: TakenBatch) -> WaitingCounts:
        with self.sender.database.read() as connection:
            return count_waiting_in_batch(connection, batch.id, self.sender.clock.now())

    def _left(self, batch: TakenBatch, name: str, problem: Problem) -> BatchReport:
        waiting = self._count_waiting(batch)
        return BatchReport(
            batch=batch.id,
            campaign=name,
            key=batch.email_key,
            now=self.sender.clock.now(),
            epoch=batch.epoch,
            retry_later=waiting.retry_later,
            remaining=waiting.remaining,
            problems=(problem,),
        )

    def _find_older_tz(self, campaign: Campaign, batch: TakenBatch) -> Problem | None:
        """Why this machine must not send an email by local time: its tz data are older."""
        email = campaign.find_email(batch.email_key)
        is_local = email is not None and email.role in (Role.DAY, Role.CATCH_UP)
        if not is_local or batch.tz_version is None or batch.tz_version <= self.tz_version:
            return None
        return Problem(
            code=OLD_TZ,
            severity=Severity.WARNING,
            message=f"{batch.email_key} was planned with the time zones {batch.tz_version}, and "
            f"this machine has {self.tz_version}: it is left to others",
            hint=f"type here, and start the worker again: {UPGRADE_COMMAND}",
        )

    def _not_here(self, batch: TakenBatch) -> Problem:
        return Problem(
            code=NOT_HERE,
            severity=Severity.WARNING,
            message=f"the campaign {batch.campaign_key} is not in this workspace: "
            f"{batch.email_key} is left to others",
            hint="copy its folder into campaigns/ of each machine with a worker",
        )
