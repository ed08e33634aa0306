"""Assembles the frozen campaign model from validated settings and built emails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.files.paths import FileKind, read_inside
from lovecampaign.campaign.model.campaign import (
    Audience,
    Brand,
    Campaign,
    CatchUp,
    Email,
    Insiders,
    Invitation,
    Launch,
    Sender,
    TagFilter,
)
from lovecampaign.campaign.model.deal import Deal, Offer
from lovecampaign.campaign.model.desk import Advocate, Desk
from lovecampaign.campaign.model.sending import Brake, Sending
from lovecampaign.campaign.schema.models import BrandGroup, DealGroup, SenderGroup
from lovecampaign.campaign.schema.time_parsers import Anchor, Point
from lovecampaign.core.zones import load_zone


def assemble(draft: CampaignDraft, emails: Sequence[Email], files: tuple[str, ...]) -> Campaign:
    """The campaign with every default filled in."""
    file = draft.file
    return Campaign(
        id=file.id,
        name=file.name,
        slug=draft.folder.name,
        folder=draft.folder,
        workspace=draft.workspace,
        file=draft.document.source.name,
        language=draft.languages[0],
        languages=draft.languages,
        timezone=file.timezone,
        start=file.start,
        days=draft.length,
        brand=_brand(file.brand),
        sender=_sender(file.sender),
        audience=_audience(draft),
        insiders=_insiders(draft),
        sending=_sending(draft),
        late_joiners=file.late_joiners,
        catch_up=_catch_up(draft),
        skip=frozenset(file.skip),
        launch=_launch(draft),
        invitation=_invitation(draft),
        desk=_desk(draft),
        deals={key: _deal(draft, key, deal) for key, deal in file.deals.items()},
        emails=_by_time(file.timezone, emails),
        ignored_checks=dict(file.checks.ignore),
        files=files,
        places=draft.document.places(),
    )


def _brand(group: BrandGroup) -> Brand:
    return Brand(color=group.color or Brand().color, logo=group.logo)


def _sender(group: SenderGroup) -> Sender:
    settings = dict(group)
    settings["reply_to"] = group.reply_to or group.email
    settings["unsubscribe_to"] = group.unsubscribe_to or settings["reply_to"]
    return Sender(**settings)


def _audience(draft: CampaignDraft) -> Audience:
    group = draft.file.audience
    tags = TagFilter(
        with_tags=frozenset(group.with_tags), without_tags=frozenset(group.without_tags)
    )
    start = draft.instant(Point(anchor=Anchor.START))
    since = start - group.active_within if group.active_within else None
    return Audience(list=group.list, tags=tags, active_since=since)


def _insiders(draft: CampaignDraft) -> Insiders | None:
    group = draft.file.insiders
    return Insiders(list=group.list, until=draft.instant(group.until)) if group else None


def _sending(draft: CampaignDraft) -> Sending:
    settings = dict(draft.file.sending)
    settings["unknown_timezone"] = settings["unknown_timezone"] or draft.file.timezone
    settings["brake"] = Brake(**dict(draft.file.sending.brake))
    return Sending(**settings)


def _catch_up(draft: CampaignDraft) -> CatchUp | None:
    group = draft.file.catch_up
    if group is None:
        return None
    return CatchUp(
        must_have=tuple(sorted(set(group.must_have))),
        until=draft.instant(group.until) if group.until else None,
    )


def _launch(draft: CampaignDraft) -> Launch:
    group = draft.launch
    return Launch(
        day=draft.dates.launch_day,
        at=draft.instant(None),
        takes_place=draft.file.launch is not None,
        offer=Offer(**dict(group.offer)) if group.offer else None,
        deal=group.deal,
        without_tags=frozenset(group.without_tags),
        late_after=group.late_after,
        no_ask_while_waiting=group.no_ask_while_waiting,
        min_gifts=group.min_gifts,
    )


def _invitation(draft: CampaignDraft) -> Invitation | None:
    group = draft.file.invitation
    if group is None:
        return None
    return Invitation(
        at=draft.instant(group.start_at),
        ends=draft.instant(Point(anchor=Anchor.START)),
        growth=group.waves,
        first=group.first,
    )


def _desk(draft: CampaignDraft) -> Desk:
    replies, team, advocate = draft.file.replies, draft.file.team, draft.file.advocate
    return Desk(
        within=replies.within,
        days=replies.days,
        voice=_read_voice(draft),
        team=tuple(dict.fromkeys(team.mail)),
        morning=team.at,
        advocate=Advocate(**dict(advocate)) if advocate else None,
    )


def _read_voice(draft: CampaignDraft) -> str:
    """The text of ``replies.voice``; the rules of the files report one that is not there."""
    name = draft.file.replies.voice
    if name is None:
        return ""
    path = draft.folder / name
    source, _ = read_inside(path, FileKind.COPY, folder=draft.folder, workspace=draft.workspace)
    return source.text if source else ""


def _deal(draft: CampaignDraft, key: str, group: DealGroup) -> Deal:
    settings = dict(group)
    settings["codes_file"] = settings.pop("codes")
    for name in ("price_from", "charged_until"):
        settings[name] = draft.dates.date_of(settings[name]) if settings[name] else None
    settings["opens"] = draft.instant(group.opens)
    settings["closes"] = draft.instant(group.closes)
    return Deal(key=key, **settings)


def _by_time(timezone: str, emails: Sequence[Email]) -> tuple[Email, ...]:
    """Sorted by time in the campaign's zone; emails without a time come last."""
    zone = load_zone(timezone)
    never = datetime.max.replace(tzinfo=UTC)

    def instant(email: Email) -> datetime:
        if email.date and email.at:
            return datetime.combine(email.date, email.at, zone).astimezone(UTC)
        return email.instant or never

    return tuple(sorted(emails, key=instant))
