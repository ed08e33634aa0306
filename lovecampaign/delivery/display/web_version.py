"""What did a letter say? Rendered once more for whoever reads it on a page.

What belongs to one reader alone never gets into the copy: in place of personal links stand
addresses that lead nowhere, in place of a code stand dots. A friend's copy has no name either.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign, Crowd, Email, Role
from lovecampaign.core.lru import LruCache
from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.display.digest_days import IncludedDays, find_included_days
from lovecampaign.delivery.transactional.welcome_days import with_parts
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.deal_stock.extensions import closings_for
from lovecampaign.store.eligibility.eligibility import Standing
from lovecampaign.store.ledger.finding_deliveries import DeliveryRecord
from lovecampaign.store.ledger.frozen_content import FrozenContent, find_frozen_at
from lovecampaign.store.sending.claimed import Person, read_people
from lovecampaign.store.tables import DeliveryState

#: How every link begins that is left out of a copy. Nothing is ever there (RFC 2606).
REMOVED_LINK = "https://left-out.invalid/"
HIDDEN_CODE = "••••••"
#: Of a copy: no mail is made of it.
_NOBODY = "reader@copy.invalid"
#: The states in which a letter may have been read.
_OUT = frozenset({DeliveryState.SENT, DeliveryState.CLAIMED, DeliveryState.IN_DOUBT})
#: Renderers that are kept. The letter of the day is opened often, those of other days seldom.
_KEPT = 16


class WebVersions:
    """Renders letters that have gone out; safe between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._renderers: LruCache[tuple[str, str, str], tuple[Campaign, EmailRenderer]] = LruCache(
            _KEPT
        )

    def for_reader(
        self,
        connection: Connection,
        campaign: Campaign,
        email: Email,
        found: DeliveryRecord,
        now: datetime,
    ) -> Message | None:
        """As its reader got it; None for what never went out. Raises RenderError."""
        frozen = _words_of(connection, found)
        if frozen is None:
            return None
        person = _read_person(connection, campaign, email, found, now)
        held = find_included_days(connection, campaign, email, person, found.claimed_at or now)
        recipient = Recipient(
            subscriber=person.subscriber,
            zone=person.zone,
            delivery_id="copy",
            first_claimed_at=found.first_claimed_at or now,
            links=self._links(campaign, now),
            deal_code=_code(email, is_insider=person.subscriber.is_insider),
            deal_closes=_closes(connection, campaign, found),
            digest=held.keys,
        )
        return self._renderer(campaign, email, frozen, held).render(recipient)

    def for_friend(
        self,
        connection: Connection,
        campaign: Campaign,
        email: Email,
        found: DeliveryRecord,
        now: datetime,
    ) -> Message | None:
        """As anybody may read it; None for what never went out. Raises RenderError."""
        frozen = _words_of(connection, found)
        if frozen is None:
            return None
        # The days inside were chosen for its reader; they name nobody.
        person = _read_person(connection, campaign, email, found, now)
        held = find_included_days(connection, campaign, email, person, found.claimed_at or now)
        recipient = Recipient(
            subscriber=Subscriber(id=0, email=_NOBODY, is_insider=email.is_insiders_only),
            zone=effective_zone(None, campaign),
            delivery_id="copy",
            first_claimed_at=found.first_claimed_at or now,
            links=self._links(campaign, now),
            deal_code=_code(email, is_insider=email.is_insiders_only),
            digest=held.keys,
        )
        return self._renderer(campaign, email, frozen, held).render(recipient)

    def _links(self, campaign: Campaign, now: datetime) -> Links:
        """Those that everybody may have lead somewhere."""
        base, insiders = self._settings.public_url, campaign.insiders
        is_open = insiders is not None and now < insiders.until
        return Links(
            unsubscribe=f"{REMOVED_LINK}unsubscribe",
            preferences=f"{REMOVED_LINK}preferences",
            web_view=f"{REMOVED_LINK}web-view",
            join=f"{base}/join/{campaign.audience.list}",
            insiders=f"{base}/join/{insiders.list}"
            if insiders and is_open
            else f"{REMOVED_LINK}insiders",
            share=f"{REMOVED_LINK}share",
            deal=f"{REMOVED_LINK}deal",
            confirm=f"{REMOVED_LINK}confirm",
        )

    def _renderer(
        self, campaign: Campaign, email: Email, frozen: FrozenContent, held: IncludedDays
    ) -> EmailRenderer:
        """Kept as long as the campaign is not read anew."""
        gifts = (gift.fingerprint for gift in held.gifts.values())
        key = (campaign.id, email.key, " ".join((frozen.fingerprint, *gifts)))
        make = partial(self._make, campaign, email, frozen, held)
        made_for, renderer = self._renderers.get(key, lambda _: make())
        if made_for is not campaign:
            made_for, renderer = make()
            self._renderers.put(key, (made_for, renderer))
        return renderer

    def _make(
        self, campaign: Campaign, email: Email, frozen: FrozenContent, held: IncludedDays
    ) -> tuple[Campaign, EmailRenderer]:
        content = Content.from_json(frozen.content)
        renderer = EmailRenderer(
            campaign,
            email,
            with_parts(content, held.gifts) if held.gifts else content,
            media_url=self._settings.media_url,
        )
        return campaign, renderer


def _words_of(connection: Connection, found: DeliveryRecord) -> FrozenContent | None:
    if found.claimed_at is None or found.state not in _OUT:
        return None
    return find_frozen_at(connection, found.email_id, found.claimed_at)


def _read_person(
    connection: Connection, campaign: Campaign, email: Email, found: DeliveryRecord, now: datetime
) -> Person:
    standing = Standing(campaign=campaign, email=email, campaign_id=found.campaign_id, now=now)
    return read_people(connection, standing, [found.subscriber_id])[found.subscriber_id]


def _code(email: Email, *, is_insider: bool) -> str | None:
    """Dots for whoever was given a code with this letter."""
    may_print = email.role is Role.LAUNCH and Crowd.BOUGHT not in email.to
    return HIDDEN_CODE if is_insider and may_print else None


def _closes(connection: Connection, campaign: Campaign, found: DeliveryRecord) -> datetime | None:
    deal = campaign.insider_deal
    if deal is None:
        return None
    closings = closings_for(connection, found.campaign_id, deal.key, [found.subscriber_id])
    return closings.get(found.subscriber_id)
