"""Whom do reports take off our lists? The same, in whatever order they come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.is_one_of import is_one_of
from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.ledger.events import EventSubject, MatchedEvent
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.signup.unsubscribe import lists_to_unsubscribe
from lovecampaign.store.subscribers.suppressions import EVERY_LIST
from lovecampaign.store.tables import suppression

#: The address, the list, the reason: of each there is one at a time.
_Wanted = tuple[str, str, str]


def suppress_reported(
    connection: Connection,
    facts: Iterable[MatchedEvent],
    lists_of: Mapping[int, Collection[str]],
    source: str,
) -> None:
    """Send nothing more where an address is bad, or its reader left or complained.

    ``lists_of``: the lists of each campaign (its row's id) as its files have them today.
    """
    wanted: dict[_Wanted, datetime] = {}
    for fact in facts:
        for one in _wanted(connection, fact, lists_of):
            wanted[one] = min(fact.report.at, wanted.get(one, fact.report.at))
    _forget_what_was_lifted_since(connection, wanted)
    if wanted:
        _insert(connection, wanted, source)


def _wanted(
    connection: Connection, fact: MatchedEvent, lists_of: Mapping[int, Collection[str]]
) -> Iterable[_Wanted]:
    report, subject = fact.report, fact.subject
    if report.suppresses is None or subject is None or subject.is_forgotten:
        return
    key = _address_of(fact, subject)
    if key is None:
        return
    if report.unsubscribes_from_campaign and subject.is_known_by_address:
        return  # a group of somebody else's mail: ours go to no group
    lists: Collection[str] = (EVERY_LIST,)
    if report.unsubscribes_from_campaign and subject.campaign_id is not None:
        known = lists_of.get(subject.campaign_id, ())
        lists = lists_to_unsubscribe(connection, subject.campaign_id, known)
    for name in lists:
        yield key, name, report.suppresses.value


def _address_of(fact: MatchedEvent, subject: EventSubject) -> str | None:
    """The one that the report is about: the person may have another by now, or want another."""
    said = normalise_or_none(fact.report.address) if fact.report.address else subject.address_key
    if said == subject.address_key or subject.delivery_id is not None:
        return said
    # Mail to an address that somebody wants to change to: that it does not exist harms nobody.
    return None if fact.report.suppresses is SuppressionReason.HARD_BOUNCE else said


def _forget_what_was_lifted_since(connection: Connection, wanted: dict[_Wanted, datetime]) -> None:
    """Who came back by themselves after it happened is not taken off by hearing of it late."""
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
            is_one_of(connection, suppression.c.address_key, {key for key, _, _ in wanted}),
            suppression.c.only_campaign == "",
            suppression.c.lifted_at.is_not(None),
        )
        .group_by(suppression.c.address_key, suppression.c.list, suppression.c.reason)
    )
    for row in lifted:
        one = (row.address_key, row.list, row.reason)
        if one in wanted and wanted[one] <= row.lifted_at:
            del wanted[one]


def _insert(connection: Connection, wanted: Mapping[_Wanted, datetime], source: str) -> None:
    """The first report that says so counts, whichever comes first."""
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
            }
            for key, name, reason in sorted(wanted)
        ],
    )
