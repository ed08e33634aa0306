"""The suppressions that hold, with the provider's words, and lifting those that bounces made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.subscribers.suppressions import lift_suppressions
from lovecampaign.store.tables import DeliveryState, delivery, event, subscriber, suppression
from lovecampaign.store.tables import transactional as transactional_mail

#: Complaints and unsubscribes are the subscriber's own wish: only they come back.
LIFTABLE_REASONS = (
    SuppressionReason.HARD_BOUNCE,
    SuppressionReason.SOFT_BOUNCES,
    SuppressionReason.MANUAL,
)
#: The words come from deliveries that failed for their mailbox or domain.
_BOUNCED = ("recipient", "mailbox", "destination", "gave_up")
#: The keys of an event's payload that hold a server's words, the best first.
_WORDS = ("detail", "response", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSuppression:
    """A suppression that holds."""

    id: int
    address_key: str
    #: As the subscriber wrote it; the key where they are none of ours.
    email: str
    reason: SuppressionReason
    #: The one list or campaign it holds for; '' is all.
    list: str
    only_campaign: str
    at: datetime
    #: The server's last words about a bounce, else where it was said.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftFilter:
    """Which suppressions to lift: those of addresses, or those of a reason."""

    keys: Collection[str] = ()
    reason: SuppressionReason | None = None
    since: datetime | None = None
    #: A part of the words, in any case of letters.
    words: str = ""

    def takes(self, one: ListedSuppression) -> bool:
        """Whether it concerns this one; never a complaint or an unsubscribe."""
        if one.reason not in LIFTABLE_REASONS or self.reason not in (None, one.reason):
            return False
        if self.since is not None and one.at < self.since:
            return False
        return self.words.casefold() in one.words.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPlan:
    """What a lift does."""

    lifted: Sequence[ListedSuppression]
    #: Addresses that stay suppressed all the same, each with the reason.
    kept: Mapping[str, SuppressionReason]


def list_suppressions(
    connection: Connection,
    reason: SuppressionReason | None = None,
    keys: Collection[str] = (),
) -> Sequence[ListedSuppression]:
    """Those that hold, newest first; of some addresses, or of all."""
    conditions: list[sa.ColumnElement[bool]] = [suppression.c.lifted_at.is_(None)]
    if reason is not None:
        conditions.append(suppression.c.reason == reason.value)
    if keys:
        conditions.append(is_one_of(suppression.c.address_key, keys))
    rows = connection.execute(
        sa.select(suppression, subscriber.c.id.label("subscriber_id"), subscriber.c.email)
        .select_from(
            suppression.outerjoin(subscriber, subscriber.c.address_key == suppression.c.address_key)
        )
        .where(*conditions)
        .order_by(suppression.c.at.desc(), suppression.c.id.desc())
    ).all()
    words = _find_words(connection, {row.subscriber_id for row in rows} - {None})
    return [
        ListedSuppression(
            id=row.id,
            address_key=row.address_key,
            email=row.email or row.address_key,
            reason=SuppressionReason(row.reason),
            list=row.list,
            only_campaign=row.only_campaign,
            at=row.at,
            words=_words_of(row, words),
        )
        for row in rows
    ]


def plan_lift(connection: Connection, wanted: LiftFilter) -> LiftPlan:
    """What :func:`lift` would do."""
    listed = list_suppressions(connection, wanted.reason, wanted.keys)
    lifted = [one for one in listed if wanted.takes(one)]
    keys = set(wanted.keys) or {one.address_key for one in lifted}
    lifted_ids = {one.id for one in lifted}
    staying = list_suppressions(connection, keys=keys) if keys else ()
    kept = {one.email: one.reason for one in staying if one.id not in lifted_ids}
    return LiftPlan(lifted=lifted, kept=kept)


def lift(connection: Connection, plan: LiftPlan, now: datetime) -> None:
    """Lift the suppressions of a plan made in the same transaction."""
    ids = [one.id for one in plan.lifted]
    if ids:
        lift_suppressions(connection, now, is_one_of(suppression.c.id, ids))


def _words_of(row: sa.Row[tuple[object, ...]], words: Mapping[int, str]) -> str:
    bounces = (SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES)
    said = words.get(row.subscriber_id, "") if row.reason in bounces else ""
    return said or str(row.source)


def _find_words(connection: Connection, subscriber_ids: Collection[int]) -> Mapping[int, str]:
    """The last words about each subscriber's mailbox."""
    if not subscriber_ids:
        return {}
    found: dict[int, tuple[datetime, str]] = {}
    for subscriber_id, at, words in (
        *_event_words(connection, subscriber_ids),
        *_ledger_words(connection, subscriber_ids),
    ):
        if subscriber_id not in found or found[subscriber_id][0] <= at:
            found[subscriber_id] = (at, words)
    return {subscriber_id: words for subscriber_id, (_, words) in found.items()}


def _event_words(
    connection: Connection, subscriber_ids: Collection[int]
) -> Iterator[tuple[int, datetime, str]]:
    rows = connection.execute(
        sa.select(event.c.subscriber_id, event.c.at, event.c.payload).where(
            is_one_of(event.c.subscriber_id, subscriber_ids),
            event.c.kind.in_(["bounced", "soft_bounced", "dropped"]),
        )
    )
    for row in rows:
        words = next((row.payload[name] for name in _WORDS if row.payload.get(name)), None)
        if words:
            yield row.subscriber_id, row.at, str(words)


def _ledger_words(
    connection: Connection, subscriber_ids: Collection[int]
) -> Iterator[tuple[int, datetime, str]]:
    """One scan each: an index by subscriber would cost every letter."""
    for table, conditions in (
        (delivery, [delivery.c.reason.in_(_BOUNCED)]),
        (transactional_mail, []),
    ):
        rows = connection.execute(
            sa.select(table.c.subscriber_id, table.c.settled_at, table.c.detail).where(
                table.c.state == DeliveryState.FAILED.value,
                table.c.detail.is_not(None),
                table.c.settled_at.is_not(None),
                is_one_of(table.c.subscriber_id, subscriber_ids),
                *conditions,
            )
        )
        for row in rows:
            yield row.subscriber_id, row.settled_at, row.detail
