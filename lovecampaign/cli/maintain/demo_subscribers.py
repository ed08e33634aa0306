"""Made-up subscribers of the demo and their actions, the same in every run."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import cycle
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.slots import find_slot, plan_zone

_ZONE_NAMES = """
    Europe/Paris Europe/Berlin Europe/Madrid Europe/Rome Europe/Vienna Europe/Warsaw Europe/Prague
    Europe/Stockholm Europe/Oslo Europe/Zurich Europe/London Europe/Lisbon Europe/Dublin
    Africa/Abidjan Europe/Athens Europe/Helsinki Europe/Kyiv Africa/Cairo Africa/Johannesburg
    Africa/Lagos America/New_York America/Toronto America/Detroit America/Chicago
    America/Mexico_City America/Winnipeg America/Los_Angeles America/Vancouver America/Tijuana
    America/Sao_Paulo America/Buenos_Aires Asia/Kolkata Asia/Shanghai Asia/Singapore
    Australia/Perth Asia/Tokyo Asia/Seoul Australia/Sydney Pacific/Auckland Pacific/Honolulu
"""
_FIRST_NAMES = """
    Ana Ben Chloé Dmitri Elif Fatima Grace Hiro Ines Jamal Kaia Luca Mai Noé Olga Priya Quentin
    Rosa Søren Tariq Uma Věra Wanjiru Xin Yusuf Zoë 美咲 נועה عمر Łukasz O'Neill Ана
"""
#: Forty zones on a dozen different clocks, both sides of the date line.
ZONES = tuple(_ZONE_NAMES.split())
#: Some subscribers gave no name.
_NAMES = (*_FIRST_NAMES.split(), "")
_CITIES = ("Paris", "Leeds", "Porto", "Kyoto", "Lagos", "Austin", "")


class DemoAction(StrEnum):
    """What subscribers do in the month."""

    JOIN = "join"
    BECOME_INSIDER = "become_insider"
    UNSUBSCRIBE = "unsubscribe"
    BUY = "buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSubscriber:
    """A made-up subscriber."""

    email: str
    first_name: str
    timezone: str
    city: str
    tag: str

    @property
    def row(self) -> Sequence[str]:
        return self.email, self.first_name, self.timezone, self.city, self.tag


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEvent:
    """Some subscribers do the same at the same time."""

    at: datetime
    action: DemoAction
    subscribers: Sequence[DemoSubscriber]


def make_subscribers(number: int) -> list[DemoSubscriber]:
    generator = random.Random(28)  # noqa: S311 - a fixed seed, no secret
    zones = cycle(ZONES)
    return [
        DemoSubscriber(
            email=f"reader{count}@readers.example",
            first_name=generator.choice(_NAMES),
            timezone=next(zones),
            city=generator.choice(_CITIES),
            tag="staff" if count in {7, 70} else "",
        )
        for count in range(1, number + 1)
    ]


def plan_events(campaign: Campaign, subscribers: Sequence[DemoSubscriber]) -> list[DemoEvent]:
    """Most join before day 1; some join late, unsubscribe or buy. In order of time."""
    late, insiders = subscribers[::17], subscribers[3::6]
    unsubscribers, other_buyers = subscribers[5::40], subscribers[8::20]
    founders = [each for each in subscribers if each not in set(late)]
    days, launch = campaign.days, campaign.launch.day
    plan = (
        (-3, 10, DemoAction.JOIN, founders),
        (min(5, days // 2), 15, DemoAction.JOIN, late),
        (min(8, days - 2), 12, DemoAction.UNSUBSCRIBE, unsubscribers),
        (min(13, days - 1), 18, DemoAction.BECOME_INSIDER, insiders),
        (launch - 1, 16, DemoAction.BUY, insiders[::3]),
        (launch, 16, DemoAction.BUY, other_buyers),
    )

    def instant(day: int, hour: int) -> datetime:
        return to_utc(campaign.start + timedelta(days=day - 1), time(hour), campaign.timezone)

    return [
        DemoEvent(at=instant(day, hour), action=action, subscribers=group)
        for day, hour, action, group in plan
        if group
    ]


def due_times(campaign: Campaign, events: Sequence[DemoEvent]) -> Mapping[datetime, set[str]]:
    """The keys of the emails that are due for any of the subscribers, by instant.

    The first due time is that of the first claim, after which others join late.
    """
    zones = {each.timezone for event in events for each in event.subscribers}
    joined_audience = {event.at for event in events if event.action is DemoAction.JOIN}
    joined_insiders = {event.at for event in events if event.action is DemoAction.BECOME_INSIDER}
    insiders_only = {email.key for email in campaign.emails if email.is_insiders_only}

    def find(founders_until: datetime | None) -> Mapping[datetime, set[str]]:
        keys: dict[datetime, set[str]] = {}
        for zone in zones:
            for key, slots in plan_zone(campaign, zone, founders_until).items():
                for joined_at in joined_insiders if key in insiders_only else joined_audience:
                    slot = find_slot(slots, joined_at)
                    if slot.reason is None:
                        keys.setdefault(slot.due_for(joined_at), set()).add(key)
        return keys

    return find(min(find(None)))


def write_csv(path: Path, subscribers: Sequence[DemoSubscriber], consent_at: datetime) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("email", "first_name", "timezone", "city", "tags", "consent_at"))
        writer.writerows((*each.row, consent_at.isoformat()) for each in subscribers)
