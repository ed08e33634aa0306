"""Suppress addresses by provider events; the order of the events does not matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.ledger.events import EventSubject, MatchedEvent
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.signup.unsubscribe import lists_to_unsubscribe
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, mailbox_of
from lovecampaign.store.tables import suppression

#: The address, the list and the reason: the unique key of active suppressions.
_SuppressionKey = tuple[str, str, str]


def suppress_reported(
    connection: Connection,
    facts: Iterable[MatchedEvent],
    lists_of: Mapping[int, Collection[str]],
    source: str,
) -> None:
    """Suppress addresses that bounced hard, complained or unsubscribed.

    ``lists_of``: the lists of each campaign (its row's id) as its files have them today.
    """
    wanted: dict[_SuppressionKey, datetime] = {}
    for fact in facts:
        for one in _list_keys(connection, fact, lists_of):
            wanted[one] = min(fact.report.at, wanted.get(one, fact.report.at))
    _drop_lifted_since(connection, wanted)
    if wanted:
        _insert(connection, wanted, source)


def _list_keys(
    connection: Connection, fact: MatchedEvent, lists_of: Mapping[int, Collection[str]]
) -> Iterable[_SuppressionKey]:
    report, subject = fact.report, fact.subject
    if report.suppresses is None or subject is None or subject.is_forgotten:
        return
    key = _address_of(fact, subject)
    if key is None:
        return
    if report.unsubscribes_from_campaign and subject.is_known_by_address:
        return  # a group of other mail: ours goes to no group
    lists: Collection[str] = (EVERY_LIST,)
    if report.unsubscribes_from_campaign and subject.campaign_id is not None:
        known = lists_of.get(subject.campaign_id, ())
        lists = lists_to_unsubscribe(connection, subject.campaign_id, known)
    for name in lists:
        yield key, name, report.suppresses.value


def _address_of(fact: MatchedEvent, subject: EventSubject) -> str | None:
    """The reported address, which may be the subscriber's former or wanted one."""
    address = normalise_or_none(fact.report.address) if fact.report.address else subject.address_key
    if address == subject.address_key or subject.delivery_id is not None:
        return address
    # A hard bounce of the wanted address, before an address change, suppresses nothing.
    return None if fact.report.suppresses is SuppressionReason.HARD_BOUNCE else address


def _drop_lifted_since(connection: Connection, wanted: dict[_SuppressionKey, datetime]) -> None:
    """A late report does not suppress a subscriber who returned after the event."""
    if not wanted:
        return
    lifted = connection.execute(
        sa.select(
            suppression.c.address_key,
            suppression.c.list,
            suppression.c.reason,
            sa.func.max(suppression.c.lifted_at).label("lifted_at"),
        )
        .where(
            is_one_of(suppression.c.address_key, {key for key, _, _ in wanted}),
            suppression.c.only_campaign == "",
            suppression.c.lifted_at.is_not(None),
        )
        .group_by(suppression.c.address_key, suppression.c.list, suppression.c.reason)
    )
    for row in lifted:
        one = (row.address_key, row.list, row.reason)
        if one in wanted and wanted[one] <= row.lifted_at:
            del wanted[one]


def _insert(
    connection: Connection, wanted: Mapping[_SuppressionKey, datetime], source: str
) -> None:
    """The earliest report counts, in whatever order they come."""
    statement = insert_into(connection, suppression)
    is_earlier = statement.excluded.at < suppression.c.at
    earlier = sa.case((is_earlier, statement.excluded.at), else_=suppression.c.at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["address_key", "list", "only_campaign", "reason"],
            index_where=suppression.c.lifted_at.is_(None),
            set_={"at": earlier},
        ),
        [
            {
                "address_key": key,
                "list": name,
                "only_campaign": "",
                "reason": reason,
                "source": source,
                "at": wanted[key, name, reason],
                "mailbox": mailbox_of(key, SuppressionReason(reason)),
            }
            for key, name, reason in sorted(wanted)
        ],
    )
