"""SQL for the eligibility of subscribers: the first unmet requirement is the skip reason.

The one place for these rules. Planning, claiming, ``plan``, ``status``, ``explain`` and the
preview's forecast use the same SQL, so they never differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import INVITATION, Campaign, Email, RecipientGroup, Role
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.dialogue.desk.waiting import is_waiting
from lovecampaign.store.dialogue.gifts.giving import count_given
from lovecampaign.store.dialogue.tasks import count_done
from lovecampaign.store.eligibility.activity import is_active_since
from lovecampaign.store.eligibility.requirements import (
    Condition,
    Requirement,
    first_unmet,
    has_any_tag,
    require,
)
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    buyer,
    campaign,
    delivery,
    email,
    membership,
    preference,
    subscriber,
)

#: Takes a membership (a row of one list) and the name of the list.
ListCondition: TypeAlias = Callable[[sa.FromClause, str], Condition]

in_audience = membership.alias("in_audience")
in_insiders = membership.alias("in_insiders")
_begun = campaign.alias("begun")
_asked, _asked_email = delivery.alias("asked"), email.alias("asked_email")
#: Rows that hold a letter that was, or may have been, received.
RECEIVED = (DeliveryState.CLAIMED, DeliveryState.SENT, DeliveryState.IN_DOUBT)


def join_preferences_and_purchases(source: sa.FromClause, campaign_id: int) -> sa.Join:
    """Outer join of a source with subscribers to their preference and purchase in a campaign."""
    is_their_preference = sa.and_(
        preference.c.campaign_id == campaign_id, preference.c.subscriber_id == subscriber.c.id
    )
    is_their_purchase = sa.and_(
        buyer.c.campaign_id == campaign_id, buyer.c.address_key == subscriber.c.address_key
    )
    return source.outerjoin(preference, is_their_preference).outerjoin(buyer, is_their_purchase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The eligibility of subscribers for one email at one instant, as SQL expressions."""

    campaign: Campaign
    email: Email
    #: The campaign's row.
    campaign_id: int
    #: None: bound as ``now`` at each execution, so that a statement is built once.
    now: datetime | None = None
    #: When consents and pauses must hold, if that is not ``now``: when the email goes out.
    evaluated_at: sa.ColumnElement[datetime] | None = None

    @property
    def instant(self) -> sa.BindParameter[datetime]:
        """``now``, in SQL."""
        if self.now is None:
            return sa.bindparam("now", type_=Instant)
        return sa.bindparam("now", self.now, type_=Instant)

    @property
    def subscribers(self) -> sa.FromClause:
        """Subscribers joined with their memberships, preferences and purchase."""
        insiders = self.campaign.insiders
        members = subscriber.outerjoin(
            in_audience, self._on_list(in_audience, self.campaign.audience.list)
        ).outerjoin(in_insiders, self._on_list(in_insiders, insiders.list if insiders else None))
        return join_preferences_and_purchases(members, self.campaign_id)

    @property
    def is_addressed(self) -> Condition:
        """Whether the email addresses this subscriber at all; if not, no reason is needed."""
        conditions = [subscriber.c.forgotten_at.is_(None), self._is_on_a_list]
        if RecipientGroup.BOUGHT in self.email.to:
            conditions.append(buyer.c.address_key.is_not(None))
        return sa.and_(*conditions)

    @property
    def joined_at(self) -> sa.ColumnElement[datetime]:
        """When the subscriber joined the list through which the email reaches them."""
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
        """A mailable member of the advance-notification list who joined in time.

        Founders always did: they count as if they had joined before day 1.
        """
        if self.campaign.insiders is None:
            return sa.false()
        until = self.campaign.insiders.until
        return sa.and_(
            in_insiders.c.subscriber_id.is_not(None),
            sa.or_(in_insiders.c.joined_at < until, in_insiders.c.joined_at < self.founders_until),
            sa.not_(self._is_suppressed_on(self.campaign.insiders.list)),
            self._has_consented(in_insiders),
        )

    @property
    def reason(self) -> sa.ColumnElement[str | None]:
        """The skip reason, apart from the email's time; NULL for a recipient."""
        return first_unmet(self.requirements)

    @property
    def requirements(self) -> list[Requirement]:
        """The requirements apart from the email's time, gravest first."""
        paused_until = preference.c.paused_until
        is_awaited = sa.or_(paused_until.is_(None), paused_until <= self._as_of)
        requirements = [
            (self._any_list(self._is_mailable), self._why_unmailable),
            require(is_awaited, SkipReason.PAUSED_BY_READER),
        ]
        if self.active_since is not None:
            requirements.append(require(self.is_active, SkipReason.NOT_ACTIVE))
        if self.email.role is Role.INVITATION:
            requirements.append(require(sa.not_(self.has_chosen), SkipReason.HAS_CHOSEN))
        elif self.email.role is not Role.LAUNCH:
            requirements.append(require(self.wants_days, SkipReason.LAUNCH_ONLY))
        requirements.append(require(self.passes_tags, SkipReason.TAG))
        if self.email.finished:
            requirements.append(require(self.has_finished, SkipReason.NOT_FINISHED))
        if RecipientGroup.NOT_BOUGHT in self.email.to:
            requirements.append(require(buyer.c.address_key.is_(None), SkipReason.BOUGHT))
        if self.waits_for_answers:
            requirements.append(require(sa.not_(is_waiting()), SkipReason.WAITING_FOR_ANSWER))
        if self.min_gifts:
            is_ahead = self.instant < sa.literal(self.email.instant, Instant)
            was_given = sa.or_(is_ahead, self.is_insider, self.gifts >= self.min_gifts)
            requirements.append(require(was_given, SkipReason.NOT_YET_GIVEN))
        return requirements

    @property
    def active_since(self) -> datetime | None:
        """From when on its recipients must have been active; None: whenever."""
        is_for_all = self.email.begins_the_month and RecipientGroup.BOUGHT not in self.email.to
        return self.campaign.audience.active_since if is_for_all else None

    @property
    def is_active(self) -> Condition:
        """Whether the subscriber was active, or has chosen how often to get letters."""
        since = self.active_since
        return sa.or_(self.has_chosen, is_active_since(since)) if since else sa.true()

    @property
    def has_chosen(self) -> Condition:
        """Whether the subscriber has said how often to get letters, or joined by a form."""
        return preference.c.subscriber_id.is_not(None)

    @property
    def wants_days(self) -> Condition:
        """Silence is a yes to the month, but after an invitation."""
        if self.campaign.invitation is None:
            return preference.c.is_launch_only.is_not(sa.true())
        was_not_asked = sa.and_(sa.not_(self.has_chosen), sa.not_(self._was_asked))
        return sa.or_(preference.c.is_launch_only.is_(sa.false()), was_not_asked)

    @property
    def _was_asked(self) -> Condition:
        """Whether the invitation was, or may have been, received."""
        query = sa.select(_asked.c.id).where(
            _asked_email.c.campaign_id == self.campaign_id,
            _asked_email.c.key == INVITATION,
            _asked.c.email_id == _asked_email.c.id,
            _asked.c.subscriber_id == subscriber.c.id,
            _asked.c.state.in_([state.value for state in RECEIVED]),
        )
        return query.correlate(subscriber).exists()

    @property
    def min_gifts(self) -> int:
        """How many letters must have given before this one asks; 0: no condition."""
        is_offer = self.email.role is Role.LAUNCH and self.email.asks
        return self.campaign.launch.min_gifts if is_offer and self.email.instant else 0

    @property
    def gifts(self) -> sa.ColumnElement[int]:
        """How many letters of the campaign have given to the subscriber."""
        return count_given(self.campaign, self.campaign_id)

    @property
    def waits_for_answers(self) -> bool:
        """Whether it asks, and must not while we owe the subscriber an answer.

        A message to buyers only asks for nothing, and may be what they wrote about.
        """
        is_ask = self.email.role is Role.LAUNCH and RecipientGroup.BOUGHT not in self.email.to
        return is_ask and self.campaign.launch.no_ask_while_waiting

    @property
    def _why_unmailable(self) -> sa.ColumnElement[str]:
        return sa.case(
            (self._any_list(self._is_unsuppressed), SkipReason.NOT_CONFIRMED.value),
            else_=SkipReason.SUPPRESSED.value,
        )

    @property
    def founders_until(self) -> sa.ColumnElement[datetime]:
        """The first real claim; until then every subscriber is a founder."""
        first = sa.select(_begun.c.first_claim_at).where(_begun.c.id == self.campaign_id)
        return sa.func.coalesce(first.scalar_subquery(), self.instant, type_=Instant)

    @property
    def _as_of(self) -> sa.ColumnElement[datetime]:
        return self.instant if self.evaluated_at is None else self.evaluated_at

    # -- lists

    def _on_list(self, place: sa.FromClause, name: str | None) -> Condition:
        if name is None:
            return sa.false()
        return sa.and_(place.c.list == name, place.c.subscriber_id == subscriber.c.id)

    @property
    def _is_on_a_list(self) -> Condition:
        return sa.or_(*(place.c.subscriber_id.is_not(None) for place, _ in self._lists))

    @property
    def _lists(self) -> list[tuple[sa.FromClause, str]]:
        """The lists through which the email reaches subscribers, with their memberships."""
        audience = (in_audience, self.campaign.audience.list)
        if self.email.role is not Role.LAUNCH or self.campaign.insiders is None:
            return [audience]
        insiders = (in_insiders, self.campaign.insiders.list)
        return [insiders] if self.email.is_insiders_only else [audience, insiders]

    def _any_list(self, condition: ListCondition) -> Condition:
        """Whether the condition holds on any list of the email that the subscriber is on."""
        return sa.or_(
            *(
                sa.and_(place.c.subscriber_id.is_not(None), condition(place, name))
                for place, name in self._lists
            )
        )

    def _is_unsuppressed(self, _place: sa.FromClause, name: str) -> Condition:
        return sa.not_(self._is_suppressed_on(name))

    def _is_mailable(self, place: sa.FromClause, name: str) -> Condition:
        return sa.and_(self._is_unsuppressed(place, name), self._has_consented(place))

    def _is_suppressed_on(self, name: str) -> Condition:
        return sa.exists().where(
            *suppression_conditions(subscriber.c.address_key, name, self.campaign.id)
        )

    def _has_consented(self, place: sa.FromClause) -> Condition:
        expires_at = place.c.consent_expires_at
        return sa.and_(
            place.c.confirmed_at.is_not(None),
            sa.or_(expires_at.is_(None), expires_at > self._as_of),
        )

    # -- tags

    @property
    def passes_tags(self) -> Condition:
        campaign, email = self.campaign, self.email
        without = campaign.audience.tags.without_tags | email.tags.without_tags
        if email.role is Role.LAUNCH:
            without |= campaign.launch.without_tags
        conditions = [self._passes_audience_tags]
        if email.tags.with_tags:
            conditions.append(has_any_tag(email.tags.with_tags))
        if without:
            conditions.append(sa.not_(has_any_tag(without)))
        return sa.and_(*conditions)

    @property
    def has_finished(self) -> Condition:
        """Whether the subscriber has done as many small tasks as the email asks for."""
        if not self.email.finished:
            return sa.true()
        return count_done(self.campaign_id) >= self.email.finished

    @property
    def _passes_audience_tags(self) -> Condition:
        """``audience.with_tags`` excludes no insider (docs/reference.md, "campaign.yaml")."""
        wanted = self.campaign.audience.tags.with_tags
        if not wanted or self.email.is_insiders_only:
            return sa.true()
        if self.email.role is Role.LAUNCH:
            return sa.or_(has_any_tag(wanted), self.is_insider)
        return has_any_tag(wanted)
