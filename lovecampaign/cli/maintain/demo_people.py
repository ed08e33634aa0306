"""Who plays in the demo, and what do they do in the month? All made up, the same every time."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import cycle
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import to_utc

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
#: Some readers never told their name.
_NAMES = (*_FIRST_NAMES.split(), "")
_CITIES = ("Paris", "Leeds", "Porto", "Kyoto", "Lagos", "Austin", "")


class Deed(StrEnum):
    """What somebody does in the month."""

    JOIN = "join"
    BECOME_INSIDER = "become_insider"
    LEAVE = "leave"
    BUY = "buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
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
class Happening:
    """Some players do something at the same time."""

    at: datetime
    deed: Deed
    players: Sequence[Player]


def make_players(number: int) -> list[Player]:
    chance = random.Random(28)  # noqa: S311 - the same people every time, no secret
    zones = cycle(ZONES)
    return [
        Player(
            email=f"reader{count}@readers.example",
            first_name=chance.choice(_NAMES),
            timezone=next(zones),
            city=chance.choice(_CITIES),
            tag="staff" if count in {7, 70} else "",
        )
        for count in range(1, number + 1)
    ]


def write_script(campaign: Campaign, players: Sequence[Player]) -> list[Happening]:
    """Most are there before day 1; some come late, some leave, some buy. In order of time."""
    late, insiders = players[::17], players[3::6]
    leavers, other_buyers = players[5::40], players[8::20]
    founders = [player for player in players if player not in set(late)]
    plan = (
        (-3, 10, Deed.JOIN, founders),
        (5, 15, Deed.JOIN, late),
        (8, 12, Deed.LEAVE, leavers),
        (13, 18, Deed.BECOME_INSIDER, insiders),
        (27, 16, Deed.BUY, insiders[::3]),
        (28, 16, Deed.BUY, other_buyers),
    )
    return [
        Happening(at=_moment(campaign, day, hour), deed=deed, players=who)
        for day, hour, deed, who in plan
        if who
    ]


def write_csv(path: Path, players: Sequence[Player], consent_at: datetime) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("email", "first_name", "timezone", "city", "tags", "consent_at"))
        writer.writerows((*player.row, consent_at.isoformat()) for player in players)


def _moment(campaign: Campaign, day: int, hour: int) -> datetime:
    return to_utc(campaign.start + timedelta(days=day - 1), time(hour), campaign.timezone)
