"""Sends the ``welcome`` email to subscribers who have just confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from lovecampaign.campaign.model.campaign import WELCOME, Campaign
from lovecampaign.core.problems import Problem
from lovecampaign.delivery.base.sender import BatchHandle, SendingProcess
from lovecampaign.delivery.base.tally import Tally
from lovecampaign.delivery.loop.batch import deliver_batch
from lovecampaign.delivery.prepare.readiness import Checker, EditPolicy, find_edits, prepare_email
from lovecampaign.delivery.transactional.welcome_days import include_recent_days
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.sending.due import list_due_batches


def check_welcome_edit(
    sender: SendingProcess, campaign: Campaign, accepted_by: str | None, check: Checker
) -> Sequence[Problem]:
    """Problems of a welcome that was edited after its first copies were sent.

    ``accepted_by`` names the operator who accepts the edit, which then counts from now on.
    """
    email = campaign.find_email(WELCOME)
    if email is None:
        return ()
    on_edit = EditPolicy(accepted_by=accepted_by, keeps_frozen=True)
    if accepted_by is None:  # without rendering it, for which most passes have no reason
        return find_edits(sender.database, campaign, [email], on_edit)
    record = record_campaign(sender.database, campaign)
    return prepare_email(sender, campaign, record, email, on_edit, check).problems


def send_welcomes(sender: SendingProcess, campaign: Campaign, check: Checker) -> Tally:
    """Send every welcome that is due, at any hour and independent of the email of the day.

    An edit after the first welcome waits until it is accepted (:func:`check_welcome_edit`). Raises
    Refused and Unreachable where the provider takes no mail.
    """
    email, tally = campaign.find_email(WELCOME), Tally()
    if email is None:
        return tally
    record = record_campaign(sender.database, campaign)
    with sender.database.read() as connection:
        now = sender.clock.now()
        batches = list_due_batches(connection, campaign, record, {WELCOME}, now)
    if not batches:
        return tally
    keeps_frozen = EditPolicy(keeps_frozen=True)
    job = prepare_email(sender, campaign, record, email, keeps_frozen, check).job
    if job is None:
        return tally  # it has mistakes, which ``check`` and ``status`` show
    job = include_recent_days(sender, job)
    for batch in batches:
        if not sender.stop.is_set():
            tally += deliver_batch(sender, job, BatchHandle(id=batch.id, epoch=batch.epoch))
        if tally.closed is not None:
            raise tally.closed
    return tally
