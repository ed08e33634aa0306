"""Sample recipients that every email is rendered for before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.heroes import NO_HEROES, SAMPLE_HEROES
from lovecampaign.render.model.recipient import (
    NO_GIVING,
    NO_PROGRESS,
    Giving,
    Links,
    Progress,
    Recipient,
)

SAMPLE_LINKS = Links(
    unsubscribe="https://links.invalid/u/sample",
    preferences="https://links.invalid/p/sample",
    web_view="https://links.invalid/v/sample",
    join="https://links.invalid/join/sample",
    insiders="https://links.invalid/join/sample-insiders",
    every_day="https://links.invalid/p/sample?every-day=1",
    share="https://links.invalid/share/sample",
    deal="https://links.invalid/d/sample",
    answer="https://links.invalid/a/sample",
    month="https://links.invalid/c/sample",
    help="https://links.invalid/h/sample",
    gift="https://links.invalid/g/sample",
    confirm="https://links.invalid/confirm/sample",
)


class SampleFields(Mapping[str, str]):
    """Custom fields with a value for every name."""

    def __getitem__(self, name: str) -> str:
        # Valid wherever a field is printed, the beginning of an address included.
        return f"https://links.invalid/{name}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1

    def __contains__(self, name: object) -> bool:
        return True


def sample_recipients(campaign: Campaign, email: Email, content: Content) -> tuple[Recipient, ...]:
    """A subscriber with all data, and one with only the required data: neither a hero nor a name.

    The second has every custom field, too: LC219 checks the lists for missing ones.
    """
    known = Subscriber(
        id=1,
        email="sam@reader.invalid",
        first_name="Sam",
        last_name="Reader",
        timezone=campaign.sending.unknown_timezone,
        fields=SampleFields(),
        tags=email.tags.with_tags,
        is_insider=True,
    )
    unknown = Subscriber(
        id=2,
        email="someone@reader.invalid",
        fields=SampleFields(),
        is_insider=email.is_insiders_only,
    )
    has_deal = campaign.insider_deal is not None
    return tuple(
        Recipient(
            subscriber=subscriber,
            zone=campaign.sending.unknown_timezone,
            delivery_id="sample",
            first_claimed_at=datetime.combine(campaign.start, datetime.min.time(), UTC),
            links=SAMPLE_LINKS,
            deal_code="SAMPLE-CODE" if has_deal and subscriber.is_insider else None,
            digest=tuple(content.parts),
            heroes=heroes,
            progress=progress,
            giving=giving,
            note=note,
        )
        for subscriber, heroes, progress, giving, note in (
            (
                known,
                SAMPLE_HEROES,
                Progress(done=12, streak=4, group_done=48),
                Giving(gifts=12, asks=1),
                "P.S. A line for one person. — Ana",
            ),
            (unknown, NO_HEROES, NO_PROGRESS, NO_GIVING, ""),
        )
    )
