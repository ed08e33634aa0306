"""A hint that is followed to the letter leads to a campaign that means what was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, RecipientGroup
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.core.problems import Problem
from lovecampaign.testing.campaigns import write_campaign

PARIS = ZoneInfo("Europe/Paris")
HOLE = "HOLE"
INSIDERS = frozenset({RecipientGroup.INSIDERS, RecipientGroup.NOT_BOUGHT})


def settings_with(path: str) -> dict[str, Any]:
    """Settings with a hole at a dotted path."""
    value: Any = HOLE
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def load_with(workspace: Path, path: str, text: str) -> LoadedCampaign:
    """Load a campaign with this text, as typed, at the path."""
    folder = write_campaign(workspace, days=3, settings=settings_with(path))
    file = folder / "campaign.yaml"
    file.write_text(file.read_text().replace(HOLE, text))
    return load_campaign(folder, workspace)


def value_in_hint(problem: Problem) -> str:
    """What a hint tells to write; raises for a hint without one value."""
    match = re.fullmatch(r"write (\S.*?)(?:, without quotes|, in quotes)?", problem.hint or "")
    match = match or re.fullmatch(r"did you mean (.*)\?", problem.hint or "")
    if match is None:
        raise AssertionError(f"{problem.hint!r} names no value")
    return match[1]


def late_after(campaign: Campaign) -> object:
    return campaign.sending.late_after


def quantity(campaign: Campaign) -> object:
    return campaign.deals["insider"].quantity


def price(campaign: Campaign) -> object:
    return campaign.deals["insider"].price.text


def offer(campaign: Campaign) -> object:
    return campaign.launch.offer and campaign.launch.offer.price.text


def complaints(campaign: Campaign) -> object:
    return campaign.sending.brake.complaints


def sending_at(campaign: Campaign) -> object:
    return campaign.sending.at


def quiet_hours(campaign: Campaign) -> object:
    return campaign.sending.quiet_hours


def closes(campaign: Campaign) -> object:
    return campaign.deals["insider"].closes


def early_to(campaign: Campaign) -> object:
    email = campaign.find_email("early-access")
    return email and email.to


def zone(campaign: Campaign) -> object:
    return campaign.timezone


def start(campaign: Campaign) -> object:
    return campaign.start


Read = Callable[[Campaign], object]
LATE = "sending.late_after"
PRICE, QUANTITY = "deals.insider.price", "deals.insider.quantity"
OFFER = "launch.offer.price"
MISTAKES: list[tuple[str, str, Read, object]] = [
    *(
        (LATE, text, late_after, timedelta(hours=hours))
        for text, hours in (
            ("20 Stunden", 20),
            ("20 Std.", 20),
            ("20 hours", 20),
            ("20 heures", 20),
            ("20 horas", 20),
            ("20 ore", 20),
            ("20 uur", 20),
            ("2 Tage", 48),
            ("2 jours", 48),
            ("2 días", 48),
            ("2 giorni", 48),
            ("2 dagen", 48),
            ("2 dias", 48),
            ("1 week", 168),
            ("1,5 Stunden", 1.5),
            ("2 heures et 30 minutes", 2.5),
        )
    ),
    ("deals.insider.claim_for", "30 Minuten", lambda c: c.deals["insider"].claim_for,
     timedelta(minutes=30)),
    *((QUANTITY, text, quantity, 1000) for text in ("1,000", "1 000", "1.000", "1'000",
                                                    "1000 Stück", '"1000"')),
    (QUANTITY, "2.500", quantity, 2500),
    (QUANTITY, "100 places", quantity, 100),
    *((PRICE, text, price, "59 EUR") for text in ("EUR 59", "59 €", "€59", "59 Euro", "59,- €")),
    (PRICE, "96,50 EUR", price, "96.50 EUR"),
    (OFFER, "EUR 1.299,50", offer, "1299.50 EUR"),
    (OFFER, "1 299,50 €", offer, "1299.50 EUR"),
    (OFFER, "£1,299", offer, "1299 GBP"),
    *(("sending.brake.complaints", text, complaints, Fraction(1, 1000))
      for text in ("0,1%", "0,1 %", "0.1 Prozent", "0,1 pour cent", "1‰")),
    ("sending.at", "18", sending_at, time(18)),
    ("sending.at", "18h30", sending_at, time(18, 30)),
    ("sending.at", "18.30 Uhr", sending_at, time(18, 30)),
    ("sending.at", "6:30 pm", sending_at, time(18, 30)),
    ("sending.quiet_hours", "22-6", quiet_hours, QuietHours(start=time(22), end=time(6))),
    ("sending.quiet_hours", "10pm to 6am", quiet_hours, QuietHours(start=time(22), end=time(6))),
    ("deals.insider.closes", "day 31 6pm", closes, datetime(2027, 3, 3, 18, tzinfo=PARIS)),
    ("deals.insider.closes", "Tag 31 18:00", closes, datetime(2027, 3, 3, 18, tzinfo=PARIS)),
    ("start", "13.02.2027", start, date(2027, 2, 13)),
    ("timezone", "Berlin", zone, "Europe/Berlin"),
    ("timezone", "Europe/Berln", zone, "Europe/Berlin"),
    *(("launch.emails.early-access.to", text, early_to, INSIDERS)
      for text in ("insiders not-bought", "insiders, not bought", "[insiders not-bought]",
                   "insiders and not_bought", "[insiders, notbought]", "[insiders, non-bought]")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "read", "meant"), MISTAKES)
def test_the_value_or_its_hint_means_what_was_written(
    tmp_path: Path, path: str, text: str, read: Read, meant: object
) -> None:
    loaded = load_with(tmp_path, path, text)
    errors = [problem for problem in loaded.problems if problem.is_error]
    if errors:
        (error,) = errors
        hinted = value_in_hint(error)
        text = f"[insiders, {hinted}]" if text.startswith("[") else hinted
        loaded = load_with(tmp_path, path, text)
    assert [str(problem) for problem in loaded.problems if problem.is_error] == []
    assert loaded.campaign is not None
    assert read(loaded.campaign) == meant


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (LATE, "20"),
        (LATE, "20 S"),
        (LATE, "2 M"),
        (LATE, "2 Monate"),
        (LATE, "1:30"),
        (QUANTITY, "100k"),
        (QUANTITY, "10 Dutzend"),
        (QUANTITY, "about 100"),
        (QUANTITY, "1,00"),
        (PRICE, "59 EUR / 99 USD"),
        (PRICE, "59 kr"),
        (PRICE, "$59"),
        (PRICE, "1.500 EUR"),
        (PRICE, "59 EUD"),
        (PRICE, "59"),
        ("sending.brake.complaints", "0.1"),
        ("sending.brake.complaints", "1,000%"),
        ("sending.quiet_hours", "9-5"),
        ("sending.max_per_second", "1.500"),
        ("start", "03/04/2027"),
        ("timezone", "America/Boston"),
        ("timezone", "Europe/Munich"),
        ("timezone", "GMT+1"),
        ("timezone", "Geneva"),
        ("timezone", "Pacific"),
        ("launch.emails.early-access.to", "not-insiders"),
        ("launch.emails.early-access.to", "[insiders or bought]"),
        ("launch.with_tags", "[garden]"),
        ("sending.max_per_hour", "500"),
        ("audience.tags", "[garden]"),
        ("audience.no_tags", "[garden]"),
        ("late_joiners", "from-day"),
    ],
)
def test_what_may_mean_two_things_is_refused_without_one_value(
    tmp_path: Path, path: str, text: str
) -> None:
    (error,) = [one for one in load_with(tmp_path, path, text).problems if one.is_error]
    try:
        hinted = value_in_hint(error)
    except AssertionError:
        return
    is_example_or_choice = re.search(r" (like|and|or|two|digits|for|with) |, for ", f" {hinted} ")
    assert is_example_or_choice, hinted


@pytest.mark.parametrize("text", ["20s", "90s", "20m", "59m"])
@pytest.mark.parametrize(("path", "usual"), [(LATE, "20h"), ("launch.late_after", "24h")])
def test_a_lateness_below_an_hour_is_a_warning(
    tmp_path: Path, path: str, usual: str, text: str
) -> None:
    (problem,) = load_with(tmp_path, path, text).problems
    assert not problem.is_error
    assert problem.place is not None
    assert usual in (problem.hint or "")


def test_a_setting_that_several_groups_have_is_not_sent_to_one_of_them(tmp_path: Path) -> None:
    (error,) = load_with(tmp_path, "without_tags", "[staff]").problems
    assert error.hint
    assert "audience" in error.hint
    assert "launch" in error.hint


@pytest.mark.parametrize("text", ["si", "wahr", "oui", "ja", "sim"])
def test_a_yes_in_any_language_is_hinted_as_true(tmp_path: Path, text: str) -> None:
    (error,) = load_with(tmp_path, "days.2.pinned", text).problems
    assert error.hint == "write true, without quotes"


@pytest.mark.parametrize("text", ["1", "ture", "maybe"])
def test_a_flag_that_is_unclear_is_hinted_with_both(tmp_path: Path, text: str) -> None:
    (error,) = load_with(tmp_path, "days.2.pinned", text).problems
    assert error.hint == "write true or false, without quotes"
