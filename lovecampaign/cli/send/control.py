"""The verbs ``pause``, ``resume``, ``cancel`` and ``retry``.

All take effect at once, also on running senders, and are idempotent.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import click

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.cli.framework.invocation import Invocation, require_retyped, verb
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_argument, campaign_option, find_scheduled
from lovecampaign.cli.resources.open import RecordedCampaign, recorded_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import is_early_access
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger import campaigns as ledger
from lovecampaign.store.ledger.campaigns import BY_HAND
from lovecampaign.store.reports.campaign_report import EmailReport, report_campaign
from lovecampaign.store.sending.in_doubt import Retried, make_due
from lovecampaign.store.tables import DeliveryState

#: More of those who stay out are counted, not named.
_MAX_NAMED = 10
_DEAL_ENDED = frozenset({SkipReason.DEAL_CLOSED.value, SkipReason.SOLD_OUT.value})
_RETRIED = {
    "failed": (DeliveryState.FAILED, None),
    "late": (DeliveryState.SKIPPED, SkipReason.LATE.value),
}


@verb("pause")
@campaign_argument
@click.option("--why", type=read_name, metavar="TEXT", default=BY_HAND, help="Shown by status.")
def pause(invocation: Invocation, campaign_name: str | None, why: str) -> Result:
    """Stop sending at once, until resume.

    Deliveries in flight are finished; no more are begun.
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.write() as connection,
    ):
        has_changed = ledger.pause(connection, recorded.record.id, invocation.now, why)
    reason = why if has_changed else recorded.record.pause_reason
    return _pause_result(recorded, f"paused, {reason}", is_paused=True, has_changed=has_changed)


@verb("resume")
@campaign_argument
def resume(invocation: Invocation, campaign_name: str | None) -> Result:
    """Go on after a pause.

    What became due during the pause goes out with the next send, unless it is too late by then.
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.write() as connection,
    ):
        has_changed = ledger.resume(connection, recorded.record.id)
    words = "goes on" if has_changed else "was not paused"
    return _pause_result(recorded, words, is_paused=False, has_changed=has_changed)


@verb("cancel")
@click.argument("key")
@click.option("--undo", is_flag=True, help="Send it after all, to all for whom it is not due yet.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@campaign_option
def cancel(
    invocation: Invocation, key: str, campaign_name: str | None, *, undo: bool, yes: bool
) -> Result:
    """Cancel one email for everyone who does not have it yet.

    Asks at a terminal. Until the email is due, --undo takes it back.
    """
    with recorded_campaign(invocation, campaign_name) as recorded:
        email = find_scheduled(recorded.campaign, key)
        if undo:
            return _undo_cancel(recorded, email, invocation.now)
        was_cancelled = email.key in recorded.record.cancelled
        number = _count_planned(recorded, email, invocation.now)
        if number and invocation.may_ask and not (yes or was_cancelled):
            question = f"{count_of(number, 'person')} will not get {email.key}."
            require_retyped(invocation, email.key, question)
        with recorded.database.write() as connection:
            ledger.cancel_email(connection, recorded.record.email_ids[email.key], invocation.now)
        is_open = _is_due_later(recorded, email, invocation.now)
    slug = recorded.campaign.slug
    return Result(
        data={
            "campaign": slug,
            "key": email.key,
            "cancelled": number,
            "changed": not was_cancelled,
        },
        text=_format_cancelled(email.key, number, was_cancelled=was_cancelled)
        + (_how_to_undo(email.key, slug) if is_open else ""),
        next_command=f"lovecampaign status {slug}",
    )


def _how_to_undo(key: str, slug: str) -> str:
    return (
        f"\nUntil it is due, this takes it back: lovecampaign cancel {key} --undo --campaign {slug}"
    )


def _undo_cancel(recorded: RecordedCampaign, email: Email, now: datetime) -> Result:
    was_cancelled = email.key in recorded.record.cancelled
    if was_cancelled and not _is_due_later(recorded, email, now):
        raise UsageError(
            f"{email.key} stays cancelled: it was due for everyone",
            hint="to send its words after all, give them a later day or time",
        )
    with recorded.database.write() as connection:
        ledger.restore_email(connection, recorded.record.email_ids[email.key], now)
    number = _count_planned(recorded, email, now)
    slug = recorded.campaign.slug
    words = f"is not cancelled any more; {count_of(number, 'person')} will get it"
    return Result(
        data={"campaign": slug, "key": email.key, "planned": number, "changed": was_cancelled},
        text=f"{email.key} {words if was_cancelled else 'was not cancelled'}.",
        next_command=f"lovecampaign status {slug}",
    )


def _is_due_later(recorded: RecordedCampaign, email: Email, now: datetime) -> bool:
    """Whether there are subscribers for whom the email is not due yet."""
    campaign = recorded.campaign
    last = _report(recorded, email, now).last_due
    if email.is_insiders_only and campaign.insiders and last:
        last = max(last, campaign.insiders.until)  # due at joining
    return last is not None and now < last


def _count_planned(recorded: RecordedCampaign, email: Email, now: datetime) -> int:
    """Rows of the ledger, and everyone else who would get the email by today's rules."""
    return _report(recorded, email, now).counts.get(DeliveryState.PLANNED, 0)


def _report(recorded: RecordedCampaign, email: Email, now: datetime) -> EmailReport:
    return report_campaign(recorded.database, recorded.campaign, now, [email]).emails[0]


def _format_cancelled(key: str, number: int, *, was_cancelled: bool) -> str:
    if was_cancelled:
        return f"{key} was cancelled already."
    if not number:
        return f"{key} is cancelled; it was planned for no one."
    return f"{key} is cancelled; {count_of(number, 'person')} will not get it."


@verb("retry")
@click.argument("key")
@click.option(
    "--state",
    type=click.Choice(list(_RETRIED)),
    required=True,
    help="failed: what failed for good. late: what was skipped as too late.",
)
@campaign_option
def retry(invocation: Invocation, key: str, state: str, campaign_name: str | None) -> Result:
    """Make failed or late deliveries of an email due now.

    The next send takes them.
    """
    with recorded_campaign(invocation, campaign_name) as recorded:
        email = find_scheduled(recorded.campaign, key)
        _require_open(recorded.campaign, email, state, invocation.now)
        delivery_state, reason = _RETRIED[state]
        with recorded.database.write() as connection:
            email_id = recorded.record.email_ids[email.key]
            eligibility = Eligibility(
                campaign=recorded.campaign,
                email=email,
                campaign_id=recorded.record.id,
                now=invocation.now,
            )
            retried = make_due(connection, eligibility, email_id, delivery_state, reason)
    slug = recorded.campaign.slug
    return Result(
        data={
            "campaign": slug,
            "key": email.key,
            "state": state,
            "retried": retried.number,
            "stay_out": [{"email": one.email, "reason": one.reason} for one in retried.stay_out],
        },
        text=_format_retried(email.key, retried),
        next_command=_after_retry(retried, slug),
    )


def _format_retried(key: str, retried: Retried) -> str:
    lines = [f"{key}: {count_of(retried.number, 'delivery')} due now."]
    if retried.stay_out:
        lines.append(f"{count_of(len(retried.stay_out), 'delivery')} not sent again:")
        lines += [f"  {one.email}: {_words(one.reason)}" for one in retried.stay_out[:_MAX_NAMED]]
    if len(retried.stay_out) > _MAX_NAMED:
        counts = Counter(_words(one.reason) for one in retried.stay_out)
        lines.append("  all: " + ", ".join(f"{n:,} {why}" for why, n in counts.most_common()))
    return "\n".join(lines)


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _after_retry(retried: Retried, slug: str) -> str:
    if retried.stay_out and not retried.number:
        is_about_deal = {one.reason for one in retried.stay_out} <= _DEAL_ENDED
        return f"lovecampaign {'deals' if is_about_deal else 'suppressions'}"
    return f"lovecampaign send {slug}"


def _require_open(campaign: Campaign, email: Email, state: str, now: datetime) -> None:
    """Raises UsageError for early access when the doors are open, and for late invitations."""
    if email.role is Role.INVITATION and state == "late":
        raise UsageError(
            f"{email.key} goes out in waves before day 1, and never all at once",
            hint="readers who were not asked get the month as without an invitation",
        )
    is_early = email.role is Role.LAUNCH and is_early_access(campaign, email)
    if is_early and now >= campaign.launch.at:
        raise UsageError(
            f"{email.key} is early access, and the doors are open for everyone",
            hint="nothing is lost: the emails of the launch reach insiders too",
        )


def _pause_result(
    recorded: RecordedCampaign, words: str, *, is_paused: bool, has_changed: bool
) -> Result:
    slug = recorded.campaign.slug
    following = "resume" if is_paused else "send"
    return Result(
        data={"campaign": slug, "paused": is_paused, "changed": has_changed},
        text=f"{slug} {'is ' if is_paused else ''}{words}.",
        next_command=f"lovecampaign {following} {slug}",
    )
