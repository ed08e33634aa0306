"""Who gets an email by today's rules, and why does somebody not?

One piece of SQL answers it for planning, claiming, ``plan``, ``status`` and ``explain``: what
is shown is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.subscribers.suppressions import reaches
from lovecampaign.store.tables import (
    Instant,
    buyer,
    campaign,
    membership,
    preference,
    subscriber,
    subscriber_tag,
)

Condition: TypeAlias = sa.ColumnElement[bool]
#: What must hold for somebody to get an email (never NULL), and the reason shown if it does not.
Demand: TypeAlias = tuple[Condition, sa.ColumnElement[str]]
#: A condition on one way to a person: their place on a list, and the list's name.
WayCondition: TypeAlias = Callable[[sa.FromClause, str], Condition]

in_audience = membership.alias("in_audience")
in_insiders = membership.alias("in_insiders")
_begun = campaign.alias("begun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the people of the database stand towards one email at one instant."""

    campaign: Campaign
    email: Email
    #: The campaign's row.
    campaign_id: int
    #: None: given with each execution, as ``now``, so that a statement can be built once.
    now: datetime | None = None
    #: When consents and pauses are judged, where that is not ``now``: as the email goes out.
    judged_at: sa.ColumnElement[datetime] | None = None

    @property
    def instant(self) -> sa.BindParameter[datetime]:
        """``now``, in SQL."""
        if self.now is None:
            return sa.bindparam("now", type_=Instant)
        return sa.bindparam("now", self.now, type_=Instant)

    @property
    def people(self) -> sa.FromClause:
        """Subscribers beside their places on the campaign's lists and what they asked for."""
        insiders = self.campaign.insiders
        return (
            subscriber.outerjoin(
                in_audience, self._on_list(in_audience, self.campaign.audience.list)
            )
            .outerjoin(in_insiders, self._on_list(in_insiders, insiders.list if insiders else None))
            .outerjoin(
                preference,
                sa.and_(
                    preference.c.campaign_id == self.campaign_id,
                    preference.c.subscriber_id == subscriber.c.id,
                ),
            )
            .outerjoin(
                buyer,
                sa.and_(
                    buyer.c.campaign_id == self.campaign_id,
                    buyer.c.address_key == subscriber.c.address_key,
                ),
            )
        )

    @property
    def is_addressed(self) -> Condition:
        """Whether the email speaks to this person at all; the others need no reason."""
        conditions = [subscriber.c.forgotten_at.is_(None), self._is_in_crowd]
        if RecipientGroup.BOUGHT in self.email.to:
            conditions.append(buyer.c.address_key.is_not(None))
        return sa.and_(*conditions)

    @property
    def joined_at(self) -> sa.ColumnElement[datetime]:
        """When the person joined the list through which the email reaches them."""
        if self.email.role is not Role.LAUNCH:
            return in_audience.c.joined_at
        if self.email.is_insiders_only:
            return in_insiders.c.joined_at
        return sa.case(
            (in_insiders.c.joined_at < in_audience.c.joined_at, in_insiders.c.joined_at),
            else_=sa.func.coalesce(in_audience.c.joined_at, in_insiders.c.joined_at),
        )

    @property
    def is_insider(self) -> Condition:
        """A mailable member of the advance-notification list, who has not come too late.

        Founders never have: they count as if they had joined before day 1.
        """
        if self.campaign.insiders is None:
            return sa.false()
        until = self.campaign.insiders.until
        return sa.and_(
            in_insiders.c.subscriber_id.is_not(None),
            sa.or_(in_insiders.c.joined_at < until, in_insiders.c.joined_at < self._founders_until),
            sa.not_(self._is_suppressed_on(self.campaign.insiders.list)),
            self._has_consented(in_insiders),
        )

    @property
    def reason(self) -> sa.ColumnElement[str | None]:
        """Why the person does not get the email, apart from its time; NULL: they do."""
        return first_unmet(self.demands)

    @property
    def demands(self) -> list[Demand]:
        """What must hold for the person to get the email, apart from its time, gravest first."""
        paused_until = preference.c.paused_until
        is_awaited = sa.or_(paused_until.is_(None), paused_until <= self._as_of)
        found = [
            (self._reaches(self._is_mailable), self._why_unmailable),
            demand(is_awaited, SkipReason.PAUSED_BY_READER),
        ]
        if self.email.role is not Role.LAUNCH:
            wants_days = preference.c.is_launch_only.is_not(sa.true())
            found.append(demand(wants_days, SkipReason.LAUNCH_ONLY))
        found.append(demand(self._passes_tags, SkipReason.TAG))
        if RecipientGroup.NOT_BOUGHT in self.email.to:
            found.append(demand(buyer.c.address_key.is_(None), SkipReason.BOUGHT))
        return found

    @property
    def _why_unmailable(self) -> sa.ColumnElement[str]:
        return sa.case(
            (self._reaches(self._is_unsuppressed), SkipReason.NOT_CONFIRMED.value),
            else_=SkipReason.SUPPRESSED.value,
        )

    @property
    def _founders_until(self) -> sa.ColumnElement[datetime]:
        """The first real claim; before it, whoever is here is a founder."""
        first = sa.select(_begun.c.first_claim_at).where(_begun.c.id == self.campaign_id)
        return sa.func.coalesce(first.scalar_subquery(), self.instant, type_=Instant)

    @property
    def _as_of(self) -> sa.ColumnElement[datetime]:
        return self.instant if self.judged_at is None else self.judged_at

    # -- lists

    def _on_list(self, place: sa.FromClause, name: str | None) -> Condition:
        if name is None:
            return sa.false()
        return sa.and_(place.c.list == name, place.c.subscriber_id == subscriber.c.id)

    @property
    def _is_in_crowd(self) -> Condition:
        return sa.or_(*(place.c.subscriber_id.is_not(None) for place, _ in self._ways))

    @property
    def _ways(self) -> list[tuple[sa.FromClause, str]]:
        """The lists through which the email reaches people."""
        audience = (in_audience, self.campaign.audience.list)
        if self.email.role is not Role.LAUNCH or self.campaign.insiders is None:
            return [audience]
        insiders = (in_insiders, self.campaign.insiders.list)
        return [insiders] if self.email.is_insiders_only else [audience, insiders]

    def _reaches(self, allows: WayCondition) -> Condition:
        """Whether any way to the person is open."""
        return sa.or_(
            *(
                sa.and_(place.c.subscriber_id.is_not(None), allows(place, name))
                for place, name in self._ways
            )
        )

    def _is_unsuppressed(self, _place: sa.FromClause, name: str) -> Condition:
        return sa.not_(self._is_suppressed_on(name))

    def _is_mailable(self, place: sa.FromClause, name: str) -> Condition:
        return sa.and_(self._is_unsuppressed(place, name), self._has_consented(place))

    def _is_suppressed_on(self, name: str) -> Condition:
        return sa.exists().where(*reaches(subscriber.c.address_key, name, self.campaign.id))

    def _has_consented(self, place: sa.FromClause) -> Condition:
        expires_at = place.c.consent_expires_at
        return sa.and_(
            place.c.confirmed_at.is_not(None),
            sa.or_(expires_at.is_(None), expires_at > self._as_of),
        )

    # -- tags

    @property
    def _passes_tags(self) -> Condition:
        campaign, email = self.campaign, self.email
        without = campaign.audience.tags.without_tags | email.tags.without_tags
        if email.role is Role.LAUNCH:
            without |= campaign.launch.without_tags
        conditions = [self._passes_audience_tags]
        if email.tags.with_tags:
            conditions.append(_has_any_tag(email.tags.with_tags))
        if without:
            conditions.append(sa.not_(_has_any_tag(without)))
        return sa.and_(*conditions)

    @property
    def _passes_audience_tags(self) -> Condition:
        """``audience.with_tags`` does not apply to insiders (INTERFACE.md)."""
        wanted = self.campaign.audience.tags.with_tags
        if not wanted or self.email.is_insiders_only:
            return sa.true()
        if self.email.role is Role.LAUNCH:
            return sa.or_(_has_any_tag(wanted), self.is_insider)
        return _has_any_tag(wanted)


def demand(condition: Condition, reason: SkipReason) -> Demand:
    """What must hold, and the reason that is told where it does not."""
    return condition, sa.literal(reason.value)


def first_unmet(demands: Iterable[Demand]) -> sa.ColumnElement[str | None]:
    """The reason of the first demand that does not hold; NULL: all do."""
    return sa.case(*((sa.not_(condition), reason) for condition, reason in demands))


def all_met(demands: Iterable[Demand]) -> Condition:
    """Whether all hold: no reason, said so that databases answer it from their indexes.

    No planner looks into a CASE, nor does PostgreSQL see an anti-join in a NOT (NOT …).
    """
    return sa.and_(*(condition for condition, _ in demands))


def _has_any_tag(tags: Collection[str]) -> Condition:
    return sa.exists().where(
        subscriber_tag.c.subscriber_id == subscriber.c.id, subscriber_tag.c.tag.in_(sorted(tags))
    )
