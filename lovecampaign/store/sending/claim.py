"""Claim due deliveries for one sender.

A claim is committed durably before any byte is sent. Everything that could have changed since
planning (suppression, consent, tags, pause, cancel, lateness, the one email a day) is checked
in the same statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.json_rows import many, read_many
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.slots import read_clocks
from lovecampaign.store.eligibility.statement_cache import StatementCache
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.claim_sql import CLAIM, SKIP, pick
from lovecampaign.store.sending.claimed import ClaimedDelivery, PickedRow, as_claimed
from lovecampaign.store.tables import (
    MICROSECOND,
    PLANNED,
    DeliveryState,
    campaign,
    delivery,
    membership,
)
from lovecampaign.store.tables.ledger import ONE_A_DAY
from lovecampaign.store.tables.slots import fill_zone_clocks


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """The request of a sender for deliveries of one batch."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    batch_id: int
    #: The fencing token of the batch: an older epoch claims nothing.
    epoch: int
    owner_id: int
    limit: int
    #: Keyset cursor: delivery ids up to this one were read before in this pass (4 to 5 times
    #: faster on PostgreSQL while dead index entries pile up: performance lab, section 5).
    after_id: int
    now: datetime

    @property
    def disposition(self) -> Disposition:
        eligibility = Eligibility(
            campaign=self.campaign, email=self.email, campaign_id=self.record.id
        )
        return Disposition(eligibility=eligibility)

    @property
    def parameters(self) -> Mapping[str, object]:
        return {
            "my_batch": self.batch_id,
            "my_epoch": self.epoch,
            "size": self.limit,
            "after": self.after_id,
            "now": self.now,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The result of a claim."""

    deliveries: Sequence[ClaimedDelivery] = ()
    #: Rows that were read and skipped, by reason.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: The highest delivery id that was read; None: the batch is exhausted.
    last_id: int | None = None


class DayJustTaken(Exception):
    """Another sender took the day of one of these subscribers at the same time (PostgreSQL)."""


def claim(connection: Connection, request: ClaimRequest) -> Claims:
    """Claim up to ``limit`` due rows of a batch, inside the caller's transaction.

    Raises DayJustTaken; the transaction must be rolled back then.
    """
    fill_zone_clocks(connection, read_clocks(connection, request.campaign, request.now))
    picked = connection.scalar(_picks.get(request.disposition), request.parameters)
    rows: Sequence[PickedRow] = read_many(picked)
    if not rows:
        return Claims()
    to_send: list[PickedRow] = [row for row in rows if row[1] is None]
    if to_send and request.record.first_claim_at is None and request.email.begins_the_month:
        _record_first_claim(connection, request)
    _take(connection, request, to_send)
    skipped = _skip(connection, request, [row for row in rows if row[1] is not None])
    return Claims(
        deliveries=as_claimed(request.campaign, to_send, request.now),
        skipped=skipped,
        last_id=rows[-1][0],
    )


def has_claimable(connection: Connection, batch_id: int, after_id: int, now: datetime) -> bool:
    """Whether a batch has claimable rows after this delivery id."""
    is_claimable = sa.exists().where(
        delivery.c.batch_id == batch_id,
        delivery.c.id > after_id,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    )
    return bool(connection.scalar(sa.select(is_claimable)))


def _take(connection: Connection, request: ClaimRequest, rows: Iterable[PickedRow]) -> None:
    """One statement per local day: at any instant there are one or two."""
    takes_day = request.email.is_one_a_day
    ids_by_day: dict[str | None, list[int]] = {}
    for row in rows:
        ids_by_day.setdefault(row[2] if takes_day else None, []).append(row[0])
    try:
        for day, ids in ids_by_day.items():
            which = {"ids": many(ids), "day": day}
            connection.execute(CLAIM, {**which, "me": request.owner_id, "now": request.now})
    except IntegrityError as error:
        if ONE_A_DAY not in str(error.orig):
            raise
        raise DayJustTaken from error


def _skip(
    connection: Connection, request: ClaimRequest, rows: Iterable[PickedRow]
) -> Mapping[str, int]:
    """Skip these rows for their reasons; returns how many by reason."""
    ids_by_reason: dict[str, list[int]] = {}
    for id_, reason, *_ in rows:
        ids_by_reason.setdefault(reason or "", []).append(id_)
    for reason, ids in ids_by_reason.items():
        is_cancelled = reason == SkipReason.CANCELLED.value
        state = DeliveryState.CANCELLED if is_cancelled else DeliveryState.SKIPPED
        which = {"ids": many(ids), "why": reason}
        connection.execute(SKIP, {**which, "to_state": state.value, "now": request.now})
    return {reason: len(ids) for reason, ids in ids_by_reason.items()}


def _record_first_claim(connection: Connection, request: ClaimRequest) -> None:
    is_first = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == request.record.id, campaign.c.first_claim_at.is_(None))
        .values(first_claim_at=request.now)
    ).rowcount
    if is_first:
        _make_founders(connection, request)


def _make_founders(connection: Connection, request: ClaimRequest) -> None:
    """Let all who are on the lists at the first claim count as joined before it.

    Otherwise an import in the same second, on a machine with a clock that is ahead, or before
    a ``--now`` in the past would make late joiners of them.
    """
    connection.execute(
        sa.update(membership)
        .where(
            membership.c.list.in_(sorted(request.campaign.lists)),
            membership.c.joined_at >= request.now,
        )
        .values(joined_at=request.now - MICROSECOND)
    )


_picks = StatementCache(pick)
