"""Classes of subscribers that all emails of a campaign treat alike, with a sample of each.

The rules of eligibility read nothing of a subscriber but what the columns here tell, so a month is
computed for one sample of each class and multiplied: a million subscribers are some hundred
classes before day 1, and some thousand in the middle of a month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.quiet import ZoneClocks
from lovecampaign.store.dialogue.desk.waiting import is_waiting
from lovecampaign.store.dialogue.gifts.giving import count_given
from lovecampaign.store.dialogue.tasks import count_done
from lovecampaign.store.eligibility.activity import is_active_since
from lovecampaign.store.eligibility.eligibility import RECEIVED, join_preferences_and_purchases
from lovecampaign.store.eligibility.requirements import Condition, has_any_tag
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import (
    DeliveryState,
    buyer,
    deal_claim,
    deal_extension,
    deal_waiting,
    delivery,
    membership,
    preference,
    subscriber,
)
from lovecampaign.store.tables.slots import border, fill_borders, fill_numbers, sample

#: Bits of a sum that fits a signed 64-bit number.
_BITS = 62

#: For SQL over subscribers: whether one is a sample, and how many its class has. In this form,
#: unlike a join, SQLite begins with the samples.
is_sample = subscriber.c.id.in_(sa.select(sample.c.subscriber_id))
sampled_number = (
    sa.select(sample.c.number).where(sample.c.subscriber_id == subscriber.c.id).scalar_subquery()
)


def sample_audience(
    connection: Connection,
    versions: Sequence[Campaign],
    record: CampaignRecord | None,
    now: datetime,
) -> int:
    """Fill the table of samples with one subscriber of each class, over all lists.

    Returns their number. Of several versions of a campaign's files, subscribers of one class are
    alike in each.
    """
    timed = [
        (compute_slots(connection, each, record), read_clocks(connection, each, now))
        for each in versions
    ]
    common = {now, *_instants(versions, record)}
    borders: dict[str, set[datetime]] = defaultdict(lambda: set(common))
    for slots, clocks in timed:
        for zone, instants in _borders(slots, clocks):
            borders[zone].update(instants)
    fill_borders(connection, borders)
    classes = _Classes(versions=versions, record=record, now=now)
    return fill_numbers(connection, sample, classes.samples)


def _instants(versions: Sequence[Campaign], record: CampaignRecord | None) -> Iterator[datetime]:
    """The instants that joining times are compared with in every zone."""
    if record and record.first_claim_at:
        yield record.first_claim_at
    for campaign in versions:
        if campaign.insiders:
            yield campaign.insiders.until
        yield from (email.instant for email in campaign.launch_emails if email.instant)


def _borders(slots: SlotsByZone, clocks: ZoneClocks) -> Iterator[tuple[str, Iterator[datetime]]]:
    for zone, by_key in slots.items():
        quiet_until = clocks[zone].quiet_until
        yield zone, iter([quiet_until] if quiet_until else [])
        for of_email in by_key.values():
            for slot in of_email:
                found = (slot.due, slot.joined_from, slot.joined_before)
                yield zone, (instant for instant in found if instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classes:
    versions: Sequence[Campaign]
    record: CampaignRecord | None
    now: datetime

    @property
    def samples(self) -> sa.Select[Any]:
        """The first subscriber of each class, and how many it has."""
        lists = {name for campaign in self.versions for name in campaign.lists}
        places = {name: membership.alias(f"on_{i}") for i, name in enumerate(sorted(lists))}
        source: sa.FromClause = subscriber
        for name, place in places.items():
            is_member = sa.and_(place.c.list == name, place.c.subscriber_id == subscriber.c.id)
            source = source.outerjoin(place, is_member)
        columns: list[sa.ColumnElement[Any]] = [subscriber.c.timezone]
        if len({name for campaign in self.versions for name in campaign.languages}) > 1:
            columns.append(subscriber.c.locale)
        for name, place in places.items():
            columns += self._of_membership(name, place)
        columns += [has_any_tag(tags) for tags in self._tag_sets]
        columns.append(is_waiting())
        starts = {campaign.audience.active_since for campaign in self.versions}
        columns += [is_active_since(each) for each in starts if each]
        if self.record is not None:
            source, more = self._of_campaign(self.record, source)
            columns += more
        columns.append(self._individual(places))
        each = sa.select(
            subscriber.c.id, *(column.label(f"c{i}") for i, column in enumerate(columns))
        ).select_from(source)
        is_on_a_list = sa.or_(*(each.c.subscriber_id.is_not(None) for each in places.values()))
        found = each.where(subscriber.c.forgotten_at.is_(None), is_on_a_list).subquery()
        _, *alike = found.c
        counted: list[sa.ColumnElement[Any]] = [sa.func.min(found.c.id), sa.func.count()]
        return sa.select(*counted).group_by(*alike)

    def _of_membership(self, name: str, place: sa.FromClause) -> Iterator[sa.ColumnElement[Any]]:
        joined_at = sa.type_coerce(place.c.joined_at, sa.BigInteger)
        yield _reached(joined_at + 1)  # a border itself belongs to the interval after it
        yield place.c.confirmed_at.is_not(None)
        yield _reached(sa.type_coerce(place.c.consent_expires_at, sa.BigInteger))
        for key in {campaign.id for campaign in self.versions}:
            yield sa.exists().where(*suppression_conditions(subscriber.c.address_key, name, key))

    @property
    def _tag_sets(self) -> set[frozenset[str]]:
        """Every set of tags of which one is wanted, or none."""
        filters = [campaign.audience.tags for campaign in self.versions]
        filters += [email.tags for campaign in self.versions for email in campaign.scheduled_emails]
        found = {tags for each in filters for tags in (each.with_tags, each.without_tags)}
        found |= {campaign.launch.without_tags for campaign in self.versions}
        return found - {frozenset()}

    @property
    def _asks_or_ages(self) -> bool:
        """Whether it counts that a subscriber has chosen how often to get letters."""
        return any(
            campaign.audience.active_since or campaign.invitation for campaign in self.versions
        )

    def _of_campaign(
        self, record: CampaignRecord, source: sa.FromClause
    ) -> tuple[sa.FromClause, Sequence[sa.ColumnElement[Any]]]:
        """Preferences, purchases and rows; joined to the source."""
        rows = self._rows(record).subquery()
        joined = join_preferences_and_purchases(source, record.id).outerjoin(
            rows, rows.c.subscriber_id == subscriber.c.id
        )
        _, *masks = rows.c
        paused_until = sa.type_coerce(preference.c.paused_until, sa.BigInteger)
        emails = [email for campaign in self.versions for email in campaign.scheduled_emails]
        wanted = sorted({email.finished for email in emails} - {0})
        return joined, [
            *([preference.c.subscriber_id.is_not(None)] if self._asks_or_ages else []),
            preference.c.is_launch_only.is_(sa.true()),
            _reached(paused_until),
            buyer.c.address_key.is_not(None),
            *(count_done(record.id) >= number for number in wanted),
            # How many are missing, since letters to come may fill the gap.
            *(
                sa.case((gifts < most, gifts), else_=most)
                for gifts, most in (
                    (count_given(each, record.id), each.launch.min_gifts)
                    for each in self.versions
                    if each.launch.min_gifts
                )
            ),
            *masks,
        ]

    def _rows(self, record: CampaignRecord) -> sa.Select[Any]:
        """The emails of which each subscriber has a row, and the local days taken, as bits.

        Rows that are not settled or not received are counted instead: they are few.
        """
        ids = sorted(record.email_ids.values())
        is_planned = delivery.c.state == DeliveryState.PLANNED.value
        is_unreceived = delivery.c.state.not_in([state.value for state in RECEIVED])
        first_day = self.now.date() - timedelta(days=2)
        days = [(first_day + timedelta(days=number)).isoformat() for number in range(_BITS)]
        local_day = sa.type_coerce(delivery.c.local_day, sa.Text)
        masks: list[sa.ColumnElement[int]] = []
        for start in range(0, len(ids), _BITS):
            bit = _bits(delivery.c.email_id, ids[start : start + _BITS])
            others = (sa.case((each, bit), else_=0) for each in (is_planned, is_unreceived))
            masks += [bit, *others]
        is_ahead = delivery.c.local_day >= first_day
        masks.append(sa.case((is_ahead, _bits(local_day, days)), else_=0))
        return (
            sa.select(
                delivery.c.subscriber_id,
                *(sa.func.sum(mask).label(f"m{i}") for i, mask in enumerate(masks)),
            )
            .where(delivery.c.campaign_id == record.id)
            .group_by(delivery.c.subscriber_id)
        )

    def _individual(self, places: Mapping[str, sa.FromClause]) -> sa.ColumnElement[int]:
        """The subscriber's id, if the rules compare a value of their own; else 0."""
        unusual: list[Condition] = [place.c.joined_at > self.now for place in places.values()]
        if self.record is not None and any(campaign.deals for campaign in self.versions):
            has_deal = sa.union(
                *(
                    sa.select(table.c.subscriber_id).where(table.c.campaign_id == self.record.id)
                    for table in (deal_claim, deal_waiting, deal_extension)
                )
            )
            unusual.append(subscriber.c.id.in_(has_deal))
        return sa.case((sa.or_(*unusual), subscriber.c.id), else_=0)


def _reached(instant: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The last border of the zone before an instant: 0 before the first, NULL without one."""
    at = sa.type_coerce(border.c.at, sa.BigInteger)
    last = (
        sa.select(sa.func.max(at))
        .where(border.c.zone == subscriber.c.timezone, at < instant)
        .scalar_subquery()
    )
    return sa.case((instant.is_not(None), sa.func.coalesce(last, 0)))


def _bits(column: sa.ColumnElement[Any], values: Sequence[str | int]) -> sa.ColumnElement[int]:
    """A bit for each of up to 62 values of a column; 0 for any other."""
    first, last = values[0], values[-1]
    if isinstance(first, int) and isinstance(last, int) and last - first < _BITS:
        # Ids that follow each other: a tenth of the time of the list below.
        shift = sa.cast(column - first, sa.Integer)
        bit = sa.cast(1, sa.BigInteger).op("<<")(shift)
        return sa.case((column.between(first, last), bit), else_=_NO_BIT)
    bits = {value: sa.literal_column(str(1 << i), sa.BigInteger) for i, value in enumerate(values)}
    return sa.case(bits, value=column, else_=_NO_BIT)


_NO_BIT = sa.literal_column("0", sa.BigInteger)
