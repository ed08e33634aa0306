"""One pass over all that is due: ``send`` makes one, ``run`` repeats it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.holds import find_quota
from lovecampaign.delivery.base.sender import BatchHandle, EmailJob, SendingProcess
from lovecampaign.delivery.base.tally import Tally, failure_problems, limit_problems
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.loop.dispatch import BatchDispatcher
from lovecampaign.delivery.loop.recovery import RecoveryTimer
from lovecampaign.delivery.loop.settle import put_back_all
from lovecampaign.delivery.prepare.readiness import (
    Checker,
    EditPolicy,
    EmailReadiness,
    prepare_email,
)
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.ledger.take_back import has_accepted, list_rejected
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.due import DueBatch, count_waiting, find_next_due, list_due_batches

#: A pass of which nothing was taken is about us from so many rejections on: before the server took
#: a first message, and after.
MIN_REJECTED_AT_FIRST, MIN_REJECTED = 3, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOptions:
    """What the operator asked of a pass."""

    #: Emails that may be sent; all scheduled ones where empty.
    keys: frozenset[str] = frozenset()
    #: Maximum of deliveries to try.
    limit: int | None = None
    #: For an email that was edited after its first copies were sent.
    on_edit: EditPolicy = field(default_factory=EditPolicy)
    #: Delivers in other processes, unless there is a limit; None: this process delivers.
    dispatcher: BatchDispatcher | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """The counts of a pass; ``due`` is their sum."""

    campaign: str
    now: datetime
    sent: int
    failed: int
    skipped: int
    in_doubt: int
    retry_later: int
    #: Due and not tried: quiet hours, a limit, a pause, or an email with mistakes.
    remaining: int
    next_due: datetime | None
    problems: Sequence[Problem] = field(default_factory=tuple)
    #: Why the pass ended early: the provider rejects us, or cannot be reached.
    closed: Unreachable | None = None

    @property
    def due(self) -> int:
        return (
            self.sent
            + self.failed
            + self.skipped
            + self.in_doubt
            + self.retry_later
            + self.remaining
        )


def send_due(
    sender: SendingProcess, campaign: Campaign, options: PassOptions, check: Checker
) -> SendReport:
    """One pass: plan, recover, deliver, count.

    Where the provider does not take mail, the report says so. Raises Unreachable where the database
    does not answer; claims are then left for recovery, and it is safe to run it again.
    """
    record = record_campaign(sender.database, campaign)
    emails = _select_emails(campaign, options)
    planned = plan_due(sender.database, campaign, record, emails, sender.clock.now())
    send_pass = SendPass(
        sender=sender,
        campaign=campaign,
        options=options,
        check=check,
        record=record,
        recovery=RecoveryTimer(sender),
        began_at=sender.clock.now(),
    )
    in_doubt = send_pass.deliver_all({email.key for email in emails})
    tally = send_pass.tally + Tally(in_doubt=in_doubt, skipped=planned.skipped)
    return _report(send_pass, tally, {email.key for email in emails})


def _select_emails(campaign: Campaign, options: PassOptions) -> list[Email]:
    return [
        email
        for email in campaign.scheduled_emails
        if not options.keys or email.key in options.keys
    ]


@dataclass(slots=True, kw_only=True)
class SendPass:
    """One pass over one campaign's due batches."""

    sender: SendingProcess
    campaign: Campaign
    options: PassOptions
    check: Checker
    record: CampaignRecord
    recovery: RecoveryTimer
    began_at: datetime
    tally: Tally = field(default_factory=Tally)
    #: Emails prepared in this pass.
    ready: dict[str, EmailReadiness] = field(default_factory=dict)
    #: Senders of this pass beside our own.
    others: set[int] = field(default_factory=set)
    #: Of processes that died.
    deaths: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> tuple[Problem, ...]:
        found = (problem for each in self.ready.values() for problem in each.problems)
        return (*found, *self.deaths)

    def deliver_all(self, keys: set[str]) -> int:
        """Deliver all that is due, also claims of processes that die meanwhile.

        Returns how many deliveries of dead processes are in doubt.
        """
        self.recovery.run()
        if quota := find_quota(self.sender):
            self.tally += Tally(quota=quota)
            return self.recovery.recovered.in_doubt
        before = None
        while before != (now := (self.recovery.recovered.put_back, len(self.deaths))):
            before = now
            self.deliver_due(keys)
            self.recovery.run()
        self.put_back_where_nothing_was_taken()
        return self.recovery.recovered.in_doubt

    def put_back_where_nothing_was_taken(self) -> None:
        """A pass of which the server rejects everything is about us, whatever its words."""
        tally, record = self.tally, self.record
        ended = tally.closed or tally.quota
        if tally.sent or ended or tally.tried < MIN_REJECTED_AT_FIRST:
            return
        with self.sender.database.write() as connection:
            owners = {self.sender.owner.id, *self.others}
            rejected = list_rejected(connection, record.id, owners, self.began_at)
            least = MIN_REJECTED_AT_FIRST
            if has_accepted(connection, record.id):  # a second rejection is the recipient's then
                rejected = [each for each in rejected if each.attempts <= 1]
                least = MIN_REJECTED
            if len(rejected) < least:
                return
            reason = (
                f"nothing was taken: {len(rejected)} of {len(rejected)} were rejected, which is "
                "about us, not about them. They are put back, and no address was suppressed; "
                f"the server's last words: {rejected[-1].detail}"
            )
            ids = [each.id for each in rejected]
            undone = put_back_all(connection, self.sender, record, ids, self.began_at, reason)
        self.tally += undone

    def deliver_due(self, keys: Collection[str]) -> None:
        """Deliver batch by batch, earliest due first, until the limit or a stop."""
        with self.sender.database.read() as connection:
            batches = list_due_batches(
                connection, self.campaign, self.record, keys, self.sender.clock.now()
            )
        if self.options.dispatcher is not None and self.options.limit is None:
            self._dispatch(self.options.dispatcher, batches)
            return
        for batch in batches:
            if self._is_over:
                return
            self.deliver(batch)

    def deliver(self, batch: DueBatch) -> None:
        """Deliver a batch of an email without mistakes; the others are left."""
        if (job := self._job_of(batch)) is not None:
            self.tally += deliver_batch(
                self.sender, job, _handle(batch), self._most(), self.recovery.run_if_due
            )

    def _dispatch(self, dispatcher: BatchDispatcher, batches: Sequence[DueBatch]) -> None:
        jobs = [(job, _handle(each)) for each in batches if (job := self._job_of(each)) is not None]
        if jobs and not self._is_over:
            dispatched = dispatcher.dispatch(self.sender, jobs, self.recovery)
            self.tally += dispatched.tally
            self.others |= dispatched.owner_ids
            self.deaths += dispatched.problems

    @property
    def _is_over(self) -> bool:
        return self.sender.stop.is_set() or self._most() == 0 or self.tally.closed is not None

    def _job_of(self, batch: DueBatch) -> EmailJob | None:
        if batch.email_key not in self.ready:
            self.ready[batch.email_key] = self._make_ready(batch.email_key)
        return self.ready[batch.email_key].job

    def _make_ready(self, key: str) -> EmailReadiness:
        email = self.campaign.find_email(key)
        if email is None:
            raise ValueError(f"{key} was chosen from the campaign's emails")
        return prepare_email(
            self.sender, self.campaign, self.record, email, self.options.on_edit, self.check
        )

    def _most(self) -> int | None:
        limit = self.options.limit
        return None if limit is None else max(0, limit - self.tally.tried)


def _handle(batch: DueBatch) -> BatchHandle:
    return BatchHandle(id=batch.id, epoch=batch.epoch)


def _report(send_pass: SendPass, tally: Tally, keys: set[str]) -> SendReport:
    sender, now = send_pass.sender, send_pass.sender.clock.now()
    with sender.database.read() as connection:
        waiting = count_waiting(connection, send_pass.record, keys, now)
        next_due = find_next_due(connection, send_pass.campaign, send_pass.record, keys, now)
    return SendReport(
        campaign=send_pass.campaign.slug,
        now=now,
        sent=tally.sent,
        failed=tally.failed,
        skipped=tally.skipped,
        in_doubt=tally.in_doubt,
        retry_later=waiting.retry_later,
        remaining=waiting.remaining,
        next_due=next_due,
        closed=tally.closed,
        problems=(
            *send_pass.problems,
            *limit_problems(tally),
            *failure_problems(send_pass.campaign, tally.failures),
        ),
    )
