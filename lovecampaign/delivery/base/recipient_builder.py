"""Builds the recipient of a claimed delivery: its links, deal code and digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.core.tokens import Purpose, RowKey, RowTokens, TokenSigner
from lovecampaign.render.mime.signed_links import PLACEHOLDERS, SignedLinks
from lovecampaign.render.model.heroes import NO_HEROES, Heroes
from lovecampaign.render.model.recipient import NO_PROGRESS, Links, Progress, Recipient
from lovecampaign.schedule.slots import digest_keys
from lovecampaign.store.checkout.codes import assign_codes
from lovecampaign.store.deal_stock.extensions import extended_closing_times
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.claimed import ClaimedDelivery, Member

#: In place of a signed token in test sends: opens a page that says "this is a test".
TEST_TOKEN = "test"  # noqa: S105 - not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTerms:
    """The insiders' deal for one subscriber."""

    code: str | None = None
    #: Their own end of it (``deals extend``); None: the same as for all.
    closes: datetime | None = None


NO_TERMS = DealTerms()


def read_terms(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    claimed: Sequence[ClaimedDelivery],
) -> Mapping[int, DealTerms]:
    """By subscriber. Insiders get their code with the first launch email that may print it."""
    deal = campaign.insider_deal
    if deal is None or email.role is not Role.LAUNCH or RecipientGroup.BOUGHT in email.to:
        return {}
    subscribers = (each.member.subscriber for each in claimed)
    insiders = [subscriber.id for subscriber in subscribers if subscriber.is_insider]
    codes = assign_codes(connection, record.id, deal, insiders)
    closings = extended_closing_times(connection, record.id, deal.key, insiders)
    return {id_: DealTerms(code=codes.get(id_), closes=closings.get(id_)) for id_ in insiders}


@dataclass(frozen=True, kw_only=True)
class RecipientBuilder:
    """Builds recipients of one email."""

    campaign: Campaign
    email: Email
    signer: TokenSigner
    public_url: str
    founders_until: datetime | None
    #: Keys of cancelled emails, which no digest contains.
    cancelled: frozenset[str] = frozenset()

    def recipient(
        self,
        delivery_id: str,
        tokens: RowTokens,
        claimed: ClaimedDelivery,
        terms: DealTerms,
        heroes: Heroes = NO_HEROES,
        progress: Progress = NO_PROGRESS,
    ) -> Recipient:
        """The recipient of a claim; ``delivery_id`` is one of its ``tokens``."""
        person = claimed.member
        return Recipient(
            person.subscriber,
            person.zone,
            delivery_id,
            claimed.first_claimed_at,
            self.links_of(tokens),
            deal_code=terms.code,
            deal_closes=terms.closes,
            digest=self.digest(person),
            heroes=heroes,
            progress=progress,
        )

    def tokens(self, delivery: RowKey) -> RowTokens:
        """The tokens of a delivery; the same on every try."""
        return self.signer.tokens(delivery)

    def links_of(self, tokens: RowTokens) -> Links:
        """A delivery's links, by what they open: one's token opens nothing of another."""
        if tokens.has_nonce:
            return SignedLinks(self._shape, tokens)
        # Shorter ones, of which few are left: without the shape, which has room for longer ones.
        return self._links({one: tokens.token(one) for one in PLACEHOLDERS})

    def links(self, token: str) -> Links:
        """All links with one token."""
        return self._links(dict.fromkeys(PLACEHOLDERS, token))

    @cached_property
    def _shape(self) -> Links:
        return self._links(PLACEHOLDERS)

    def _links(self, tokens: Mapping[Purpose, str]) -> Links:
        base, own = self.public_url, tokens[Purpose.LINKS]
        return Links(
            unsubscribe=f"{base}/u/{own}",
            preferences=f"{base}/p/{own}",
            web_view=f"{base}/v/{tokens[Purpose.VIEW]}",
            join=f"{base}/join/{self.campaign.audience.list}",
            insiders=f"{base}/p/{own}?insiders=1",
            every_day=f"{base}/p/{own}?every-day=1",
            share=f"{base}/v/{tokens[Purpose.SHARE]}?share=1",
            deal=f"{base}/d/{tokens[Purpose.DEAL]}",
            answer=f"{base}/a/{tokens[Purpose.ANSWER]}",
            month=f"{base}/c/{tokens[Purpose.MONTH]}",
            help=f"{base}/h/{tokens[Purpose.HELP]}",
            gift=f"{base}/g/{tokens[Purpose.GIFT]}",
        )

    def digest(self, person: Member) -> tuple[str, ...]:
        """The days in the subscriber's catch-up, without those for other tags."""
        if self.email.role is not Role.CATCH_UP or person.joined_at is None:
            return ()
        keys = digest_keys(self.campaign, person.zone, person.joined_at, self.founders_until)
        excluded = self.cancelled | self._not_for(person.subscriber.tags)
        return tuple(key for key in keys if key not in excluded)

    def _not_for(self, tags: frozenset[str]) -> set[str]:
        days = self.campaign.day_emails
        # A digest is for late joiners, who have hardly done any task yet.
        return {day.key for day in days if day.finished or not day.tags.allows(tags)}
