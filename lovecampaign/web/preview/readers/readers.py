"""As whom is the month looked at? Made-up readers, the hard cases among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.plain.sample_recipients import SampleFields
from lovecampaign.schedule.instants import to_utc

#: Forty letters without a place to break the line.
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorffwelch"
#: Among the first places on earth where a day begins, and across a day line from the team.
_FAR_ZONE = "Pacific/Auckland"
_FIELDS = SampleFields()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody through whose eyes the month is seen."""

    #: As addresses of pages name them: ``sam``, or ``17`` for a subscriber.
    key: str
    label: str
    #: What is special about them.
    about: str
    subscriber: Subscriber
    #: The zone that counts for them.
    zone: str
    joined_at: datetime
    is_buyer: bool = False
    #: False for who stands on the insiders' list only.
    is_in_audience: bool = True

    @property
    def is_made_up(self) -> bool:
        return not self.key.isdecimal()


def made_up_readers(campaign: Campaign) -> tuple[Reader, ...]:
    """Everybody that a month should be looked at with, the most ordinary first."""
    sam = _sam(campaign)
    robin = _like(sam, "robin", "Robin Field", "on no insiders’ list", is_insider=False)
    no_name = _like(sam, "no-name", "", "nobody knows their name", is_insider=False)
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


def _sam(campaign: Campaign) -> Reader:
    zone = campaign.timezone
    return Reader(
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
        # Long before every campaign: nobody of them joins late.
        joined_at=datetime.combine(campaign.start, time(), UTC) - timedelta(days=100),
    )


def _like(sam: Reader, key: str, name: str, about: str, *, is_insider: bool = True) -> Reader:
    first, _, last = name.partition(" ")
    person = sam.subscriber._replace(
        email=f"{key}@reader.invalid",
        first_name=first,
        last_name=last,
        is_insider=is_insider,
    )
    return replace(sam, key=key, label=name, about=about, subscriber=person)


def _somewhere(sam: Reader, key: str, name: str, zone: str) -> Reader:
    reader = _like(sam, key, name, f"lives in {zone}", is_insider=False)
    return replace(reader, subscriber=reader.subscriber._replace(timezone=zone), zone=zone)


def _without_zone(sam: Reader, campaign: Campaign) -> Reader:
    zone = campaign.sending.unknown_timezone
    reader = _like(sam, "no-zone", "Nima Nowhere", f"no zone: counts as {zone}", is_insider=False)
    return replace(reader, subscriber=reader.subscriber._replace(timezone=None), zone=zone)


def _wanted_tags(campaign: Campaign) -> frozenset[str]:
    """Whatever opens an email, but nothing that closes one."""
    wanted = campaign.audience.tags.with_tags.union(
        *(email.tags.with_tags for email in campaign.emails)
    )
    return wanted - campaign.audience.tags.without_tags - campaign.launch.without_tags
