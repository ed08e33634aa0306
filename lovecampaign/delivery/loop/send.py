"""Send all that is due now: what ``send`` does once, and ``run`` again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.failures import failure_problems
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.base.work import BatchHandle
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.loop.recovery_timer import RecoveryTimer
from lovecampaign.delivery.prepare.readiness import (
    Checker,
    EditPolicy,
    EmailReadiness,
    prepare_email,
)
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.planning.planner import plan_due
from lovecampaign.store.sending.due import DueBatch, count_waiting, find_next_due, list_due_batches


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOptions:
    """What the operator asked of a pass."""

    #: Emails that may be sent; all scheduled ones where empty.
    keys: frozenset[str] = frozenset()
    #: The most deliveries to try.
    limit: int | None = None
    #: What happens where an email was edited after its first copies went out.
    on_edit: EditPolicy = field(default_factory=EditPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What a pass did; ``due`` is the sum of all counts."""

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
    #: What blocks an email, and what is worth a warning.
    problems: Sequence[Problem] = field(default_factory=tuple)
    #: Why the pass ended before its time: the provider refuses us as a whole, or is away.
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
    sender: Sender, campaign: Campaign, choices: PassOptions, check: Checker
) -> SendReport:
    """One pass: plan, recover, deliver, count.

    Where the provider does not take mail, the report says so. Raises Unreachable where the
    database does not answer; what was claimed is then left for recovery, and running it again is
    safe.
    """
    record = record_campaign(sender.database, campaign)
    emails = _chosen(campaign, choices)
    planned = plan_due(sender.database, campaign, record, emails, sender.clock.now())
    send_pass = _Pass(
        sender=sender,
        campaign=campaign,
        choices=choices,
        check=check,
        record=record,
        watch=RecoveryTimer(sender=sender),
    )
    in_doubt = send_pass.deliver_all({email.key for email in emails})
    tally = send_pass.tally + Tally(in_doubt=in_doubt, skipped=planned.skipped)
    return _report(send_pass, tally, {email.key for email in emails})


def _chosen(campaign: Campaign, choices: PassOptions) -> list[Email]:
    return [
        email
        for email in campaign.scheduled_emails
        if not choices.keys or email.key in choices.keys
    ]


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One pass over one campaign's due batches."""

    sender: Sender
    campaign: Campaign
    choices: PassOptions
    check: Checker
    record: CampaignRecord
    watch: RecoveryTimer
    tally: Tally = field(default_factory=Tally)
    #: Emails looked at in this pass.
    ready: dict[str, EmailReadiness] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for each in self.ready.values() for problem in each.problems)

    def deliver_all(self, keys: set[str]) -> int:
        """Deliver what is due, and what senders leave that die meanwhile.

        Returns how many deliveries are in doubt for senders that died.
        """
        self.watch.look()
        put_back = None
        while put_back != self.watch.found.put_back:
            put_back = self.watch.found.put_back
            self._deliver(keys)
            self.watch.look()
        return self.watch.found.in_doubt

    def _deliver(self, keys: set[str]) -> None:
        """Deliver batch by batch, earliest due first, until the limit or a stop."""
        with self.sender.database.read() as connection:
            batches = list_due_batches(
                connection, self.campaign, self.record, keys, self.sender.clock.now()
            )
        for batch in batches:
            if self.sender.stop.is_set() or self._most() == 0 or self.tally.closed:
                return
            self._deliver_one(batch)

    def _deliver_one(self, batch: DueBatch) -> None:
        if batch.email_key not in self.ready:
            self.ready[batch.email_key] = self._make_ready(batch.email_key)
        work = self.ready[batch.email_key].work
        if work is not None:
            handle = BatchHandle(id=batch.id, epoch=batch.epoch)
            self.tally += deliver_batch(
                self.sender, work, handle, self._most(), self.watch.look_if_time
            )

    def _make_ready(self, key: str) -> EmailReadiness:
        email = self.campaign.find_email(key)
        if email is None:
            raise ValueError(f"{key} was chosen from the campaign's emails")
        return prepare_email(
            self.sender, self.campaign, self.record, email, self.choices.on_edit, self.check
        )

    def _most(self) -> int | None:
        limit = self.choices.limit
        return None if limit is None else max(0, limit - self.tally.tried)


def _report(send_pass: _Pass, tally: Tally, keys: set[str]) -> SendReport:
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
        problems=(*send_pass.problems, *failure_problems(send_pass.campaign, tally.failures)),
    )
