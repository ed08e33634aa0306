"""Facts about the tz database: which copy is in use, and the current names of aliases."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import tzdata

from lovecampaign.core.zones import (
    TzDatabase,
    ZoneInfo,
    current_name,
    find_newest,
    known_zones,
    listed_zones,
)

PACKAGE = tzdata.IANA_VERSION
#: What Chromium 156 answers for a place, and the place's name today.
CHROMIUM = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Catamarca": "America/Argentina/Catamarca",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Cordoba": "America/Argentina/Cordoba",
    "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "America/Jujuy": "America/Argentina/Jujuy",
    "America/Louisville": "America/Kentucky/Louisville",
    "America/Mendoza": "America/Argentina/Mendoza",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Europe/Kiev": "Europe/Kyiv",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}
NEWEST_CHANGES = {
    "America/Vancouver": -7,
    "America/Edmonton": -6,
    "America/Winnipeg": -5,
    "Africa/Casablanca": 0,
    "America/Havana": -4,
}


def make_copy(folder: Path, name: str, line: str) -> str:
    """A system's copy of the database, with its version in the first line of a file."""
    (folder / "Etc").mkdir()
    (folder / "Etc/UTC").write_bytes(b"TZif")
    (folder / name).write_text(f"{line}\n# a comment\n")
    return str(folder)


@pytest.mark.parametrize(
    ("name", "line", "version", "is_system"),
    [
        ("tzdata.zi", "# version 2025b", "2025b", False),
        ("tzdata.zi", f"# version {PACKAGE}", PACKAGE, False),
        ("tzdata.zi", "# version 2099a", "2099a", True),
        ("tzdata.zi", "# version 2099b-dirty", "2099b", True),
        ("+VERSION", "2099c", "2099c", True),
        ("+VERSION", "2024a", "2024a", False),
        ("tzdata.zi", "# made by hand", None, False),
        ("README", "2099a", None, False),
    ],
)
def test_the_newer_copy_is_in_use(
    tmp_path: Path, name: str, line: str, version: str | None, is_system: bool
) -> None:
    found = find_newest(["/no/such/folder", make_copy(tmp_path, name, line)])

    assert found.is_system is is_system
    assert (found.version, found.other_version) == (
        (version, PACKAGE) if is_system else (PACKAGE, version)
    )


def test_without_a_copy_of_the_system_the_package_is_in_use() -> None:
    found = find_newest(["/no/such/folder"])

    assert (found.version, found.other_version, found.is_system) == (PACKAGE, None, False)


def test_an_old_copy_of_the_system_is_not_read(tmp_path: Path) -> None:
    """In a process of its own: a copy is chosen once."""
    folder = make_copy(tmp_path, "tzdata.zi", "# version 2025b")
    (tmp_path / "America").mkdir()
    utc = (Path(tzdata.__file__).parent / "zoneinfo/Etc/UTC").read_bytes()
    (tmp_path / "America/Vancouver").write_bytes(utc)
    code = (
        "from datetime import date, time; from lovecampaign.schedule.instants import to_utc; "
        "print(to_utc(date(2026, 12, 1), time(9), 'America/Vancouver'))"
    )
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONTZPATH": folder}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2026-12-01 16:00:00+00:00"


@pytest.mark.parametrize(("zone", "hours"), NEWEST_CHANGES.items())
def test_the_changes_of_2026_are_known(zone: str, hours: int) -> None:
    offset = datetime(2027, 1, 15, 12, tzinfo=ZoneInfo(zone)).utcoffset()

    assert offset == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("version", "day"),
    [
        ("2025a", date(2025, 1, 15)),
        ("2025b", date(2025, 3, 22)),
        ("2026c", date(2026, 7, 8)),
        ("2026f", date(2026, 10, 26)),
    ],
)
def test_the_date_of_a_release_is_right_within_a_hundred_days(version: str, day: date) -> None:
    found = TzDatabase(version=version, other_version=None, is_system=False)

    assert abs(found.released - day) < timedelta(days=100)


@pytest.mark.parametrize(("alias", "name"), CHROMIUM.items())
def test_names_of_chromium_have_a_current_name(alias: str, name: str) -> None:
    assert current_name(alias) == name


def test_every_current_name_has_the_clock_of_its_alias_and_is_listed() -> None:
    noons = [datetime(2027, month, 15, 12) for month in (1, 7)]  # noqa: DTZ001 - of each zone
    aliases = {zone: name for zone in known_zones() if (name := current_name(zone)) != zone}

    assert len(aliases) > 100
    assert set(aliases.values()) <= listed_zones()
    for alias, name in aliases.items():
        for noon in noons:
            old, new = (noon.replace(tzinfo=ZoneInfo(each)).utcoffset() for each in (alias, name))
            assert old == new, alias


@pytest.mark.parametrize("name", ["Europe/Amsterdam", "Africa/Dakar", "UTC", "Etc/GMT+5", "Mars"])
def test_names_of_places_and_offsets_stay_as_they_are(name: str) -> None:
    assert current_name(name) == name
