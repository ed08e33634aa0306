"""SQL for the last activity of subscribers: what they did themselves, in any campaign.

Mail that we sent, its delivery and its bounces are none, and neither is the date of an import.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import (
    buyer,
    campaign,
    consent,
    day_done,
    event,
    gift_taken,
    incoming_mail,
    story,
    subscriber,
    to_microseconds,
)

#: Events that a subscriber causes. Mail programs open by themselves, too, but only live mailboxes.
_OWN_EVENTS = (EventKind.OPENED, EventKind.CLICKED)
#: ``MailKind.LETTER``, of a package above this one.
_LETTER = "letter"


def last_activity() -> sa.ColumnElement[int]:
    """The subscriber's last activity in microseconds; NULL where none is known.

    Joining and confirming, preferences and personal data (``last_active_at``, which an import may
    bring, too), clicks, opens, letters, stories, small tasks, gifts and purchases.
    """
    own = subscriber.c.id
    found = [
        _newest(consent.c.given_at, consent.c.subscriber_id == own),
        _newest(consent.c.confirmed_at, consent.c.subscriber_id == own),
        _newest(event.c.at, event.c.subscriber_id == own, event.c.kind.in_(_OWN_EVENTS)),
        _newest(
            incoming_mail.c.at,
            incoming_mail.c.subscriber_id == own,
            incoming_mail.c.kind == _LETTER,
        ),
        _newest(story.c.changed_at, story.c.subscriber_id == own),
        _newest(day_done.c.at, day_done.c.subscriber_id == own),
        _newest(gift_taken.c.taken_at, gift_taken.c.subscriber_id == own),
        # By its primary key, since buyers are many and campaigns are few.
        _newest(
            buyer.c.bought_at,
            buyer.c.campaign_id.in_(sa.select(campaign.c.id)),
            buyer.c.address_key == subscriber.c.address_key,
        ),
    ]
    known = sa.select(sa.type_coerce(subscriber.c.last_active_at, sa.BigInteger).label("at"))
    each = sa.union_all(known.correlate(subscriber), *found).subquery()
    return sa.select(sa.func.max(each.c.at)).scalar_subquery()


def _newest(
    instant: sa.ColumnElement[object], *conditions: sa.ColumnElement[bool]
) -> sa.Select[int]:
    newest = sa.func.max(sa.type_coerce(instant, sa.BigInteger)).label("at")
    return sa.select(newest).where(*conditions).correlate(subscriber)


def is_active_since(instant: datetime) -> sa.ColumnElement[bool]:
    """Whether the last activity is not older; false where none is known."""
    return sa.func.coalesce(last_activity() >= to_microseconds(instant), sa.false())
