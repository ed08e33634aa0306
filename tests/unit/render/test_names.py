"""What emails may name, and how it prints."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lovecampaign.campaign.schema.scalar_parsers import parse_money
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.formatting import (
    LocalizedDate,
    LocalizedMoney,
    LocalizedTime,
    direction_of,
    zone_name,
)
from tests.support.render_kit import GUEST, INSIDERS_ONLY, Workbench, recipient


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


PRINTS = [
    ("subscriber.email", "ana@reader.example"),
    ("subscriber.first_name", "Ana"),
    ("subscriber.last_name", "Soil"),
    ("subscriber.timezone", "Asia/Kolkata"),
    ("subscriber.fields.pet", "Rex"),
    ("subscriber.tags | join(' ')", "a b"),
    ("subscriber.is_insider", "True"),
    ("first_name", "Ana"),
    ("fields.pet", "Rex"),
    ("fields['pet']", "Rex"),
    ("fields.items", "shop"),
    ("'pet' in fields", "True"),
    ("campaign.name", "Bloom"),
    ("campaign.start", "Monday 1 February 2027"),
    ("campaign.days", "27"),
    ("campaign.launch_at", "Sunday 28 February 2027, 14:30 (Kolkata time)"),
    ("sender.name", "Ana from Bloom"),
    ("sender.reply_to", "hello@bloom.example"),
    ("brand.color", "#a8324a"),
    ("day.number", "2"),
    ("day.date", "Tuesday 2 February 2027"),
    ("day.key", "day-02"),
    ("day.kind", "value"),
    ("day.subject", "Hi Ana"),
    ("subject", "Hi Ana"),
    ("preheader", "Psst, Ana"),
    ("guest.name", "Dr Mai Tran"),
    ("guest.role", "Soil scientist"),
    ("question", "What first?"),
    ("offer.title", "Bloom"),
    ("offer.price", "€99.00"),
    ("offer.link", "https://bloom.example/buy"),
    ("deal.title", "Bloom for insiders"),
    ("deal.price", "€59.00"),
    ("deal.instead_of", "€99.00"),
    ("deal.code", "CODE-7"),
    ("deal.link", "https://bloom.example/d/TOKEN"),
    ("deal.opens", "Saturday 27 February 2027, 14:30 (Kolkata time)"),
    ("deal.closes", "Thursday 4 March 2027, 04:29 (Kolkata time)"),
    ("deal.closes.strftime('%H:%M')", "04:29"),
    ("links.unsubscribe", "https://bloom.example/u/TOKEN"),
    ("links.preferences", "https://bloom.example/p/TOKEN"),
    ("links.web_view", "https://bloom.example/v/TOKEN"),
    ("links.join", "https://bloom.example/join/readers"),
    ("links.insiders", "https://bloom.example/join/insiders"),
    ("links.share", "https://bloom.example/join/readers?from=share"),
]


@pytest.mark.parametrize(("name", "read"), PRINTS)
def test_every_name_prints(bench: Workbench, name: str, read: str) -> None:
    email = bench.email(
        f"It is: {{{{ {name} }}}}",
        subject="Hi {{ first_name }}",
        preheader="Psst, {{ first_name }}",
        guest=GUEST,
        question="What first?",
        to=INSIDERS_ONLY,
    )
    person = recipient(
        zone="Asia/Kolkata",
        deal_code="CODE-7",
        last_name="Soil",
        fields={"pet": "Rex", "items": "shop"},
        tags=frozenset("ba"),
        is_insider=True,
    )
    assert bench.renderer(email).render(person).text.split("\n\n-- \n")[0] == f"It is: {read}"
    assert not bench.problems(
        email.copy.text, guest=GUEST, question="What first?", to=INSIDERS_ONLY
    )


def test_one_template_serves_insiders_and_everyone(bench: Workbench) -> None:
    copy = "{% if deal %}{{ deal.price }}{% else %}{{ offer.price }}{% endif %}"
    for_all, for_insiders = bench.email(copy), bench.email(copy, to=INSIDERS_ONLY)
    assert bench.renderer(for_all).render(recipient()).text.startswith("€99.00\n")
    assert bench.renderer(for_insiders).render(recipient()).text.startswith("€59.00\n")


@pytest.mark.parametrize(
    "part", ["title", "price", "instead_of", "code", "link", "opens", "closes"]
)
def test_no_part_of_the_deal_prints_in_an_email_that_is_not_for_insiders(
    bench: Workbench, part: str
) -> None:
    for copy in (f"{{{{ deal.{part} }}}}", f"{{% set d = deal %}}{{{{ d['{part}'] }}}}"):
        with pytest.raises(RenderError, match="missing"):
            bench.renderer(bench.email(copy)).render(recipient(deal_code="CODE"))
        assert [problem.code for problem in bench.problems(copy)] == ["LC106"]


def test_without_a_deal_the_name_is_known_and_nothing(bench: Workbench) -> None:
    email = bench.email("{% if deal %}x{% endif %}{{ 'none' if not deal }}")
    launch = bench.campaign().launch
    renderer = bench.renderer(email, launch=replace(launch, deal=None), deals={})
    assert renderer.render(recipient()).text.startswith("none\n")


def test_a_personal_close_replaces_the_deals_own(bench: Workbench) -> None:
    person = recipient()._replace(deal_closes=datetime(2027, 3, 5, 11, tzinfo=UTC))
    text = bench.renderer(bench.email("{{ deal.closes }}", to=INSIDERS_ONLY)).render(person).text
    assert text.startswith("Friday 5 March 2027, 12:00 (Paris time)\n")


@pytest.mark.parametrize(
    ("language", "read"),
    [
        ("en", "Wednesday 3 March 2027, 23:59 (Paris time)"),
        ("en-GB", "Wednesday, 3 March 2027, 23:59 (Paris time)"),
        ("en-US", "Wednesday, March 3, 2027, 11:59\N{NARROW NO-BREAK SPACE}PM (Paris time)"),
        ("fr", "mercredi 3 mars 2027, 23:59 (Paris)"),
        ("fr-CA", "mercredi 3 mars 2027, 23 h 59 (Paris)"),
        ("de-AT", "Mittwoch, 3. März 2027, 23:59 Uhr (Paris)"),
        ("es", "miércoles, 3 de marzo de 2027, 23:59 (París)"),
        ("it", "mercoledì 3 marzo 2027, 23:59 (Parigi)"),
        ("pt", "quarta-feira, 3 de março de 2027 23:59 (Paris)"),
        ("nl", "woensdag 3 maart 2027, 23:59 (Parijs)"),
        ("pl", "środa, 3 marca 2027, 23:59 (Paryż)"),
        ("tlh", "Wednesday, March 3, 2027, 11:59\N{NARROW NO-BREAK SPACE}PM (Paris)"),
    ],
)
def test_times_are_said_in_the_campaigns_language(language: str, read: str) -> None:
    instant = datetime(2027, 3, 3, 22, 59, tzinfo=UTC)
    assert str(LocalizedTime.of(instant, "Europe/Paris", language)) == read


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("fr", "lundi 1er février 2027", "mardi 2 février 2027"),
        ("de", "Montag, 1. Februar 2027", "Dienstag, 2. Februar 2027"),
    ],
)
def test_dates_are_said_in_the_campaigns_language(language: str, first: str, second: str) -> None:
    days = (date(2027, 2, 1), date(2027, 2, 2))
    assert [str(LocalizedDate.of(day, language)) for day in days] == [first, second]


@pytest.mark.parametrize(
    ("price", "language", "read"),
    [
        ("59 EUR", "en", "€59.00"),
        ("59 EUR", "de", "59,00 €"),
        ("1299.5 EUR", "fr", "1 299,50 €"),
        ("1299.5 EUR", "es", "1.299,50 €"),
        ("59 EUR", "it", "59,00 €"),
        ("59 EUR", "nl", "€ 59,00"),
        ("59 EUR", "pt", "€ 59,00"),
        ("59 EUR", "pt-PT", "59,00 €"),
        ("59 USD", "en", "$59.00"),
        ("59 CHF", "de-CH", "CHF 59.00"),
        ("5900 JPY", "en", "¥5,900"),
        ("59.9950 EUR", "de", "59,995 €"),
    ],
)
def test_prices_are_said_in_the_campaigns_language(price: str, language: str, read: str) -> None:
    said = str(LocalizedMoney.of(parse_money(price), language))
    assert re.sub(r"\s", " ", said) == read
    assert " " not in said


def test_an_hour_that_comes_twice_is_said_once_right() -> None:
    for hour in (0, 1):
        instant = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
        spoken = LocalizedTime.of(instant, "Europe/Paris", "en")
        assert spoken.astimezone(UTC) == instant
        assert "02:30" in str(spoken)


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("America/New_York", "New York time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_zones_are_named_as_people_say_them(zone: str, name: str) -> None:
    assert zone_name(zone, "en") == name


def test_direction_follows_the_language() -> None:
    assert [direction_of(one) for one in ("en", "ar", "he-IL", "fa_IR")] == [
        "ltr", "rtl", "rtl", "rtl",
    ]  # fmt: skip
