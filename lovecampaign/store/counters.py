"""What do pausing, the brake and the pace count?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import campaign, email


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCounts:
    """How one email has fared so far."""

    accepted: int = 0
    hard_bounces: int = 0
    #: Of them, those of messages that had been accepted before.
    late_bounces: int = 0
    complaints: int = 0
    unsubscribes: int = 0

    @property
    def deliveries(self) -> int:
        """Messages whose fate a receiver decided; each counts once."""
        return self.accepted + self.hard_bounces - self.late_bounces


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """Failures of a campaign that are not about a recipient."""

    #: Since the last resume.
    policy_refusals: int
    in_a_row: int


def add_to_email(connection: Connection, email_id: int, added: EmailCounts) -> EmailCounts:
    """Count on; returns the sums."""
    row = connection.execute(
        sa.update(email)
        .where(email.c.id == email_id)
        .values(
            accepted=email.c.accepted + added.accepted,
            hard_bounces=email.c.hard_bounces + added.hard_bounces,
            late_bounces=email.c.late_bounces + added.late_bounces,
            complaints=email.c.complaints + added.complaints,
            unsubscribes=email.c.unsubscribes + added.unsubscribes,
        )
        .returning(
            email.c.accepted,
            email.c.hard_bounces,
            email.c.late_bounces,
            email.c.complaints,
            email.c.unsubscribes,
        )
    ).one()
    return EmailCounts(
        accepted=row.accepted,
        hard_bounces=row.hard_bounces,
        late_bounces=row.late_bounces,
        complaints=row.complaints,
        unsubscribes=row.unsubscribes,
    )


def add_failures(
    connection: Connection,
    campaign_id: int,
    *,
    policy_refusals: int,
    row_restarts: bool,
    in_a_row: int,
) -> FailureCounts:
    """Count on. ``row_restarts``: something was accepted before the last ``in_a_row`` failures."""
    row = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(
            policy_refusals=campaign.c.policy_refusals + policy_refusals,
            failures_in_a_row=in_a_row if row_restarts else campaign.c.failures_in_a_row + in_a_row,
        )
        .returning(campaign.c.policy_refusals, campaign.c.failures_in_a_row)
    ).one()
    return FailureCounts(policy_refusals=row.policy_refusals, in_a_row=row.failures_in_a_row)


def reserve_pace(
    connection: Connection, campaign_id: int, count: int, per_second: float, clock_now: datetime
) -> datetime:
    """Reserve the time of ``count`` messages; returns when the first may leave.

    By the machine's own clock, whatever ``--now`` says. All senders of a campaign reserve from
    the same row, so the pace holds over connections and machines.
    """
    free_at = connection.scalar(
        sa.select(campaign.c.pace_free_at).where(campaign.c.id == campaign_id).with_for_update()
    )
    start = max(free_at, clock_now) if free_at else clock_now
    connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == campaign_id)
        .values(pace_free_at=start + timedelta(seconds=count / per_second))
    )
    return start
