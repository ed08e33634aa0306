"""Values are read as docs/reference.md writes them; any other gets a reason and an example."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.campaign.schema import scalar_parsers as scalars
from lovecampaign.campaign.schema import text_parsers as values
from lovecampaign.campaign.schema import time_parsers as times
from lovecampaign.campaign.schema.time_parsers import CampaignDates, Point
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode

Parser = Callable[[object], object]


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (times.parse_clock_time, "09:00", time(9)),
        (times.parse_clock_time, "9:05", time(9, 5)),
        (times.parse_date, "2027-02-01", date(2027, 2, 1)),
        (times.parse_date, "2028-02-29", date(2028, 2, 29)),
        (times.parse_point, "day 27 10:00", Point(day=27, at=time(10))),
        (times.parse_point, "Day 31, 23:59", Point(day=31, at=time(23, 59))),
        (times.parse_point, "10:00", Point(at=time(10))),
        (
            times.parse_point,
            "2027-02-01T10:00+01:00",
            Point(instant=datetime(2027, 2, 1, 9, tzinfo=UTC)),
        ),
        (
            times.parse_point,
            "2027-02-01T10:00Z",
            Point(instant=datetime(2027, 2, 1, 10, tzinfo=UTC)),
        ),
        (times.parse_point, "2027-02-01 10:00", Point(date=date(2027, 2, 1), at=time(10))),
        (times.parse_duration, "90s", timedelta(seconds=90)),
        (times.parse_duration, "20m", timedelta(minutes=20)),
        (times.parse_duration, "4h", timedelta(hours=4)),
        (times.parse_duration, "2d", timedelta(days=2)),
        (times.parse_quiet_hours, "21:00-07:00", QuietHours(start=time(21), end=time(7))),
        (times.parse_quiet_hours, "21:00 – 7:00", QuietHours(start=time(21), end=time(7))),
        (scalars.parse_money, "59 EUR", Money(amount=Decimal(59), currency="EUR", text="59 EUR")),
        *(
            (scalars.parse_money, text, Money(amount=Decimal(amount), currency="EUR", text=read))
            for text, amount, read in (
                ("59 €", "59", "59 EUR"),
                ("€59", "59", "59 EUR"),
                ("EUR 59", "59", "59 EUR"),
                ("59,00 EUR", "59.00", "59.00 EUR"),
                ("59,9\N{NO-BREAK SPACE}€", "59.9", "59.9 EUR"),
            )
        ),
        (
            scalars.parse_money,
            "59.90 USD",
            Money(amount=Decimal("59.90"), currency="USD", text="59.90 USD"),
        ),
        (values.parse_percentage, "0.1%", Fraction(1, 1000)),
        (values.parse_percentage, "1.5 %", Fraction(3, 200)),
        (values.parse_color, "#C2185B", "#c2185b"),
        (values.parse_color, "#fa0", "#ffaa00"),
        (values.parse_zone, "Europe/Paris", "Europe/Paris"),
        (values.parse_language, "pt-BR", "pt-BR"),
        (values.parse_line, " two \n lines ", "two lines"),
        (scalars.parse_rate, "unlimited", None),
        (scalars.parse_codes, "generate", None),
        (scalars.parse_codes, "codes/Insiders.CSV", "codes/Insiders.CSV"),
        (scalars.parse_day_number, "09", 9),
        (scalars.parse_check_code, "lc260", "LC260"),
        (values.parse_email, "ana@news.bloom.example", "ana@news.bloom.example"),
        (values.parse_link, "https://bloom.example/a?b=c#d", "https://bloom.example/a?b=c#d"),
        (
            values.parse_deal_link,
            "https://bloom.example/buy?code={code}",
            "https://bloom.example/buy?code={code}",
        ),
        (
            values.parse_deal_link,
            "https://bloom.example/{code}/@ana",
            "https://bloom.example/{code}/@ana",
        ),
    ],
)
def test_a_value_is_read_as_written(parse: Parser, text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "value", "code", "hint"),
    [
        (times.parse_clock_time, "9am", ProblemCode.TIME_OF_DAY, "write 09:00"),
        (times.parse_clock_time, "9:30 pm", ProblemCode.TIME_OF_DAY, "write 21:30"),
        (times.parse_clock_time, "18h30", ProblemCode.TIME_OF_DAY, "write 18:30"),
        (times.parse_clock_time, "24:00", ProblemCode.TIME_OF_DAY, "23:59"),
        (times.parse_clock_time, "25:00", ProblemCode.TIME_OF_DAY, "00:00 to 23:59"),
        (times.parse_clock_time, 900, ProblemCode.TIME_OF_DAY, "write 09:00"),
        (times.parse_date, "2027-02-30", ProblemCode.DATE, "2027-02-28"),
        (times.parse_date, "2027-13-01", ProblemCode.DATE, "year, month, day"),
        (times.parse_date, "31.12.2027", ProblemCode.DATE, "write 2027-12-31"),
        (times.parse_date, "9999-12-31", ProblemCode.DATE, None),
        (times.parse_point, "day 27", ProblemCode.POINT, "write day 27 10:00"),
        (times.parse_point, "day 0 10:00", ProblemCode.POINT, None),
        (times.parse_point, "2027-02-01", ProblemCode.POINT, "2027-02-01T10:00"),
        (times.parse_point, "2027-02-01T10:00 Paris", ProblemCode.POINT, "2027-02-01T10:00+01:00"),
        (
            times.parse_point,
            "2027-02-01T10:00:59+01:00",
            ProblemCode.POINT,
            "2027-02-01T10:00+01:00",
        ),
        (times.parse_point, "tomorrow", ProblemCode.POINT, "day 27 10:00"),
        (times.parse_duration, "30 min", ProblemCode.DURATION, "write 30m"),
        (times.parse_duration, "2 months", ProblemCode.DURATION, "20m"),
        (times.parse_duration, "0s", ProblemCode.DURATION, None),
        (times.parse_duration, "999999999d", ProblemCode.DURATION, None),
        (times.parse_duration, 20, ProblemCode.DURATION, "20m"),
        (times.parse_quiet_hours, "21-7", ProblemCode.QUIET_HOURS, "21:00-07:00"),
        (times.parse_quiet_hours, "21:00-21:00", ProblemCode.QUIET_HOURS, "21:00-07:00"),
        (scalars.parse_money, "€ 1.299", ProblemCode.MONEY, "write 1299 EUR"),
        (scalars.parse_money, "1,299 EUR", ProblemCode.MONEY, "write 1299 EUR"),
        (scalars.parse_money, "59,90 eur", ProblemCode.MONEY, "write 59.90 EUR"),
        (scalars.parse_money, "59 EUD", ProblemCode.MONEY, "did you mean"),
        (scalars.parse_money, 59, ProblemCode.MONEY, "59 EUR"),
        (values.parse_percentage, "0.1", ProblemCode.PERCENTAGE, "0.1%"),
        (values.parse_percentage, "0%", ProblemCode.PERCENTAGE, "0.1%"),
        (values.parse_percentage, "101%", ProblemCode.PERCENTAGE, "0.1%"),
        (values.parse_color, "red", ProblemCode.COLOR, "#c2185b"),
        (values.parse_zone, "Paris", ProblemCode.TIMEZONE, "did you mean Europe/Paris?"),
        (values.parse_zone, "Europe/Pari", ProblemCode.TIMEZONE, "did you mean Europe/Paris?"),
        (values.parse_zone, "new york", ProblemCode.TIMEZONE, "did you mean America/New_York?"),
        (values.parse_bounce_address, "b+x@bloom.example", ProblemCode.EMAIL_ADDRESS, "without +"),
        (values.parse_bounce_address, f"{'b' * 32}@b.example", ProblemCode.EMAIL_ADDRESS, "31"),
        (values.parse_email, "ana@bloom", ProblemCode.EMAIL_ADDRESS, "ana@bloom.example"),
        (values.parse_email, "Ana <ana@bloom.example>", ProblemCode.EMAIL_ADDRESS, "ana@"),
        (
            values.parse_answered_email,
            "no-reply@bloom.example",
            ProblemCode.NO_REPLY,
            "a person",
        ),
        (
            values.parse_answered_email,
            "noreply+x@bloom.example",
            ProblemCode.NO_REPLY,
            "a person",
        ),
        (
            values.parse_answered_email,
            "do-not-reply@bloom.example",
            ProblemCode.NO_REPLY,
            "person",
        ),
        (values.parse_link, "bloom.example", ProblemCode.LINK, "https://"),
        (values.parse_link, "ftp://bloom.example", ProblemCode.LINK, "https://"),
        (values.parse_link, "javascript:alert(1)", ProblemCode.LINK, "https://"),
        (values.parse_link, "https://bloom.example/a b", ProblemCode.LINK, "https://"),
        (values.parse_link, "https://[::1", ProblemCode.LINK, "https://"),
        (values.parse_link, "https://ana:word@bloom.example", ProblemCode.LINK, "the @"),
        *(
            (values.parse_deal_link, link, ProblemCode.LINK, hint)
            for link, hint in (
                ("https://bloom.example@evil.example/{code}", "the @"),
                ("https://{code}@bloom.example/buy", "the @"),
                ("https://{code}.bloom.example/buy", "buy?code={code}"),
                ("https://bloom.example:{code}/buy", "https://"),
                ("https://bloom{code}/buy", "buy?code={code}"),
                ("https://bloom.example/buy#{code}", "buy?code={code}"),
            )
        ),
        (values.parse_link, "https://bloom.example/?c={code}", ProblemCode.LINK, "take it out"),
        (
            values.parse_deal_link,
            "https://bloom.example/{email}",
            ProblemCode.LINK,
            "take it out",
        ),
        (scalars.parse_rate, "unlimted", ProblemCode.NUMBER, "did you mean unlimited?"),
        (scalars.parse_rate, 0, ProblemCode.NUMBER, "unlimited"),
        (scalars.parse_flag, "oui", ProblemCode.TRUE_OR_FALSE, "write true"),
        (scalars.parse_version, 2, ProblemCode.VERSION, "version: 1"),
        (scalars.parse_codes, "generat", ProblemCode.WORD, "did you mean generate?"),
        (scalars.parse_day_number, 61, ProblemCode.DAY_NUMBER, "launch.emails"),
        (scalars.parse_check_code, "260", ProblemCode.WORD, "LC260"),
        (values.parse_name, "My Launch", ProblemCode.NAME, "early-access"),
        (values.parse_tag, "a, b", ProblemCode.NAME, "one tag"),
        (values.parse_text, 2027, ProblemCode.TEXT, 'use quotes: "2027"'),
        (values.parse_text, True, ProblemCode.TEXT, 'use quotes: "true"'),
        (values.parse_text, "  ", ProblemCode.TEXT, "delete the line"),
        (values.parse_text, "a\x00b", ProblemCode.TEXT, None),
    ],
)
def test_a_wrong_value_says_how_it_is_written(
    parse: Parser, value: object, code: ProblemCode, hint: str | None
) -> None:
    with pytest.raises(BadValue) as caught:
        parse(value)
    assert caught.value.code is code
    assert caught.value.message
    if hint is None:
        assert caught.value.hint is None
    else:
        assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("point", "zone", "utc"),
    [
        (Point(day=1, at=time(9)), "Europe/Paris", datetime(2027, 3, 1, 8, tzinfo=UTC)),
        (Point(day=28, at=time(2, 30)), "Europe/Paris", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (Point(day=32, at=time(10)), "Europe/Paris", datetime(2027, 4, 1, 8, tzinfo=UTC)),
        (Point(at=time(10)), "UTC", datetime(2027, 3, 28, 10, tzinfo=UTC)),
        (Point(date=date(2027, 3, 3), at=time(9)), "Asia/Tokyo", datetime(2027, 3, 3, tzinfo=UTC)),
    ],
)
def test_points_count_in_the_campaigns_zone_and_past_day_28(
    point: Point, zone: str, utc: datetime
) -> None:
    """Paris skips 02:00 to 03:00 on 2027-03-28: a time in there moves forward by the gap."""
    dates = CampaignDates(
        zone=zone, start=date(2027, 3, 1), start_at=time(9), launch_day=28, launch_at=time(10)
    )
    assert dates.resolve(point) == utc
