"""The web version of a sent email, rendered again from its frozen content.

Personal data never gets into the copy: personal links are replaced by addresses that lead nowhere,
a code by dots. A copy shared with a friend has no name either.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.core.lru import LruCache
from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.display.digest_days import IncludedDays, find_included_days
from lovecampaign.delivery.transactional.welcome_days import with_parts
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.heroes import NO_HEROES
from lovecampaign.render.model.recipient import NO_GIVING, NO_PROGRESS, Links, Recipient
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.deal_stock.extensions import extended_closing_times
from lovecampaign.store.dialogue.gifts.giving import read_giving
from lovecampaign.store.dialogue.stories.published import read_heroes
from lovecampaign.store.dialogue.tasks import read_progress
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.frozen_content import FrozenContent, find_frozen_at
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.sending.claimed import Member, read_members
from lovecampaign.store.tables import DeliveryState

#: Prefix of removed links, in a reserved domain (RFC 2606).
REMOVED_LINK = "https://left-out.invalid/"
HIDDEN_CODE = "••••••"
#: Of a copy, which is never mailed.
_COPY_ADDRESS = "reader@copy.invalid"
#: The states in which the email may have been read.
_MAYBE_READ = frozenset({DeliveryState.SENT, DeliveryState.CLAIMED, DeliveryState.IN_DOUBT})
#: Cached renderers: the email of the day is opened often, those of other days seldom.
_CACHE_SIZE = 16


class WebVersions:
    """Renders emails that were sent; safe between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._renderers: LruCache[tuple[str, str, str], tuple[Campaign, EmailRenderer]] = LruCache(
            _CACHE_SIZE
        )

    def render(  # noqa: PLR0913 - a letter, its subscriber, and for whom
        self,
        connection: Connection,
        campaign: Campaign,
        email: Email,
        delivery: DeliveryRecord,
        now: datetime,
        *,
        shared_token: str,
        is_shared: bool,
    ) -> Message | None:
        """As the subscriber got it, or as anyone may read it; None where it was not sent.

        Raises RenderError. The days inside were chosen for the subscriber, and contain no
        personal data.
        """
        frozen = _find_content(connection, delivery)
        if frozen is None:
            return None
        person = _read_person(connection, campaign, email, delivery, now)
        days = find_included_days(connection, campaign, email, person, delivery.claimed_at or now)
        reader = person.subscriber
        if is_shared:
            reader = Subscriber(
                id=0,
                email=_COPY_ADDRESS,
                language=reader.language,
                is_insider=email.is_insiders_only,
            )
        renderer = self._renderer(campaign, email, frozen, days)
        heroes = NO_HEROES
        if renderer.prints_heroes:
            heroes = read_heroes(connection, delivery.campaign_id)
        progress = NO_PROGRESS
        if renderer.prints_progress and not is_shared:
            zones = {delivery.subscriber_id: person.zone}
            progress = read_progress(connection, delivery.campaign_id, zones, now)[
                delivery.subscriber_id
            ]
        giving = NO_GIVING
        if renderer.prints_giving and not is_shared:
            ids = [delivery.subscriber_id]
            giving = read_giving(connection, campaign, delivery.campaign_id, ids)[ids[0]]
        recipient = Recipient(
            subscriber=reader,
            zone=effective_zone(None, campaign) if is_shared else person.zone,
            delivery_id="copy",
            first_claimed_at=delivery.first_claimed_at or now,
            links=self._links(campaign, now, shared_token),
            deal_code=_code(email, is_insider=reader.is_insider),
            deal_closes=None if is_shared else _closes(connection, campaign, delivery),
            digest=days.keys,
            heroes=heroes,
            progress=progress,
            giving=giving,
        )
        return renderer.render(recipient)

    def _links(self, campaign: Campaign, now: datetime, shared_token: str) -> Links:
        """Only public links work."""
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
            every_day=f"{REMOVED_LINK}every-day",
            share=f"{REMOVED_LINK}share",
            deal=f"{REMOVED_LINK}deal",
            answer=f"{REMOVED_LINK}answer",
            month=f"{REMOVED_LINK}month",
            help=f"{REMOVED_LINK}help",
            gift=f"{base}/g/{shared_token}",  # counts for no one
            confirm=f"{REMOVED_LINK}confirm",
        )

    def _renderer(
        self, campaign: Campaign, email: Email, frozen: FrozenContent, days: IncludedDays
    ) -> EmailRenderer:
        """Cached until the campaign is loaded again."""
        parts = (part.fingerprint for part in days.contents.values())
        key = (campaign.id, email.key, " ".join((frozen.fingerprint, *parts)))
        make = partial(self._make, campaign, email, frozen, days)
        made_for, renderer = self._renderers.get(key, lambda _: make())
        if made_for is not campaign:
            made_for, renderer = make()
            self._renderers.put(key, (made_for, renderer))
        return renderer

    def _make(
        self, campaign: Campaign, email: Email, frozen: FrozenContent, days: IncludedDays
    ) -> tuple[Campaign, EmailRenderer]:
        content = Content.from_json(frozen.content)
        renderer = EmailRenderer(
            campaign,
            email,
            with_parts(content, days.contents) if days.contents else content,
            media_url=self._settings.media_url,
        )
        return campaign, renderer


def _find_content(connection: Connection, delivery: DeliveryRecord) -> FrozenContent | None:
    if delivery.claimed_at is None or delivery.state not in _MAYBE_READ:
        return None
    return find_frozen_at(connection, delivery.email_id, delivery.claimed_at)


def _read_person(
    connection: Connection,
    campaign: Campaign,
    email: Email,
    delivery: DeliveryRecord,
    now: datetime,
) -> Member:
    standing = Eligibility(
        campaign=campaign, email=email, campaign_id=delivery.campaign_id, now=now
    )
    return read_members(connection, standing, [delivery.subscriber_id])[delivery.subscriber_id]


def _code(email: Email, *, is_insider: bool) -> str | None:
    """Dots where the email contained a code."""
    may_print = email.role is Role.LAUNCH and RecipientGroup.BOUGHT not in email.to
    return HIDDEN_CODE if is_insider and may_print else None


def _closes(
    connection: Connection, campaign: Campaign, delivery: DeliveryRecord
) -> datetime | None:
    deal = campaign.insider_deal
    if deal is None:
        return None
    closings = extended_closing_times(
        connection, delivery.campaign_id, deal.key, [delivery.subscriber_id]
    )
    return closings.get(delivery.subscriber_id)
