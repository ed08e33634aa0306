"""Facts about the time zones that forms offer and take."""

from __future__ import annotations

import pytest

from lovecampaign.web.serve.content.zones import parse_zone, regions, regions_with


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5", "Mars/Olympus_Mons"])
def test_a_stored_zone_that_is_in_no_region_is_an_entry(zone: str) -> None:
    assert regions_with(zone, "en")[0].zones == [(zone, zone.replace("_", " "))]
    assert regions_with(zone, "en")[1:] == regions("en")
    assert parse_zone(zone, zone) == zone


@pytest.mark.parametrize("zone", ["", "Asia/Kolkata", "Europe/Amsterdam"])
def test_a_zone_of_a_region_is_no_second_entry(zone: str) -> None:
    assert regions_with(zone, "en") == regions("en")


@pytest.mark.parametrize(
    ("sent", "stored", "zone"),
    [
        ("Asia/Calcutta", "", "Asia/Kolkata"),
        ("Europe/Kyiv", "Europe/Kiev", "Europe/Kyiv"),
        ("Europe/Rome", "Mars/Olympus", "Europe/Rome"),
        ("Moon/Base", "Mars/Olympus", ""),
        ("", "Europe/Kiev", ""),
        ("x" * 10_000, "", ""),
    ],
)
def test_a_form_sends_a_known_zone_or_the_stored_one(sent: str, stored: str, zone: str) -> None:
    assert parse_zone(sent, stored) == zone


def test_cities_have_their_names_in_the_language_and_its_order() -> None:
    europe = next(one for one in regions("fr") if one.name == "Europe")
    assert ("Europe/London", "Londres") in europe.zones
    names = [name for _, name in europe.zones]
    assert names.index("Athènes") < names.index("Berlin") < names.index("Zurich")
    assert {zone for one in regions("fr") for zone, _ in one.zones} == {
        zone for one in regions("en") for zone, _ in one.zones
    }
