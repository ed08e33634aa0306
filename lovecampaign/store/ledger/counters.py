"""Counters for pausing and the brake."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import campaign, email


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCounts:
    """How many messages of an email were accepted, bounced, complained about and so on."""

    accepted: int = 0
    hard_bounces: int = 0
    #: Of them, those of messages that had been accepted before.
    late_bounces: int = 0
    complaints: int = 0
    unsubscribes: int = 0

    @property
    def deliveries(self) -> int:
        """Messages that a receiver has decided on; each counts once."""
        return self.accepted + self.hard_bounces - self.late_bounces


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """A campaign's failures that are not about a recipient."""

    #: Since the last resume.
    policy_refusals: int
    in_a_row: int


_EMAIL_COUNTS = (
    email.c.accepted,
    email.c.hard_bounces,
    email.c.late_bounces,
    email.c.complaints,
    email.c.unsubscribes,
)
#: Built once: for each chunk of claims, SQLAlchemy took 20 times as long as the database.
_ADD_TO_EMAIL = (
    sa.update(email)
    .where(email.c.id == sa.bindparam("email_id"))
    .values({column: column + sa.bindparam(f"more_{column.name}") for column in _EMAIL_COUNTS})
    .returning(*_EMAIL_COUNTS)
)
_ADD_FAILURES = (
    sa.update(campaign)
    .where(campaign.c.id == sa.bindparam("campaign_id"))
    .values(
        policy_refusals=campaign.c.policy_refusals + sa.bindparam("refusals"),
        failures_in_a_row=campaign.c.failures_in_a_row * sa.bindparam("kept", type_=sa.Integer)
        + sa.bindparam("in_a_row"),
    )
    .returning(campaign.c.policy_refusals, campaign.c.failures_in_a_row)
)


def add_to_email(connection: Connection, email_id: int, added: EmailCounts) -> EmailCounts:
    """Add to an email's counters; returns the sums."""
    more = {f"more_{column.name}": getattr(added, column.name) for column in _EMAIL_COUNTS}
    row = connection.execute(_ADD_TO_EMAIL, {"email_id": email_id, **more}).one()
    return EmailCounts(**dict(zip(row._fields, row, strict=True)))


def add_failures(
    connection: Connection,
    campaign_id: int,
    *,
    policy_refusals: int,
    row_restarts: bool,
    in_a_row: int,
) -> FailureCounts:
    """Add to a campaign's failure counters; returns the sums.

    ``row_restarts``: a message was accepted before the last ``in_a_row`` failures.
    """
    added = {
        "campaign_id": campaign_id,
        "refusals": policy_refusals,
        "kept": 0 if row_restarts else 1,
        "in_a_row": in_a_row,
    }
    row = connection.execute(_ADD_FAILURES, added).one()
    return FailureCounts(policy_refusals=row.policy_refusals, in_a_row=row.failures_in_a_row)
