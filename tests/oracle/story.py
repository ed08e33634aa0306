"""Random campaigns, subscribers, changes of preferences and passes, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from lovecampaign.campaign.model.campaign import DEFAULT_DAYS
from tests.oracle.readers import Place, Reader

ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Asia/Tokyo",
    "Asia/Yangon",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Kabul",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Lagos",
    "Antarctica/Troll",
    "Europe/Paris",
    "Europe/Dublin",
    "Europe/Chisinau",
    "Europe/London",
    "Atlantic/Azores",
    "America/Scoresbysund",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Santiago",
    "America/Asuncion",
    "America/New_York",
    "America/Havana",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Easter",
    "Pacific/Marquesas",
    "Pacific/Niue",
    "Etc/GMT+12",
    "",
    "Mars/Phobos",
    "localtime",
)
TAGS = ("staff", "owner", "garden", "kitchen")
#: Months with clock changes of Europe, America, Lord Howe, Troll, Cairo (midnight) and none.
STARTS = (
    date(2027, 2, 1),
    date(2027, 3, 3),
    date(2027, 3, 20),
    date(2027, 4, 12),
    date(2026, 10, 10),
    date(2027, 10, 14),
)
TIMES = ("00:00", "00:30", "02:30", "07:00", "09:00", "12:15", "18:00", "23:30")
QUIET_HOURS = (None, "21:00-07:00", "22:30-08:15", "00:00-06:00", "12:00-13:00")


@dataclass(slots=True)
class Story:
    """One random month; the same seed tells the same story."""

    chance: random.Random
    #: Of its own, so that a seed tells the same of all else.
    tasks: random.Random
    start: date
    length: int = DEFAULT_DAYS
    has_launch: bool = True

    @classmethod
    def of(cls, seed: int, length: int = DEFAULT_DAYS, *, has_launch: bool = True) -> Story:
        chance = random.Random(seed)
        tasks = random.Random(seed)
        return cls(chance, tasks, chance.choice(STARTS), length, has_launch)

    # -- the campaign

    def choices(self, days: int) -> dict[str, Any]:
        """What :func:`lovecampaign.testing.campaigns.write_campaign` is asked for."""
        chance = self.chance
        policy = chance.choice(("from-today", "catch-up", "from-day-1", "wait"))
        if policy == "wait" and not self.has_launch:
            policy = "from-day-1"
        written = self._written(days)
        skipped = sorted(chance.sample(written, k=min(2, days - 2)))
        left_out = sorted({*range(1, self.length + 1)} - {*written} | {*skipped})
        settings: dict[str, Any] = {
            "sending": {
                "at": chance.choice(TIMES),
                "late_after": chance.choice(("20h", "20h", "3h", "30h")),
                "unknown_timezone": chance.choice(("Asia/Tokyo", "America/New_York")),
            },
            "audience": {"with_tags": chance.choice(([], [], ["garden", "kitchen"]))},
            "insiders": {"list": "insiders", "until": chance.choice(INSIDERS_UNTIL)},
            "skip": left_out,
            "days": self._days([day for day in written if day not in skipped]),
            "launch": {"emails": self._launch_emails(), "min_gifts": chance.choice((0, 1, 3))},
            "deals": {"insider": {"closes": f"launch +3d {chance.choice(('23:59', '10:30'))}"}},
        }
        for number in self.tasks.sample([*settings["days"]], k=len(settings["days"]) // 2):
            settings["days"][number]["finished"] = 2
        if not self.has_launch:
            settings |= {"launch": "none", "deals": None, "insiders": None}
        if policy == "catch-up":
            settings["catch_up"] = {"must_have": self._must_have(written, skipped)}
            if chance.random() < 0.5:
                settings["catch_up"]["until"] = f"day {written[-1]} 18:00"
        return {
            "start": self.start,
            "timezone": chance.choice(("Europe/Paris", "Pacific/Auckland", "America/New_York")),
            "clock": chance.choice(("subscriber", "subscriber", "campaign")),
            "quiet_hours": chance.choice(QUIET_HOURS),
            "late_joiners": policy,
            "length": self.length,
            "settings": settings,
            "files": {f"days/{number:02d}-day-{number}.md": None for number in left_out},
        }

    def _days(self, numbers: list[int]) -> dict[int, dict[str, Any]]:
        return {number: self._day() for number in self.chance.sample(numbers, k=len(numbers) // 2)}

    def _day(self) -> dict[str, Any]:
        at = {"at": self.chance.choice(TIMES)}
        tags = {"with_tags": ["garden"]}
        return self.chance.choice(
            [at, at, {"pinned": True}, {**at, **tags}, {"without_tags": ["kitchen"]}]
        )

    def _written(self, days: int) -> list[int]:
        """The first days of a month of the usual length; of another, days from all of it."""
        if self.length == DEFAULT_DAYS:
            return list(range(1, days + 1))
        between = self.chance.sample(range(2, self.length), k=days - 2)
        return sorted([1, *between, self.length])

    def _must_have(self, written: list[int], skipped: list[int]) -> list[int]:
        numbers = [number for number in written if number not in skipped]
        return sorted(self.chance.sample(numbers, k=min(3, len(numbers))))

    def _launch_emails(self) -> dict[str, Any]:
        quiet = {"quiet_hours": "respect"}
        return {
            "launch": self.chance.choice([{}, quiet]),
            "last-call": {"to": self.chance.choice(LAST_CALL_TO)},
            "thanks": self.chance.choice(THANKS),
        }

    # -- readers

    def reader(self, number: int, joined_at: datetime) -> Reader:
        chance = self.chance
        places = {"readers": self._place(joined_at)} if chance.random() < 0.9 else {}
        if chance.random() < 0.3 or not places:
            places["insiders"] = self._place(joined_at)
        return Reader(
            address=f"reader{number}@readers.example",
            zone=chance.choice(ZONES),
            places=places,
            tags={tag for tag in TAGS if chance.random() < 0.15} | self._garden(),
            left={name for name in ("readers", "insiders", "") if chance.random() < 0.03},
            is_launch_only=chance.random() < 0.05,
            paused_until=self._some_time() if chance.random() < 0.05 else None,
            bought_at=joined_at if chance.random() < 0.05 else None,
            waits=chance.random() < 0.1,
            done=self.tasks.choice((0, 1, 2)),
        )

    def _garden(self) -> set[str]:
        return {"garden"} if self.chance.random() < 0.5 else set()

    def _place(self, joined_at: datetime) -> Place:
        return Place(
            joined_at=joined_at,
            is_confirmed=self.chance.random() < 0.93,
            consent_until=self._some_time() if self.chance.random() < 0.07 else None,
        )

    def change(self, reader: Reader, now: datetime) -> None:
        """Something happens in a reader's life, and perhaps a task is marked or taken back."""
        reader.done = max(0, reader.done + self.tasks.choice((0, 0, 1, 1, -1)))
        self.chance.choice(
            (
                self._join,
                self._join,
                self._leave,
                self._come_back,
                self._retag,
                self._buy,
                self._prefer,
                self._let_consent_end,
                self._travel,
                self._write,
            )
        )(reader, now)

    def _join(self, reader: Reader, now: datetime) -> None:
        reader.places.setdefault(self.chance.choice(("readers", "insiders")), self._place(now))

    def _leave(self, reader: Reader, _now: datetime) -> None:
        reader.left.add(self.chance.choice(("readers", "insiders", "")))

    def _come_back(self, reader: Reader, _now: datetime) -> None:
        reader.left.clear()
        reader.paused_until = None

    def _retag(self, reader: Reader, _now: datetime) -> None:
        reader.tags ^= {self.chance.choice(TAGS)}

    def _buy(self, reader: Reader, now: datetime) -> None:
        reader.bought_at = reader.bought_at or now

    def _prefer(self, reader: Reader, _now: datetime) -> None:
        if self.chance.random() < 0.5:
            reader.is_launch_only = not reader.is_launch_only
        else:
            reader.paused_until = self._some_time()

    def _let_consent_end(self, reader: Reader, _now: datetime) -> None:
        for place in reader.places.values():
            place.consent_until = self._some_time()

    def _travel(self, reader: Reader, _now: datetime) -> None:
        reader.zone = self.chance.choice(ZONES)

    def _write(self, reader: Reader, _now: datetime) -> None:
        """A letter of theirs, or our answer."""
        reader.waits = not reader.waits

    # -- time

    @property
    def begins(self) -> datetime:
        """Before the first moment in the first zone."""
        return datetime.combine(self.start, time.min, tzinfo=UTC) - timedelta(hours=15)

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(days=self.length + 8)

    def _some_time(self) -> datetime:
        return self.begins + timedelta(minutes=self.chance.randrange((self.length + 8) * 24 * 60))

    def steps(self) -> Iterator[timedelta | None]:
        """How long until the next pass; None: until the next thing is due."""
        while True:
            kind = self.chance.choice(("due", "due", "hours", "before", "late", "asleep"))
            for _ in range(self.chance.randint(1, 6)):
                if kind == "asleep":
                    yield timedelta(minutes=self.chance.randint(600, 3600))
                    break
                yield {
                    "due": None,
                    "hours": timedelta(hours=1),
                    "before": timedelta(minutes=self.chance.choice((1, 7, 59, 119))),
                    "late": timedelta(minutes=self.chance.randint(120, 1500)),
                }[kind]


INSIDERS_UNTIL = ("launch", "launch -1d 23:00", "launch +2d 08:00")
THANKS: tuple[dict[str, Any], ...] = (
    {},
    {"at": "launch +2d 16:00", "to": ["insiders", "bought"]},
)
LAST_CALL_TO = (
    ["insiders", "not-bought"],
    ["audience", "not-bought"],
    ["not-bought"],
    ["insiders"],
)
