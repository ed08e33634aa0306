"""How do settings as written become the model that every later room works with?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lovecampaign.campaign.files.build_email import Month
from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.model.campaign import (
    Audience,
    Brand,
    Campaign,
    CatchUp,
    Email,
    Insiders,
    Launch,
    Sender,
    TagFilter,
)
from lovecampaign.campaign.model.deal import Deal, Offer
from lovecampaign.campaign.model.sending import Brake, Sending
from lovecampaign.campaign.schema.models import (
    AudienceGroup,
    BrakeGroup,
    BrandGroup,
    DealGroup,
    SenderGroup,
)


def assemble(draft: CampaignDraft, emails: Sequence[Email], files: tuple[str, ...]) -> Campaign:
    """The campaign with every default filled in."""
    month, file = draft.month, draft.file
    return Campaign(
        id=file.id,
        name=file.name,
        slug=draft.folder.name,
        folder=draft.folder,
        workspace=draft.workspace,
        file=draft.document.source.name,
        language=file.language,
        timezone=file.timezone,
        start=file.start,
        brand=_brand(file.brand),
        sender=_sender(file.sender),
        audience=_audience(file.audience),
        insiders=_insiders(month),
        sending=_sending(month),
        late_joiners=file.late_joiners,
        catch_up=_catch_up(month),
        skip=frozenset(file.skip),
        launch=_launch(month),
        deals={key: _deal(month, key, deal) for key, deal in file.deals.items()},
        emails=_in_order(month, emails),
        ignored_checks=dict(file.checks.ignore),
        files=files,
        places=draft.document.places(),
    )


def _brand(group: BrandGroup) -> Brand:
    return Brand(color=group.color or Brand().color, logo=group.logo)


def _sender(group: SenderGroup) -> Sender:
    reply_to = group.reply_to or group.email
    return Sender(
        name=group.name,
        email=group.email,
        reply_to=reply_to,
        postal_address=group.postal_address,
        website=group.website,
        privacy_url=group.privacy_url,
        unsubscribe_to=group.unsubscribe_to or reply_to,
    )


def _audience(group: AudienceGroup) -> Audience:
    tags = TagFilter(
        with_tags=frozenset(group.with_tags), without_tags=frozenset(group.without_tags)
    )
    return Audience(list=group.list, tags=tags)


def _insiders(month: Month) -> Insiders | None:
    group = month.file.insiders
    return Insiders(list=group.list, until=month.instant(group.until)) if group else None


def _sending(month: Month) -> Sending:
    group = month.file.sending
    return Sending(
        at=group.at,
        clock=group.clock,
        unknown_timezone=group.unknown_timezone or month.file.timezone,
        quiet_hours=group.quiet_hours,
        late_after=group.late_after,
        max_per_second=group.max_per_second,
        brake=_brake(group.brake),
    )


def _brake(group: BrakeGroup) -> Brake:
    return Brake(
        complaints=group.complaints,
        hard_bounces=group.hard_bounces,
        unsubscribes=group.unsubscribes,
    )


def _catch_up(month: Month) -> CatchUp | None:
    group = month.file.catch_up
    if group is None:
        return None
    return CatchUp(
        must_have=tuple(sorted(set(group.must_have))),
        until=month.instant(group.until) if group.until else None,
    )


def _launch(month: Month) -> Launch:
    group = month.file.launch
    offer = group.offer
    return Launch(
        day=group.day,
        at=month.instant(None),
        offer=Offer(title=offer.title, price=offer.price, link=offer.link) if offer else None,
        deal=group.deal,
        without_tags=frozenset(group.without_tags),
    )


def _deal(month: Month, key: str, group: DealGroup) -> Deal:
    return Deal(
        key=key,
        title=group.title,
        price=group.price,
        link=group.link,
        opens=month.instant(group.opens),
        closes=month.instant(group.closes),
        instead_of=group.instead_of,
        price_from=group.price_from,
        charged_until=group.charged_until,
        codes_file=group.codes,
        quantity=group.quantity,
        claim_for=group.claim_for,
        when_gone=group.when_gone,
    )


def _in_order(month: Month, emails: Sequence[Email]) -> tuple[Email, ...]:
    """By time, in the campaign's zone; then what has no time of its own, in the order given."""
    zone = ZoneInfo(month.file.timezone)
    never = datetime.max.replace(tzinfo=UTC)

    def moment(email: Email) -> datetime:
        if email.date and email.at:
            return datetime.combine(email.date, email.at, zone).astimezone(UTC)
        return email.instant or never

    return tuple(sorted(emails, key=moment))
