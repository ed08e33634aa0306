"""Personal notes: written before the email to that person is claimed, and the same on each try."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.json_parameters import is_one_of, json_parameter, json_values
from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.tables import campaign, delivery, email, personal_note, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalNote:
    """The words of a note, and the name below them."""

    text: str
    signed_by: str


#: Few emails have any: to look for those of 500 subscribers takes half a millisecond.
_HAS_NOTES = sa.select(
    sa.exists().where(
        personal_note.c.campaign_id == sa.bindparam("campaign_id"),
        personal_note.c.day == sa.bindparam("day"),
    )
)
#: Built once: each claim reads notes.
_NOTES_OF = sa.select(
    personal_note.c.subscriber_id, personal_note.c.text, personal_note.c.signed_by
).where(
    personal_note.c.campaign_id == sa.bindparam("campaign_id"),
    personal_note.c.day == sa.bindparam("day"),
    personal_note.c.subscriber_id.in_(json_values("ids")),
)


def has_notes(connection: Connection, campaign_id: int, day: str) -> bool:
    """Whether there is a note in one email, to any subscriber."""
    return bool(connection.scalar(_HAS_NOTES, {"campaign_id": campaign_id, "day": day}))


def read_notes(
    connection: Connection, campaign_id: int, day: str, ids: Collection[int]
) -> Mapping[int, PersonalNote]:
    """The notes in one email to these subscribers, by id; those without one are missing."""
    parameters = {"campaign_id": campaign_id, "day": day, "ids": json_parameter(ids)}
    rows = connection.execute(_NOTES_OF, parameters)
    return {row.subscriber_id: PersonalNote(text=row.text, signed_by=row.signed_by) for row in rows}


def list_notes(
    connection: Connection, subscriber_id: int
) -> Sequence[tuple[str, PersonalNote, datetime]]:
    """A subscriber's notes in all campaigns, with their day and when they were written."""
    query = sa.select(personal_note).where(personal_note.c.subscriber_id == subscriber_id)
    rows = connection.execute(query.order_by(personal_note.c.written_at))
    return [
        (row.day, PersonalNote(text=row.text, signed_by=row.signed_by), row.written_at)
        for row in rows
    ]


def list_notes_of(
    connection: Connection, key: str, subscriber_id: int
) -> Mapping[str, PersonalNote]:
    """A subscriber's notes in one campaign, by the email's key."""
    query = (
        sa.select(personal_note)
        .join(campaign, campaign.c.id == personal_note.c.campaign_id)
        .where(campaign.c.key == key, personal_note.c.subscriber_id == subscriber_id)
    )
    return {
        row.day: PersonalNote(text=row.text, signed_by=row.signed_by)
        for row in connection.execute(query)
    }


def write_notes(
    connection: Connection,
    campaign_id: int,
    day: str,
    notes: Mapping[int, PersonalNote],
    now: datetime,
) -> frozenset[int]:
    """Store notes by subscriber; returns those for whom it is too late.

    Once an email was claimed for a person, its note stays as it is: a retry has the same bytes.
    """
    late = _claimed(connection, campaign_id, day, notes)
    rows = [
        {
            "subscriber_id": id_,
            "campaign_id": campaign_id,
            "day": day,
            "text": note.text,
            "signed_by": note.signed_by,
            "written_at": now,
        }
        for id_, note in notes.items()
        if id_ not in late
    ]
    if rows:
        insert = insert_into(connection, personal_note)
        changed = {name: insert.excluded[name] for name in ("text", "signed_by", "written_at")}
        is_other = sa.or_(
            personal_note.c.text != insert.excluded.text,
            personal_note.c.signed_by != insert.excluded.signed_by,
        )
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=list(personal_note.primary_key.columns),
                set_=changed,
                where=is_other,
            ),
            rows,
        )
    return late


def delete_note(connection: Connection, campaign_id: int, day: str, subscriber_id: int) -> bool:
    """Take a note back; False where it is too late, or there is none."""
    if _claimed(connection, campaign_id, day, [subscriber_id]):
        return False
    found = connection.execute(
        sa.delete(personal_note).where(
            personal_note.c.campaign_id == campaign_id,
            personal_note.c.day == day,
            personal_note.c.subscriber_id == subscriber_id,
        )
    )
    return found.rowcount > 0


def find_subscriber_ids(connection: Connection, keys: Iterable[str]) -> Mapping[str, int]:
    """The subscribers of these normalised addresses."""
    query = sa.select(subscriber.c.address_key, subscriber.c.id).where(
        is_one_of(subscriber.c.address_key, list(keys)), subscriber.c.forgotten_at.is_(None)
    )
    return dict(connection.execute(query).all())


def _claimed(
    connection: Connection, campaign_id: int, day: str, ids: Collection[int]
) -> frozenset[int]:
    query = (
        sa.select(delivery.c.subscriber_id)
        .join(email, email.c.id == delivery.c.email_id)
        .where(
            email.c.campaign_id == campaign_id,
            email.c.key == day,
            is_one_of(delivery.c.subscriber_id, list(ids)),
            delivery.c.first_claimed_at.is_not(None),
        )
    )
    return frozenset(connection.scalars(query))
