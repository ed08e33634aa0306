"""Subscribers to see the preview as: real ones, and samples with the hard cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.plain.sample_recipients import SampleFields
from lovecampaign.schedule.instants import to_utc

#: Forty letters without a line break opportunity.
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorffwelch"
#: Among the first zones where a day begins: often on another date than the team's.
_FAR_ZONE = "Pacific/Auckland"
_FIELDS = SampleFields()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSubscriber:
    """A subscriber, real or made up, to see the preview as."""

    #: Their name in URLs: ``sam``, ``sam.fr``, or the id of a real subscriber, like ``17``.
    key: str
    label: str
    #: Their special feature.
    about: str
    subscriber: Subscriber
    #: The effective zone.
    zone: str
    joined_at: datetime
    is_buyer: bool = False
    #: False for members of the insiders' list only.
    is_in_audience: bool = True
    #: The notes to a real subscriber, by the email's key.
    notes: tuple[tuple[str, str], ...] = ()

    def in_language(self, language: str | None) -> PreviewSubscriber:
        """The same, reading another of the campaign's languages; None: the first."""
        return replace(
            self,
            key=self.key.partition(".")[0] + (f".{language}" if language else ""),
            subscriber=self.subscriber._replace(language=language),
        )

    @property
    def is_made_up(self) -> bool:
        return not self.key.isdecimal()


def sample_subscribers(campaign: Campaign) -> tuple[PreviewSubscriber, ...]:
    """The sample subscribers for checking a month, the most ordinary first."""
    sam = _sam(campaign)
    robin = _like(sam, "robin", "Robin Field", "on no insiders’ list", is_insider=False)
    no_name = _like(sam, "no-name", "", "no name is known", is_insider=False)
    cases = (
        sam,
        robin,
        replace(_like(sam, "bo", "Bo Baker", "insider who has bought"), is_buyer=True),
        replace(no_name, label="No name"),
        _like(sam, "long-name", f"{LONG_NAME} Reader", "a name of forty letters"),
        _like(sam, "right-to-left", "عبد الرحمن السيد", "a name from right to left"),
        _without_zone(sam, campaign),
        _somewhere(sam, "far", "Aroha Ngata", _FAR_ZONE),
        replace(
            _like(sam, "late", "Lia Late", "joined at noon of day 10", is_insider=False),
            joined_at=to_utc(campaign.start + timedelta(days=9), time(12), campaign.timezone),
        ),
    )
    return tuple(
        replace(case, subscriber=case.subscriber._replace(id=number))
        for number, case in enumerate(cases, start=1)
    )


def _sam(campaign: Campaign) -> PreviewSubscriber:
    zone = campaign.timezone
    return PreviewSubscriber(
        key="sam",
        label="Sam Reader",
        about="everything is known; an insider",
        subscriber=Subscriber(
            id=1,
            email="sam@reader.invalid",
            first_name="Sam",
            last_name="Reader",
            timezone=zone,
            fields=_FIELDS,
            tags=_wanted_tags(campaign),
            is_insider=True,
        ),
        zone=zone,
        # Long before the campaign: not a late joiner.
        joined_at=datetime.combine(campaign.start, time(), UTC) - timedelta(days=100),
    )


def _like(
    sam: PreviewSubscriber, key: str, name: str, about: str, *, is_insider: bool = True
) -> PreviewSubscriber:
    first, _, last = name.partition(" ")
    person = sam.subscriber._replace(
        email=f"{key}@reader.invalid",
        first_name=first,
        last_name=last,
        is_insider=is_insider,
    )
    return replace(sam, key=key, label=name, about=about, subscriber=person)


def _somewhere(sam: PreviewSubscriber, key: str, name: str, zone: str) -> PreviewSubscriber:
    reader = _like(sam, key, name, f"lives in {zone}", is_insider=False)
    return replace(reader, subscriber=reader.subscriber._replace(timezone=zone), zone=zone)


def _without_zone(sam: PreviewSubscriber, campaign: Campaign) -> PreviewSubscriber:
    zone = campaign.sending.unknown_timezone
    reader = _like(sam, "no-zone", "Nima Nowhere", f"no zone: counts as {zone}", is_insider=False)
    return replace(reader, subscriber=reader.subscriber._replace(timezone=None), zone=zone)


def _wanted_tags(campaign: Campaign) -> frozenset[str]:
    """All tags that an email requires, without those that exclude subscribers."""
    wanted = campaign.audience.tags.with_tags.union(
        *(email.tags.with_tags for email in campaign.emails)
    )
    return wanted - campaign.audience.tags.without_tags - campaign.launch.without_tags
