"""Send all that is due now: what ``send`` does once, and ``run`` again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.delivery.batch import deliver_batch
from lovecampaign.delivery.contents import Wording, accept_edit, find_wording
from lovecampaign.delivery.personal import Addressing
from lovecampaign.delivery.recovery import recover
from lovecampaign.delivery.sender import Sender
from lovecampaign.delivery.tally import Tally
from lovecampaign.delivery.work import BatchHandle, EmailWork
from lovecampaign.errors import ProblemsFound
from lovecampaign.problems import Place, Problem, Severity, has_errors
from lovecampaign.render.content import read_content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.due import (
    DueBatch,
    count_waiting,
    find_next_due,
    list_due_batches,
)
from lovecampaign.store.planning import plan_due

EDITED = "LC901"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendChoices:
    """What the operator asked of a pass."""

    #: Emails that may be sent; all scheduled ones where empty.
    keys: frozenset[str] = frozenset()
    #: The most deliveries to try.
    limit: int | None = None
    #: Who means an edit of what went out already; None: an edited email is blocked.
    accepts_edit: str | None = None
    #: Go on with the frozen copy and warn, where the files were edited (``run``).
    keeps_frozen: bool = False


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
    #: Due and not tried: a limit, a pause, or an email with mistakes.
    remaining: int
    next_due: datetime | None
    #: What blocks an email, and what is worth a warning.
    problems: Sequence[Problem] = field(default_factory=tuple)

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


#: Finds the mistakes of one email, before anything of it is claimed.
Checker = Callable[[Email], Sequence[Problem]]


def send_due(
    sender: Sender, campaign: Campaign, choices: SendChoices, check: Checker
) -> SendReport:
    """One pass: recover, plan, deliver, count.

    Raises Unreachable where the provider or the database does not answer; what was claimed is
    then settled or left for recovery, and running it again is safe.
    """
    record = record_campaign(sender.database, campaign)
    in_doubt = recover(sender)
    emails = _chosen(campaign, choices)
    planned = plan_due(sender.database, campaign, record, emails, sender.clock.now())
    send_pass = _Pass(sender=sender, campaign=campaign, choices=choices, check=check, record=record)
    send_pass.deliver({email.key for email in emails})
    tally = send_pass.tally + Tally(in_doubt=in_doubt, skipped=planned.skipped)
    return _report(send_pass, tally, {email.key for email in emails})


def _chosen(campaign: Campaign, choices: SendChoices) -> list[Email]:
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
    choices: SendChoices
    check: Checker
    record: CampaignRecord
    tally: Tally = field(default_factory=Tally)
    problems: list[Problem] = field(default_factory=list)
    #: Emails made ready in this pass; None: blocked.
    works: dict[str, EmailWork | None] = field(default_factory=dict)

    def deliver(self, keys: set[str]) -> None:
        """Deliver batch by batch, earliest due first, until the limit or a stop."""
        with self.sender.database.read() as connection:
            batches = list_due_batches(connection, self.record, keys, self.sender.clock.now())
        for batch in batches:
            if self.sender.stop.is_set() or self._most() == 0:
                return
            self._deliver_one(batch)

    def _deliver_one(self, batch: DueBatch) -> None:
        if batch.email_key not in self.works:
            self.works[batch.email_key] = self._make_ready(batch.email_key)
        work = self.works[batch.email_key]
        if work is not None:
            handle = BatchHandle(id=batch.id, epoch=batch.epoch)
            self.tally += deliver_batch(self.sender, work, handle, self._most())

    def _most(self) -> int | None:
        limit = self.choices.limit
        return None if limit is None else max(0, limit - self.tally.tried)

    def _make_ready(self, key: str) -> EmailWork | None:
        """The email's content, checked; None where a mistake blocks it."""
        email = self.campaign.find_email(key)
        if email is None:
            return None
        try:
            wording = self._wording(email)
        except ProblemsFound as found:
            self.problems.extend(found.problems)
            return None
        problems = [] if wording.is_frozen else list(self.check(email))
        problems.extend(self._edit_problems(email, wording))
        self.problems.extend(problems)
        if has_errors(problems):
            return None
        return self._work(email, wording)

    def _wording(self, email: Email) -> Wording:
        """What counts for the email; an edit that is meant counts from now on."""
        email_id = self.record.email_ids[email.key]
        with self.sender.database.read() as connection:
            wording = find_wording(connection, self.campaign, email, email_id)
        who = self.choices.accepts_edit
        if not wording.is_edited or who is None:
            return wording
        content = wording.current or read_content(self.campaign, email)  # raises what is wrong
        problems = self.check(email)
        if has_errors(problems):
            raise ProblemsFound(f"{email.key} has mistakes", tuple(problems))
        now = self.sender.clock.now()
        with self.sender.database.write() as connection:
            accept_edit(connection, email_id, content, now, who)
        return Wording(current=content, frozen=content)

    def _edit_problems(self, email: Email, wording: Wording) -> list[Problem]:
        if not wording.is_edited:
            return []
        keeps = self.choices.keeps_frozen
        return [
            Problem(
                code=EDITED,
                severity=Severity.WARNING if keeps else Severity.ERROR,
                message=f"{email.key} was edited after its first copies went out",
                place=Place(file=email.copy.file, line=1, column=1),
                hint=(
                    "the others get what the first ones got; to send the new text instead, type: "
                    f"lovecampaign send {self.campaign.slug} --day {email.key} --accept-edit"
                ),
            )
        ]

    def _work(self, email: Email, wording: Wording) -> EmailWork:
        settings = self.sender.settings
        return EmailWork(
            campaign=self.campaign,
            record=self.record,
            email=email,
            content=wording.content,
            renderer=EmailRenderer(
                self.campaign,
                email,
                wording.content,
                public_url=settings.public_url,
                media_url=settings.media_url,
            ),
            addressing=Addressing(
                campaign=self.campaign,
                email=email,
                signer=self.sender.signer,
                public_url=settings.public_url,
                founders_until=self.record.first_claim_at,
            ),
            is_frozen=wording.is_frozen,
        )


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
        problems=tuple(send_pass.problems),
    )
