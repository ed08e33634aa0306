"""Which deliveries may a sender put on the wire now?

A claim is committed durably before any byte goes out. Everything that could have changed since
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
from lovecampaign.store.database.json_parameters import json_parameter, read_json_rows
from lovecampaign.store.eligibility.disposition import Fate
from lovecampaign.store.eligibility.eligibility import Standing
from lovecampaign.store.eligibility.slots import read_clocks
from lovecampaign.store.eligibility.statement_cache import Built
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.claim_sql import LEAVE, TAKE, pick
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
    """What a sender asks for."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    batch_id: int
    #: As the batch was handed out: an older epoch finds nothing.
    epoch: int
    owner_id: int
    limit: int
    #: Delivery ids up to this one were seen before in this pass (keeps PostgreSQL fast while
    #: dead index entries pile up: 4 to 5 times, performance lab, section 5).
    after_id: int
    now: datetime

    @property
    def fate(self) -> Fate:
        """What is asked, apart from the parameters."""
        standing = Standing(campaign=self.campaign, email=self.email, campaign_id=self.record.id)
        return Fate(standing=standing)

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
    """What a request got."""

    deliveries: Sequence[ClaimedDelivery] = ()
    #: Rows that were looked at and are not to be sent, by reason.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: The highest delivery id looked at; None: the batch is exhausted.
    last_id: int | None = None


class DayJustTaken(Exception):
    """Another sender took one of these readers' day in the same instant (PostgreSQL only)."""


def claim(connection: Connection, request: ClaimRequest) -> Claims:
    """Take up to ``limit`` due rows of a batch, inside the caller's transaction.

    Raises DayJustTaken; the transaction is of no more use then.
    """
    fill_zone_clocks(connection, read_clocks(connection, request.campaign, request.now))
    rows = _pick(connection, request)
    if not rows:
        return Claims()
    to_send: list[PickedRow] = [row for row in rows if row[1] is None]
    if to_send and _begins_the_month(request):
        _note_first_claim(connection, request)
    _take(connection, request, to_send)
    skipped = _leave(connection, request, [row for row in rows if row[1] is not None])
    return Claims(
        deliveries=as_claimed(request.campaign, to_send, request.now),
        skipped=skipped,
        last_id=rows[-1][0],
    )


def has_claimable(connection: Connection, batch_id: int, after_id: int, now: datetime) -> bool:
    """Whether rows of a batch, behind this delivery id, wait to be claimed."""
    waits = sa.exists().where(
        delivery.c.batch_id == batch_id,
        delivery.c.id > after_id,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    )
    return bool(connection.scalar(sa.select(waits)))


def _pick(connection: Connection, request: ClaimRequest) -> Sequence[PickedRow]:
    return read_json_rows(connection.scalar(_picks.of(request.fate), request.parameters))


def _take(connection: Connection, request: ClaimRequest, rows: Iterable[PickedRow]) -> None:
    """Day by day: the readers' dates are one or two at any instant."""
    takes_day = request.email.is_one_a_day
    ids_by_day: dict[str | None, list[int]] = {}
    for row in rows:
        ids_by_day.setdefault(row[2] if takes_day else None, []).append(row[0])
    try:
        for day, ids in ids_by_day.items():
            which = {"ids": json_parameter(ids), "day": day}
            connection.execute(TAKE, {**which, "me": request.owner_id, "now": request.now})
    except IntegrityError as error:
        if ONE_A_DAY not in str(error.orig):
            raise
        raise DayJustTaken from error


def _leave(
    connection: Connection, request: ClaimRequest, rows: Iterable[PickedRow]
) -> Mapping[str, int]:
    """Close them for their reasons, and count these."""
    ids_by_reason: dict[str, list[int]] = {}
    for id_, reason, *_ in rows:
        ids_by_reason.setdefault(reason or "", []).append(id_)
    for reason, ids in ids_by_reason.items():
        is_cancelled = reason == SkipReason.CANCELLED.value
        state = DeliveryState.CANCELLED if is_cancelled else DeliveryState.SKIPPED
        which = {"ids": json_parameter(ids), "why": reason}
        connection.execute(LEAVE, {**which, "to_state": state.value, "now": request.now})
    return {reason: len(ids) for reason, ids in ids_by_reason.items()}


def _begins_the_month(request: ClaimRequest) -> bool:
    return request.record.first_claim_at is None and request.email.begins_the_month


def _note_first_claim(connection: Connection, request: ClaimRequest) -> None:
    is_first = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == request.record.id, campaign.c.first_claim_at.is_(None))
        .values(first_claim_at=request.now)
    ).rowcount
    if is_first:
        _make_founders(connection, request)


def _make_founders(connection: Connection, request: ClaimRequest) -> None:
    """Everybody who is on the lists at the first claim joined before it, whatever a clock said.

    An import in the same second, on a machine whose clock is ahead, or before a ``--now`` in
    the past would make late joiners of them.
    """
    connection.execute(
        sa.update(membership)
        .where(
            membership.c.list.in_(sorted(request.campaign.lists)),
            membership.c.joined_at >= request.now,
        )
        .values(joined_at=request.now - MICROSECOND)
    )


_picks = Built(pick)
